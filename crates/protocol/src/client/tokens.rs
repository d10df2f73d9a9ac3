use countersign_jose::{JwkSet, Limits, json};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ClientConfiguration;
use crate::parameter::Nonce;
use crate::reason::Reason;
use crate::time::UnixTime;
use crate::token::{ExpectedIdToken, VerifiedIdToken, verify_id_token};

/// What to send to the token endpoint.
#[derive(Debug)]
pub struct TokenForm {
    /// Where to: the token endpoint of this login's issuer, whatever the answer said (ATK-JARM-43).
    pub url: String,
    /// The form body.
    pub form: Vec<(&'static str, String)>,
    /// The `DPoP` header.
    pub proof: String,
    pub(super) nonce: Nonce,
}

/// Tokens that are bound to the client's key, with an ID token that held.
pub struct Tokens {
    /// The access token, opaque to the client.
    pub access_token: String,
    /// To get another.
    pub refresh_token: Option<String>,
    /// Seconds the access token lives.
    pub expires_in: Option<u64>,
    /// What was granted.
    pub scope: Option<String>,
    /// The ID token as it came.
    pub id_token: Option<String>,
    /// Who logged in.
    pub identity: Option<VerifiedIdToken>,
}

/// Shows no token (TOK-10).
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("scope", &self.scope)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
    scope: Option<String>,
    refresh_token: Option<String>,
    id_token: Option<String>,
}

impl TokenForm {
    /// Verifies the answer of the token endpoint (SCT-06, IDT-05).
    ///
    /// # Errors
    /// [`Reason::TokenResponse`], [`Reason::TokenTypeUnexpected`] or [`Reason::IdTokenInvalid`].
    pub fn verify(
        self,
        body: &[u8],
        own: &ClientConfiguration,
        keys: &JwkSet,
        now: UnixTime,
    ) -> Result<Tokens, Reason> {
        let answer: Answer = json::parse_object(body, &Limits::TOKEN).map_err(|_| Reason::TokenResponse)?;
        if !answer.token_type.eq_ignore_ascii_case("DPoP") {
            return Err(Reason::TokenTypeUnexpected);
        }
        let expected = ExpectedIdToken {
            issuer: &own.issuer,
            keys,
            client_id: &own.client_id,
            algorithm: own.id_token_algorithm,
            nonce: Some(&self.nonce),
        };
        let identity = match &answer.id_token {
            Some(token) => Some(verify_id_token(token, expected, now)?),
            None if own.scope.contains("openid") => return Err(Reason::TokenResponse),
            None => None,
        };
        let Answer { access_token, expires_in, scope, refresh_token, id_token, .. } = answer;
        Ok(Tokens { access_token, refresh_token, expires_in, scope, id_token, identity })
    }
}

/// Reads a userinfo answer and checks whom it is about (UI-04).
///
/// # Errors
/// [`Reason::UserinfoSubject`]: the answer is then discarded.
pub fn check_userinfo(body: &[u8], identity: &VerifiedIdToken) -> Result<Map<String, Value>, Reason> {
    let claims: Map<String, Value> =
        json::parse_object(body, &Limits::TOKEN).map_err(|_| Reason::UserinfoSubject)?;
    let same = claims.get("sub").and_then(Value::as_str) == Some(identity.claims().sub.as_str());
    if same { Ok(claims) } else { Err(Reason::UserinfoSubject) }
}
