//! Salted digests: what the log keeps of bytes that may have to be erased.
//!
//! The digest is `SHA-256(salt || bytes)` with 32 random bytes of salt. The salt lives beside the bytes and is
//! erased with them; without it the digest of something guessable (a yes, a name) proves nothing and finds nobody.

use std::fmt;

use countersign_jose::{Entropy, base64url, sha256};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 32 random bytes that make a digest unguessable. As personal as the bytes they belong to: erase both together.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

/// `SHA-256(salt || bytes)` (EVD-10).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SaltedDigest([u8; 32]);

impl Salt {
    /// A new salt. Never use one for two sets of bytes.
    #[must_use]
    pub fn generate(entropy: &mut impl Entropy) -> Self {
        let mut salt = [0; 32];
        entropy.fill(&mut salt);
        Self(salt)
    }

    /// A salt that was kept.
    #[must_use]
    pub const fn from_bytes(salt: [u8; 32]) -> Self {
        Self(salt)
    }

    /// The 32 bytes, to be kept beside the bytes they salt.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Digest of `bytes` under this salt.
    #[must_use]
    pub fn digest(&self, bytes: &[u8]) -> SaltedDigest {
        SaltedDigest(sha256(&[&self.0, bytes].concat()))
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl SaltedDigest {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SaltedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaltedDigest({})", base64url::encode(self.0))
    }
}

/// Writes and reads 32 bytes as 43 characters of strict base64url.
macro_rules! serde_as_base64url {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&base64url::encode(self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let bytes = base64url::decode(&text).ok().and_then(|bytes| bytes.try_into().ok());
                bytes.map(Self).ok_or_else(|| serde::de::Error::custom("expected 32 bytes as base64url"))
            }
        }
    };
}

serde_as_base64url!(Salt);
serde_as_base64url!(SaltedDigest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evd_10_digest_is_sha256_of_salt_and_bytes() {
        let salt = Salt::from_bytes([7; 32]);
        let mut input = vec![7; 32];
        input.extend_from_slice(b"yes");
        assert_eq!(salt.digest(b"yes").as_bytes(), &sha256(&input));
        assert_ne!(salt.digest(b"yes"), Salt::from_bytes([8; 32]).digest(b"yes"), "the salt counts");
        assert_eq!(format!("{salt:?}"), "Salt(…)");
    }
}
