//! JSON Web Encryption, compact form (RFC 7516), around a signed token and nothing else.
//!
//! Content is always a JWS (`cty: JWT`): decrypting tells who can read, never who wrote, so what comes out is a token to
//! be verified like any other (JAR-94, JAR-99). Everything that fails after the header looked right fails the same way
//! (JAR-95).

mod algorithm;
mod concat_kdf;
mod content;
mod decrypt;
mod decryption_key;
mod encrypt;
mod encryption_key;
mod header;
#[cfg(test)]
mod vectors;

pub use algorithm::{ContentEncryption, JweAlgorithm, UnknownEncryption, UnknownJweAlgorithm};
pub use decrypt::Unverified;
pub use decryption_key::DecryptionKey;
pub use encrypt::encrypt;
pub use encryption_key::{EncryptionKey, SharedKey};
pub use header::Header;

use crate::{KeyError, compact::CompactError, json::JsonError};

/// Why a JWE was refused, or could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Not a compact token of five parts.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// A part is not canonical base64url.
    #[error("the {part} of the encrypted token is not canonical base64url (JAR-46, RFC 7515 §2)")]
    Base64 {
        /// `header`, `encrypted key`, `initialization vector`, `ciphertext` or `tag`.
        part: &'static str,
    },
    /// The header is not strict JSON of the expected shape.
    #[error("header of the encrypted token: {0}")]
    Header(JsonError),
    /// The header is longer than the limit.
    #[error("header of the encrypted token is longer than {limit} octets (JWT-04)")]
    HeaderTooLong {
        /// Octets that would pass.
        limit: usize,
    },
    /// A required header member is absent.
    #[error("header of the encrypted token has no `{member}` (RFC 7516 §4.1)")]
    Missing {
        /// Name of the member.
        member: &'static str,
    },
    /// `alg` is RSA1_5, PBES2 or anything else not allowed.
    #[error("`alg` of the encrypted token is not an allowed key management algorithm (JAR-96)")]
    UnknownAlgorithm,
    /// `enc` is not allowed.
    #[error("`enc` is not one of A128GCM, A256GCM, A128CBC-HS256, A256CBC-HS512 (JAR-96)")]
    UnknownEncryption,
    /// `zip` is present.
    #[error("header member `zip` is refused: content is never compressed (JAR-97, RFC 8725 §3.6)")]
    Compressed,
    /// `crit` is present. No extension is understood here, so no value of it could pass.
    #[error("header member `crit` names extensions and none is understood here (JAR-66, RFC 7516 §4.1.13)")]
    Critical,
    /// The token names a key or where to fetch it.
    #[error(
        "header member `{member}` is refused: keys come from registration, never from the token (JAR-68)"
    )]
    KeyFromToken {
        /// `jwk`, `jku`, `x5u` or `x5c`.
        member: &'static str,
    },
    /// `cty` is not `JWT`.
    #[error(
        "`cty` of an encrypted token must be `JWT`: its content is a signed token (JAR-94, RFC 7519 §5.2)"
    )]
    ContentType,
    /// The ephemeral key was refused.
    #[error("ephemeral key `epk`: {0} (JAR-98)")]
    EphemeralKey(KeyError),
    /// `apu` or `apv` is malformed or longer than 256 octets.
    #[error("header member `{member}` is not base64url of at most 256 octets (ATK-JWE-11)")]
    PartyInfo {
        /// `apu` or `apv`.
        member: &'static str,
    },
    /// Decryption failed. Which step failed is not told (JAR-95).
    #[error("encrypted token does not decrypt to a signed token under a key of this recipient (JAR-95)")]
    Decryption,
    /// What should be encrypted is not a compact JWS.
    #[error("only a signed token of three parts is encrypted (JAR-94, JAR-99)")]
    NotSigned,
    /// Encryption failed: the shared key has not the length of `enc`, or the library refused.
    #[error("encryption failed: the key does not fit `enc`, or the library refused")]
    Encryption,
}
