use countersign_jose::{Entropy, SignError, Signer, Thumbprint, base64url, jws};
use serde::{Deserialize, Serialize};

use super::{ClientConfiguration, PendingLogin, check_metadata};
use crate::client_auth::{ASSERTION_TYPE, sign_assertion};
use crate::dpop::sign_proof;
use crate::metadata::ServerMetadata;
use crate::parameter::{ClientId, Issuer, Nonce, RedirectUri, ResponseMode, Scope, State};
use crate::pkce::{CodeChallenge, CodeVerifier};
use crate::reason::Reason;
use crate::request::TYPE;
use crate::time::UnixTime;

/// A login that was begun: fresh state, nonce and code verifier (JAR-15), and nothing sent yet.
#[derive(Debug)]
pub struct Begun {
    pub(super) state: State,
    pub(super) nonce: Nonce,
    pub(super) verifier: CodeVerifier,
}

/// What to send to the pushed request endpoint.
#[derive(Clone, Debug)]
pub struct PushRequest {
    /// Where to.
    pub url: String,
    /// The form body: the request object and the client assertion, nothing else (JAR-25).
    pub form: Vec<(&'static str, String)>,
    /// The `DPoP` header: binds the code to the key (DPOP-16, DPOP-17).
    pub proof: String,
}

/// A login whose request was accepted: the browser may be sent on its way.
#[derive(Debug)]
pub struct Pushed {
    begun: Begun,
    request_uri: String,
}

/// The claims of a request object, in the order they are written (JAR-01..11).
#[derive(Serialize)]
struct RequestClaims<'a> {
    iss: &'a ClientId,
    aud: &'a Issuer,
    iat: UnixTime,
    nbf: UnixTime,
    exp: UnixTime,
    jti: String,
    response_type: &'a str,
    client_id: &'a ClientId,
    redirect_uri: &'a RedirectUri,
    scope: &'a Scope,
    state: &'a State,
    nonce: &'a Nonce,
    response_mode: ResponseMode,
    code_challenge: CodeChallenge,
    code_challenge_method: &'a str,
    dpop_jkt: Thumbprint,
}

/// The answer of the pushed request endpoint (RFC 9126 §2.2).
#[derive(Deserialize)]
struct PushedAnswer {
    request_uri: String,
    expires_in: u64,
}

impl Begun {
    /// Begins a login at a server that offers everything it needs (JARM-85).
    ///
    /// # Errors
    /// [`Reason::MetadataIssuer`] or [`Reason::MetadataLacks`].
    pub fn new(
        own: &ClientConfiguration,
        metadata: &ServerMetadata,
        entropy: &mut impl Entropy,
    ) -> Result<Self, Reason> {
        check_metadata(metadata, own)?;
        let state = random_text(entropy).parse().map_err(|_| Reason::StateTooLong)?;
        let nonce = random_text(entropy).parse().map_err(|_| Reason::NonceTooLong)?;
        Ok(Self { state, nonce, verifier: CodeVerifier::generate(entropy) })
    }

    /// Signs the request (JAR) and everything that authenticates it.
    ///
    /// # Errors
    /// When signing fails, or the server has no endpoint to push to.
    pub fn push(
        &self,
        own: &ClientConfiguration,
        metadata: &ServerMetadata,
        now: UnixTime,
        entropy: &mut impl Entropy,
    ) -> Result<PushRequest, SignError> {
        let url = metadata.pushed_authorization_request_endpoint.clone().unwrap_or_default();
        let request = self.sign_request(own, now, entropy)?;
        let assertion = sign_assertion(&own.client_id, &own.issuer, &random_text(entropy), &own.key, now)?;
        let proof = sign_proof(&own.dpop_key, "POST", &url, None, &random_text(entropy), now)?;
        let form = vec![
            ("client_id", own.client_id.to_string()),
            ("client_assertion_type", ASSERTION_TYPE.to_owned()),
            ("client_assertion", assertion),
            ("request", request),
        ];
        Ok(PushRequest { url, form, proof })
    }

    /// The request was accepted with this JSON body.
    ///
    /// # Errors
    /// [`Reason::PushedResponse`]: the `request_uri` is only ever used as an opaque value (ATK-CLI-15).
    pub fn pushed(self, body: &[u8]) -> Result<Pushed, Reason> {
        let answer: PushedAnswer = serde_json::from_slice(body).map_err(|_| Reason::PushedResponse)?;
        let good = answer.expires_in > 0 && !answer.request_uri.is_empty() && answer.request_uri.len() <= 512;
        if good {
            Ok(Pushed { begun: self, request_uri: answer.request_uri })
        } else {
            Err(Reason::PushedResponse)
        }
    }

    fn sign_request(
        &self,
        own: &ClientConfiguration,
        now: UnixTime,
        entropy: &mut impl Entropy,
    ) -> Result<String, SignError> {
        let claims = RequestClaims {
            iss: &own.client_id,
            aud: &own.issuer,
            iat: now,
            nbf: now,
            exp: now.plus(300),
            jti: random_text(entropy),
            response_type: "code",
            client_id: &own.client_id,
            redirect_uri: &own.redirect_uri,
            scope: &own.scope,
            state: &self.state,
            nonce: &self.nonce,
            response_mode: own.response_mode,
            code_challenge: self.verifier.challenge(),
            code_challenge_method: "S256",
            dpop_jkt: own.dpop_key.public_jwk().thumbprint(),
        };
        jws::sign(&own.key as &dyn Signer, Some(TYPE), &claims)
    }
}

impl Pushed {
    /// Where to send the browser: `client_id` and `request_uri`, nothing else (JAR-23); and what to remember.
    pub fn redirect(self, own: &ClientConfiguration, metadata: &ServerMetadata) -> (String, PendingLogin) {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", own.client_id.as_str())
            .append_pair("request_uri", &self.request_uri)
            .finish();
        let separator = if metadata.authorization_endpoint.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}{query}", metadata.authorization_endpoint);
        (url, PendingLogin::new(self.begun, own))
    }
}

/// 256 random bits as text.
pub(super) fn random_text(entropy: &mut impl Entropy) -> String {
    let mut random = [0; 32];
    entropy.fill(&mut random);
    base64url::encode(random)
}
