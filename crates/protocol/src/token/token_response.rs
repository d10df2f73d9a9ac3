use serde::{Deserialize, Serialize};

use crate::parameter::Scope;

/// How an access token is presented.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TokenType {
    /// With a proof of the key it is bound to (RFC 9449 §5).
    DPoP,
    /// By whoever holds it (RFC 6750).
    Bearer,
}

/// The answer of the token endpoint (RFC 6749 §5.1).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    /// The access token: opaque to the client (AT-06).
    pub access_token: String,
    /// How to present it.
    pub token_type: TokenType,
    /// Seconds it lives (TOK-05).
    pub expires_in: u64,
    /// What was granted, always said (TOK-05).
    pub scope: Scope,
    /// To get another access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Who logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// Shows no token (TOK-10).
impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token_type", &self.token_type)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
