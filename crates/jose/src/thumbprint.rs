//! RFC 7638 thumbprints.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{base64url, public_key::PublicKey, sha256};

/// SHA-256 over the canonical members of a public key (RFC 7638); written as 43 base64url characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    pub(crate) fn of(key: &PublicKey) -> Self {
        let mut canonical = String::with_capacity(1024);
        for (name, value) in key.members() {
            canonical.push_str(if canonical.is_empty() { "{\"" } else { ",\"" });
            canonical.push_str(name);
            canonical.push_str("\":\"");
            canonical.push_str(&value);
            canonical.push('"');
        }
        canonical.push('}');
        Self(sha256(canonical.as_bytes()))
    }

    /// The 32 octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Not 32 octets in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("thumbprint is not 43 base64url characters (RFC 7638)")]
pub struct InvalidThumbprint;

impl FromStr for Thumbprint {
    type Err = InvalidThumbprint;

    fn from_str(text: &str) -> Result<Self, InvalidThumbprint> {
        let octets = base64url::decode(text).map_err(|_| InvalidThumbprint)?;
        octets.try_into().map(Self).map_err(|_| InvalidThumbprint)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base64url::encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
