//! JSON Web Signature, compact form (RFC 7515).
//!
//! A token is [`Unverified`] until a [`VerifyingKey`](crate::VerifyingKey) made it [`Verified`]; only then is its payload
//! readable. Claims are still unjudged then: `typ`, audience, time and the rest belong to the kind of JWT (JWT-01).

mod header;
mod sign;
mod verify;

pub use header::Header;
pub use sign::{sign, sign_with_jwk};
pub use verify::{Unverified, Verified};

use crate::{KeyError, compact::CompactError, json::JsonError};

/// Why a JWS was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not a compact token of three parts.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// A part is empty: a stripped signature, a detached payload, a missing header.
    #[error("the {part} of the token is empty (JAR-46)")]
    EmptyPart {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// A part is not canonical base64url.
    #[error("the {part} of the token is not canonical base64url (JAR-46, RFC 7515 §2)")]
    Base64 {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// The header is not strict JSON of the expected shape.
    #[error("token header: {0}")]
    Header(JsonError),
    /// The header is longer than the limit.
    #[error("token header is longer than {limit} octets (JWT-04)")]
    HeaderTooLong {
        /// Octets that would pass.
        limit: usize,
    },
    /// `alg` is absent.
    #[error("token header has no `alg` (JAR-48, RFC 7515 §4.1.1)")]
    NoAlgorithm,
    /// `alg` is not an algorithm of this crate: `none`, HMAC and everything unknown.
    #[error("`alg` is not one of ES256, ES384, PS256, PS384, PS512, EdDSA, RS256 (JAR-65, RFC 8725 §3.1)")]
    UnknownAlgorithm,
    /// `crit` is present. No extension is understood here, so no value of it could pass.
    #[error("header member `crit` names extensions and none is understood here (JAR-66, RFC 7515 §4.1.11)")]
    Critical,
    /// `b64` is present.
    #[error("header member `b64` is refused: payloads are always base64url (JAR-67, RFC 7797 §7)")]
    UnencodedPayload,
    /// The token names its own key or where to fetch it.
    #[error(
        "header member `{member}` is refused: keys come from registration, never from the token (JAR-68)"
    )]
    KeyFromToken {
        /// `jwk`, `jku`, `x5u` or `x5c`.
        member: &'static str,
    },
    /// The key in the header of a DPoP proof was refused.
    #[error("key in the token header: {0}")]
    EmbeddedKey(KeyError),
    /// The header's `alg` is not the key's.
    #[error("token is signed with another algorithm than its key is registered for (JAR-49, RFC 8725 §3.1)")]
    AlgorithmMismatch,
    /// The header's `kid` is not the key's.
    #[error("token names another key (JAR-69)")]
    KeyIdMismatch,
    /// No key of the signer fits `alg` and `kid`.
    #[error("no registered key fits the token's `alg` and `kid` (JAR-69, JAR-71)")]
    NoKey,
    /// The signature does not hold.
    #[error("signature does not hold (RFC 7515 §5.2)")]
    Signature,
}
