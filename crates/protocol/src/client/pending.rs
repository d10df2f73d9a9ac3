use countersign_jose::{Entropy, JwkSet, SignError};

use super::begin::random_text;
use super::{Begun, ClientConfiguration, TokenForm};
use crate::client_auth::{ASSERTION_TYPE, sign_assertion};
use crate::dpop::sign_proof;
use crate::metadata::ServerMetadata;
use crate::parameter::{Delivery, Issuer, Nonce, ResponseType, State};
use crate::pkce::CodeVerifier;
use crate::reason::Reason;
use crate::response::{ExpectedResponse, ReceivedResponse, VerifiedOutcome};
use crate::time::UnixTime;

/// A login that waits for its answer: bound to one issuer and, by whoever keeps it, to one browser (JARM-61).
#[derive(Debug)]
pub struct PendingLogin {
    issuer: Issuer,
    delivery: Delivery,
    state: State,
    nonce: Nonce,
    verifier: CodeVerifier,
    answered: bool,
}

/// A verified answer.
#[derive(Debug)]
pub enum Received {
    /// The person agreed.
    Granted(Granted),
    /// The server refused, and signed that it did.
    Refused {
        /// The OAuth code.
        error: String,
        /// What the server says about it; escape before showing.
        description: Option<String>,
    },
}

/// A code, to be redeemed once, at the issuer of this login (JARM-68, CODE-10).
#[derive(Debug)]
pub struct Granted {
    code: String,
    nonce: Nonce,
    verifier: CodeVerifier,
}

impl PendingLogin {
    pub(super) fn new(begun: Begun, own: &ClientConfiguration) -> Self {
        let Begun { state, nonce, verifier } = begun;
        let delivery = own.response_mode.deliver(ResponseType::CODE);
        Self { issuer: own.issuer.clone(), delivery, state, nonce, verifier, answered: false }
    }

    /// The state that names this login among others of the same browser (JARM-60).
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Verifies an answer and marks this login as answered (JARM-42..55).
    ///
    /// A refused answer changes nothing: the login still waits, so that a forged answer cannot end a real one.
    ///
    /// # Errors
    /// The reason of the first step that failed; [`Reason::ResponseReplayed`] once it was answered.
    pub fn receive(
        &mut self,
        response: &ReceivedResponse,
        own: &ClientConfiguration,
        keys: &JwkSet,
        now: UnixTime,
    ) -> Result<Received, Reason> {
        let expected = ExpectedResponse {
            issuer: &self.issuer,
            keys,
            client_id: &own.client_id,
            algorithm: own.response_algorithm,
            delivery: self.delivery,
            state: Some(&self.state),
        };
        let verified = response.verify(&expected, now)?;
        if std::mem::replace(&mut self.answered, true) {
            return Err(Reason::ResponseReplayed);
        }
        Ok(match verified.into_outcome() {
            VerifiedOutcome::Code(code) => Received::Granted(Granted {
                code,
                nonce: self.nonce.clone(),
                verifier: self.verifier.clone(),
            }),
            VerifiedOutcome::Error { error, description } => Received::Refused { error, description },
        })
    }
}

impl Granted {
    /// The token request (RFC 6749 §4.1.3), authenticated and bound to the DPoP key.
    ///
    /// # Errors
    /// When signing fails.
    pub fn exchange(
        self,
        own: &ClientConfiguration,
        metadata: &ServerMetadata,
        now: UnixTime,
        entropy: &mut impl Entropy,
    ) -> Result<TokenForm, SignError> {
        let url = metadata.token_endpoint.clone();
        let assertion = sign_assertion(&own.client_id, &own.issuer, &random_text(entropy), &own.key, now)?;
        let proof = sign_proof(&own.dpop_key, "POST", &url, None, &random_text(entropy), now)?;
        let form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", self.code),
            ("redirect_uri", own.redirect_uri.to_string()),
            ("code_verifier", self.verifier.expose().to_owned()),
            ("client_id", own.client_id.to_string()),
            ("client_assertion_type", ASSERTION_TYPE.to_owned()),
            ("client_assertion", assertion),
        ];
        Ok(TokenForm { url, form, proof, nonce: self.nonce })
    }
}
