use std::collections::{HashMap, HashSet};

use countersign_jose::Algorithm;
use countersign_protocol::client_auth::ClientAssertion;
use countersign_protocol::dpop::{self, ProofTarget, VerifiedProof};
use countersign_protocol::parameter::{
    AuthorizationCode, ClientId, CredentialHash, Issuer, RequestReference, TransactionId,
};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::rejection::{Rejection, ReturnAddress};
use countersign_protocol::replay::{Purpose, Spends};
use countersign_protocol::request::{AuthorizationRequest, RawParameters};
use countersign_protocol::response::{Answer, AuthorizationResponse, DEFAULT_LIFETIME, Outcome};
use countersign_protocol::server::{
    self, CodeFacts, Reference, named_client, resolve, validate_plain, validate_signed, verify_by_value,
};
use countersign_protocol::time::UnixTime;
use countersign_protocol::token::{
    AccessTokenClaims, Confirmation, IdTokenClaims, TokenRequest, TokenResponse, TokenType,
};
use serde_json::Value;

use crate::entropy::Seeded;
use crate::keys::{Owner, key};
use crate::parties::{client_metadata, issuer, merge, other_client_metadata, register};

/// Seconds a pushed request lives (PAR-09).
pub const PUSHED_LIFETIME: u64 = 90;

/// The server in memory: the steps of the core, with maps where the product has a database.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer,
    clients: HashMap<ClientId, Client>,
    pushed: HashMap<CredentialHash, Pushed>,
    codes: HashMap<CredentialHash, Code>,
    spent: HashSet<(String, Purpose, [u8; 32])>,
    entropy: Seeded,
}

/// A request that a browser brought and that passed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visit {
    /// What is asked.
    pub request: AuthorizationRequest,
    reference: Option<CredentialHash>,
    spends: Spends,
}

#[derive(Debug)]
struct Pushed {
    request: AuthorizationRequest,
    expires: UnixTime,
    answered: bool,
}

#[derive(Debug)]
struct Code {
    request: AuthorizationRequest,
    expires: UnixTime,
    redeemed: bool,
}

impl Authority {
    /// A server with two clients under one profile; some members of the first registration replaced.
    pub fn new(profile: ProfileName, members: &Value) -> Self {
        let mut first = client_metadata(profile);
        merge(&mut first, members);
        let clients = [first, other_client_metadata(profile)].map(|document| {
            let client = register(&document).expect("the registration passes");
            (client.id().clone(), client)
        });
        Self {
            issuer: issuer(),
            clients: clients.into_iter().collect(),
            pushed: HashMap::new(),
            codes: HashMap::new(),
            spent: HashSet::new(),
            entropy: Seeded::new(2),
        }
    }

    /// The pushed request endpoint. Returns the `request_uri` and its lifetime in seconds.
    ///
    /// # Errors
    /// The reason of the first step that failed; nothing is stored and nothing spent then.
    pub fn push(&mut self, form: &str, proofs: &[&str], now: UnixTime) -> Result<(String, u64), Reason> {
        let raw = RawParameters::parse(form.as_bytes())?;
        let (client_id, mut spends) = self.authenticate(&raw, now)?;
        let client = self.clients.get(&client_id).ok_or(Reason::ClientUnknown)?;
        let proof = self.proof(proofs, client, "/par", now)?.map(|(proof, spent)| {
            spends = std::mem::take(&mut spends).join(spent);
            proof
        });
        let (request, spent) = server::push(&raw, client, proof, &self.issuer, now)?.into_parts();
        self.spend(spends.join(spent))?;
        let reference = RequestReference::generate(&mut self.entropy);
        let expires = now.plus(PUSHED_LIFETIME);
        self.pushed.insert(reference.hash(), Pushed { request, expires, answered: false });
        Ok((reference.to_request_uri(), PUSHED_LIFETIME))
    }

    /// The authorization endpoint, up to the first page.
    ///
    /// # Errors
    /// What is refused, and where that is said.
    pub fn authorize(&self, query: &str, now: UnixTime) -> Result<Visit, Rejection> {
        let raw = RawParameters::parse(query.as_bytes()).map_err(Rejection::Page)?;
        let named = named_client(&raw).map_err(Rejection::Page)?;
        let client = self.clients.get(&named).ok_or(Rejection::Page(Reason::ClientUnknown))?;
        match resolve(&raw, client).map_err(Rejection::Page)? {
            Reference::Pushed(reference) => {
                let live = |pushed: &&Pushed| {
                    !pushed.answered && now < pushed.expires && pushed.request.client_id == named
                };
                let found = self.pushed.get(&reference.hash()).filter(live);
                let found = found.ok_or(Rejection::Page(Reason::RequestUriUnknown))?;
                let reference = Some(reference.hash());
                Ok(Visit { request: found.request.clone(), reference, spends: Spends::default() })
            }
            Reference::ByValue(object) => {
                let verified = verify_by_value(object, client, &self.issuer, now).map_err(Rejection::Page)?;
                let (verified, spends) = verified.into_parts();
                let request = validate_signed(verified, client, now)?;
                Ok(Visit { request, reference: None, spends })
            }
            Reference::Plain => {
                let request = validate_plain(&raw, client, now)?;
                Ok(Visit { request, reference: None, spends: Spends::default() })
            }
        }
    }

    /// Answers with a code.
    ///
    /// # Errors
    /// As [`Authority::answer`].
    pub fn grant(&mut self, visit: &Visit, now: UnixTime) -> Result<Answer, Reason> {
        let code = AuthorizationCode::generate(&mut self.entropy);
        let lifetime = self.client_of(visit).profile().code_lifetime;
        let entry = Code { request: visit.request.clone(), expires: now.plus(lifetime), redeemed: false };
        let hash = code.hash();
        let answer = self.answer(visit, Outcome::Code(code), now)?;
        self.codes.insert(hash, entry);
        Ok(answer)
    }

    /// Answers a request, once.
    ///
    /// # Errors
    /// [`Reason::RequestUriUnknown`] or [`Reason::RequestObjectReplayed`] when it was answered before.
    pub fn answer(&mut self, visit: &Visit, outcome: Outcome, now: UnixTime) -> Result<Answer, Reason> {
        let address = ReturnAddress::of(&visit.request, self.client_of(visit))?;
        let pushed = visit.reference.and_then(|reference| self.pushed.get_mut(&reference));
        if pushed.is_some_and(|pushed| std::mem::replace(&mut pushed.answered, true)) {
            return Err(Reason::RequestUriUnknown);
        }
        self.spend(visit.spends.clone())?;
        let signer = key(Owner::Server, self.client_of(visit).response_algorithm());
        let response = AuthorizationResponse::new(address, outcome);
        let client = &visit.request.client_id;
        Ok(response.encode(&self.issuer, client, signer, now, DEFAULT_LIFETIME).expect("the server signs"))
    }

    /// The token endpoint, for codes. Returns the JSON body.
    ///
    /// # Errors
    /// The reason of the first step that failed; a code that its own client presents wrongly is void (CODE-06).
    pub fn redeem(&mut self, form: &str, proof: Option<&str>, now: UnixTime) -> Result<String, Reason> {
        let raw = RawParameters::parse(form.as_bytes())?;
        let (client_id, mut spends) = self.authenticate(&raw, now)?;
        let client = self.clients.get(&client_id).ok_or(Reason::ClientUnknown)?;
        let proofs: Vec<&str> = proof.into_iter().collect();
        let proven = self.proof(&proofs, client, "/token", now)?.map(|(proof, spent)| {
            spends = std::mem::take(&mut spends).join(spent);
            proof.key()
        });
        let bound = proven.ok_or(Reason::SenderConstraintRequired)?;
        let grant = TokenRequest::parse(&raw, client)?;
        self.spend(spends)?;
        let TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } = grant else {
            return Err(Reason::GrantTypeUnsupported);
        };
        let entry = self.codes.get_mut(&code.hash()).ok_or(Reason::CodeUnknown)?;
        let facts = CodeFacts {
            client_id: &entry.request.client_id,
            redirect_uri: entry.request.redirect_uri.as_str(),
            code_challenge: &entry.request.code_challenge,
            dpop_jkt: entry.request.dpop_jkt,
            expires: entry.expires,
            redeemed: entry.redeemed,
        };
        let (redirect_uri, verifier) = (redirect_uri.as_deref(), code_verifier.as_deref());
        let verdict = server::verify_redemption(facts, &client_id, redirect_uri, verifier, Some(bound), now);
        entry.redeemed |= verdict != Err(Reason::CodeForeign);
        verdict?;
        let request = entry.request.clone();
        Ok(self.tokens(&request, Confirmation::of(bound), now))
    }

    fn tokens(&mut self, request: &AuthorizationRequest, bound: Confirmation, now: UnixTime) -> String {
        let signer = key(Owner::Server, Algorithm::ES256);
        let subject: countersign_protocol::parameter::Subject = "person".parse().expect("a subject");
        let access_token = AccessTokenClaims {
            iss: self.issuer.clone(),
            aud: self.issuer.endpoint("/userinfo"),
            sub: subject.clone(),
            client_id: request.client_id.clone(),
            exp: now.plus(300),
            iat: now,
            jti: "token".to_owned(),
            txn: TransactionId::generate(now, &mut self.entropy),
            scope: request.scope.clone(),
            auth_time: now,
            cnf: Some(bound),
        };
        let id_token = IdTokenClaims {
            iss: self.issuer.clone(),
            sub: subject,
            aud: request.client_id.clone(),
            exp: now.plus(300),
            iat: now,
            auth_time: Some(now),
            nonce: request.nonce.clone(),
            amr: Vec::new(),
        };
        let response = TokenResponse {
            access_token: access_token.sign(signer).expect("the server signs"),
            token_type: TokenType::DPoP,
            expires_in: 300,
            scope: request.scope.clone(),
            refresh_token: None,
            id_token: Some(id_token.sign(signer).expect("the server signs")),
        };
        serde_json::to_string(&response).expect("tokens are text")
    }

    fn client_of(&self, visit: &Visit) -> &Client {
        self.clients.get(&visit.request.client_id).expect("clients of the tests stay registered")
    }

    fn authenticate(&self, raw: &RawParameters, now: UnixTime) -> Result<(ClientId, Spends), Reason> {
        let assertion = ClientAssertion::from_parameters(raw)?;
        let client = self.clients.get(assertion.claimed_client()).ok_or(Reason::AuthenticationFailed)?;
        let (authenticated, spends) = assertion.verify(client, &self.issuer, now)?.into_parts();
        Ok((authenticated.id().clone(), spends))
    }

    fn proof(
        &self,
        proofs: &[&str],
        client: &Client,
        path: &str,
        now: UnixTime,
    ) -> Result<Option<(VerifiedProof, Spends)>, Reason> {
        let url = self.issuer.endpoint(path);
        let algorithms = client.profile().algorithms;
        let target = ProofTarget { method: "POST", url: &url, access_token: None, algorithms };
        match proofs {
            [] => Ok(None),
            [proof] => Ok(Some(dpop::verify(proof, target, now)?.into_parts())),
            _ => Err(Reason::ProofRepeated),
        }
    }

    /// All or nothing, as the database does it.
    fn spend(&mut self, spends: Spends) -> Result<(), Reason> {
        let name =
            |key: &countersign_protocol::replay::ReplayKey| (key.owner.clone(), key.purpose, key.digest);
        if let Some(seen) = spends.keys().iter().find(|key| self.spent.contains(&name(key))) {
            return Err(seen.purpose.replayed());
        }
        self.spent.extend(spends.keys().iter().map(name));
        Ok(())
    }
}
