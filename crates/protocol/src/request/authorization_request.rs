use countersign_jose::{Algorithm, Thumbprint};
use serde::{Deserialize, Serialize};

use crate::parameter::{ClientId, Delivery, Nonce, RedirectUri, ResponseType, Scope, State};
use crate::pkce::CodeChallenge;
use crate::policy::{Facts, Verdict};
use crate::time::UnixTime;

/// A request that passed every check that needs no person: what the pages show and the answer is made from.
///
/// Stored while the person logs in and consents; it holds nothing that was not inside the verified object, the
/// pushed form or the plain query it came from (JAR-114, PAR-12).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes: matched against the registration when the request was accepted.
    pub redirect_uri: RedirectUri,
    /// What the answer brings.
    pub response_type: ResponseType,
    /// How the answer travels.
    pub delivery: Delivery,
    /// What is asked for.
    pub scope: Scope,
    /// The client's own words, returned unchanged.
    pub state: Option<State>,
    /// Returned in the ID token unchanged.
    pub nonce: Option<Nonce>,
    /// What binds the code to the client's instance.
    pub code_challenge: CodeChallenge,
    /// What binds the code to a DPoP key, if anything does (DPOP-15).
    pub dpop_jkt: Option<Thumbprint>,
    /// What the client says about login and consent.
    pub prompt: Prompt,
    /// How old, in seconds, the person's login may be.
    pub max_age: Option<u64>,
    /// A user name to offer on the login page.
    pub login_hint: Option<String>,
    /// The message itself, for evidence.
    pub presented: Presented,
    /// When it was accepted, for evidence: its own expiry counts then, not when the person decides.
    pub received_at: UnixTime,
    /// What the flow shows.
    pub facts: Facts,
    /// How the flow was judged.
    pub verdict: Verdict,
}

/// The authorization request as it was received.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Presented {
    /// A request object that held.
    Signed {
        /// The compact JWS, byte for byte.
        object: String,
        /// The key that signed it.
        key: Thumbprint,
        /// The algorithm it is signed with.
        algorithm: Algorithm,
    },
    /// Plain parameters, form-encoded as they were understood.
    Plain {
        /// The parameters that count.
        parameters: String,
    },
}

/// The `prompt` parameter (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// The person must log in again.
    pub login: bool,
    /// The person must be asked again.
    pub consent: bool,
}
