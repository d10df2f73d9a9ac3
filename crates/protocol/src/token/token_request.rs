use crate::metadata::GrantType;
use crate::parameter::{AuthorizationCode, RefreshToken};
use crate::reason::Reason;
use crate::registration::Client;
use crate::request::RawParameters;

/// A token request, after the client was authenticated (RFC 6749 §4.1.3, §6).
#[derive(Debug)]
pub enum TokenRequest {
    /// Redeem a code.
    AuthorizationCode {
        /// The code; a string that cannot be one of ours is an unknown code.
        code: AuthorizationCode,
        /// Compared with the one of the authorization request.
        redirect_uri: Option<String>,
        /// The secret behind the code challenge.
        code_verifier: Option<String>,
    },
    /// Get a new access token.
    RefreshToken {
        /// The refresh token.
        token: RefreshToken,
        /// The granted scope or less.
        scope: Option<String>,
    },
}

impl TokenRequest {
    /// Reads the request of an authenticated client (TOK-01, TOK-03, TOK-04).
    ///
    /// # Errors
    /// The reason why no grant can be looked up.
    pub fn parse(raw: &RawParameters, client: &Client) -> Result<Self, Reason> {
        let grant = match raw.get("grant_type") {
            None => return Err(Reason::GrantTypeMissing),
            Some("authorization_code") => GrantType::AuthorizationCode,
            Some("refresh_token") => GrantType::RefreshToken,
            Some(_) => return Err(Reason::GrantTypeUnsupported),
        };
        if !client.may_use(grant) {
            return Err(Reason::GrantTypeNotAllowed);
        }
        let text = |name: &str| raw.get(name).map(str::to_owned);
        match grant {
            GrantType::AuthorizationCode => Ok(Self::AuthorizationCode {
                code: raw.get("code").ok_or(Reason::CodeMissing)?.parse().map_err(|_| Reason::CodeUnknown)?,
                redirect_uri: text("redirect_uri"),
                code_verifier: text("code_verifier"),
            }),
            GrantType::RefreshToken => {
                let token = raw.get("refresh_token").ok_or(Reason::RefreshTokenMissing)?;
                let token = token.parse().map_err(|_| Reason::RefreshTokenUnknown)?;
                Ok(Self::RefreshToken { token, scope: text("scope") })
            }
        }
    }
}
