use std::sync::Arc;

use countersign_evidence::record::{Made, Record, RecordKind};
use countersign_jose::{Algorithm, Signer, SigningKey, SystemEntropy, Thumbprint};
use countersign_protocol::parameter::{AccessTokenId, Nonce, Scope, Subject, TransactionId};
use countersign_protocol::token::{AccessTokenClaims, Confirmation, IdTokenClaims, TokenResponse, TokenType};
use countersign_storage::Statement;

use super::Requester;
use crate::AuthorizationServer;
use crate::refusal::{Fault, Refusal};

/// What tokens are issued for.
pub(super) struct Grant {
    pub(super) transaction: TransactionId,
    pub(super) subject: Subject,
    pub(super) scope: Scope,
    pub(super) auth_time: countersign_protocol::time::UnixTime,
    /// How the person logged in, where that is known.
    pub(super) amr: Vec<String>,
    /// For the ID token; a refreshed one has none (RT-07).
    pub(super) nonce: Option<Nonce>,
    /// `grant_type`, for the record.
    pub(super) grant_type: &'static str,
}

/// Signed tokens that count once their evidence is kept.
pub(super) struct Issued {
    pub(super) response: TokenResponse,
    pub(super) evidence: Vec<Statement>,
}

/// Signs the access token, and with `openid` an ID token (IDT-12), and makes the record of it.
pub(super) fn issue(
    server: &AuthorizationServer,
    requester: &Requester,
    grant: Grant,
) -> Result<Issued, Refusal> {
    let signer = server.keys().signer(access_token_algorithm(server, requester)?)?;
    let access_token = access_token(server, requester, &grant, &signer)?;
    let identity = id_token(server, requester, &grant)?;
    let id_signer = identity.as_ref().map(|(signer, _)| signer.thumbprint());
    let token_type = if requester.key.is_some() { TokenType::DPoP } else { TokenType::Bearer };
    let evidence = evidence(server, requester, &grant, signer.thumbprint(), id_signer)?;
    let response = TokenResponse {
        access_token,
        token_type,
        expires_in: server.settings().lifetimes.access_token,
        scope: grant.scope,
        refresh_token: None,
        id_token: identity.map(|(_, token)| token),
    };
    Ok(Issued { response, evidence })
}

/// The first of the server's algorithms that the client's profile allows (JAR-65).
fn access_token_algorithm(server: &AuthorizationServer, requester: &Requester) -> Result<Algorithm, Fault> {
    let allowed = requester.client().profile().algorithms;
    let own = server.settings().signing_algorithms.iter();
    let first = own.copied().find(|algorithm| allowed.contains(algorithm));
    first.ok_or(Fault::Internal("no signing algorithm of this server is allowed by the client's profile"))
}

/// AT-01, AT-02: for the one resource there is, this server's own userinfo.
fn access_token(
    server: &AuthorizationServer,
    requester: &Requester,
    grant: &Grant,
    signer: &SigningKey,
) -> Result<String, Refusal> {
    let claims = AccessTokenClaims {
        iss: server.issuer().clone(),
        aud: server.issuer().to_string(),
        sub: grant.subject.clone(),
        client_id: requester.client().id().clone(),
        exp: requester.now.plus(server.settings().lifetimes.access_token),
        iat: requester.now,
        jti: AccessTokenId::generate(&mut SystemEntropy).expose().to_owned(),
        txn: grant.transaction.clone(),
        scope: grant.scope.clone(),
        auth_time: grant.auth_time,
        cnf: requester.key.map(Confirmation::of),
    };
    Ok(claims.sign(signer)?)
}

fn id_token(
    server: &AuthorizationServer,
    requester: &Requester,
    grant: &Grant,
) -> Result<Option<(Arc<SigningKey>, String)>, Refusal> {
    if !grant.scope.contains("openid") {
        return Ok(None);
    }
    let signer = server.keys().signer(requester.client().id_token_algorithm())?;
    let claims = IdTokenClaims {
        iss: server.issuer().clone(),
        sub: grant.subject.clone(),
        aud: requester.client().id().clone(),
        exp: requester.now.plus(server.settings().lifetimes.id_token),
        iat: requester.now,
        auth_time: Some(grant.auth_time),
        nonce: grant.nonce.clone(),
        amr: grant.amr.clone(),
    };
    let token = claims.sign(signer.as_ref() as &dyn Signer)?;
    Ok(Some((signer, token)))
}

/// Names no person and nothing that was granted to one (EVD-38). The key the tokens are bound to is a fact of theirs:
/// nothing is kept that it signed, so it is not archived.
fn evidence(
    server: &AuthorizationServer,
    requester: &Requester,
    grant: &Grant,
    access_token: Thumbprint,
    id_token: Option<Thumbprint>,
) -> Result<Vec<Statement>, Fault> {
    let mut record = Record::new(
        server.issuer().clone(),
        grant.transaction.clone(),
        RecordKind::TokensIssued,
        requester.now,
        requester.client().id().clone(),
    )
    .with_fact("grant_type", grant.grant_type)
    .with_key(Made::AccessToken, access_token);
    if let Some(key) = requester.key {
        record = record.with_fact("bound_to", &key.to_string());
    }
    if let Some(key) = id_token {
        record = record.with_key(Made::IdToken, key);
    }
    server.evidence().keep(record, &[])
}
