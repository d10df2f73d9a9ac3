//! The values that travel: one type for each, and the parser is the only way to get one.

mod client_id;
mod credential;
mod issuer;
mod jwt_id;
mod nonce;
mod redirect_uri;
mod response_mode;
mod response_type;
mod scope;
mod state;
mod subject;
mod transaction_id;

pub use client_id::{ClientId, InvalidClientId};
pub use credential::{
    AccessTokenId, AuthorizationCode, CredentialHash, InteractionId, InvalidCredential, RefreshToken,
};
pub use credential::{BrowserKey, CsrfToken, RequestReference, SessionId};
pub use issuer::{InvalidIssuer, Issuer};
pub use jwt_id::{InvalidJwtId, JwtId};
pub use nonce::{InvalidNonce, Nonce};
pub use redirect_uri::{InvalidRedirectUri, RedirectUri};
pub use response_mode::{Delivery, Encoding, InvalidResponseMode, ResponseMode};
pub use response_type::{InvalidResponseType, ResponseType};
pub use scope::{InvalidScope, Scope};
pub use state::{InvalidState, State};
pub use subject::{InvalidSubject, Subject};
pub use transaction_id::{InvalidTransactionId, TransactionId};

/// Gives a newtype over `String` its plain surface: `as_str`, `Display`, and serde through its parser.
///
/// Deserialising goes through `FromStr` as everything else does, so a value that exists is a value that holds.
macro_rules! text {
    ($name:ident) => {
        impl $name {
            /// The value exactly as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                raw.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text;
