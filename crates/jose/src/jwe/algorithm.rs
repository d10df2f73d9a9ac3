//! Key management and content encryption algorithms.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A JWE key management algorithm (RFC 7518 §4.1). Closed: RSA1_5 and PBES2 do not exist here (JAR-96).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JweAlgorithm {
    /// RSAES-OAEP with SHA-256.
    RsaOaep256,
    /// RSAES-OAEP with SHA-1. Only where the operator opted in.
    RsaOaep,
    /// ECDH-ES; the agreed key encrypts the content.
    EcdhEs,
    /// ECDH-ES, then AES-128 key wrap.
    EcdhEsA128Kw,
    /// ECDH-ES, then AES-256 key wrap.
    EcdhEsA256Kw,
    /// A shared key encrypts the content. Only for clients with a registered secret.
    Direct,
}

impl JweAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 6] =
        [Self::EcdhEsA256Kw, Self::EcdhEs, Self::EcdhEsA128Kw, Self::RsaOaep256, Self::RsaOaep, Self::Direct];

    /// What a server offers unless it opted in to more.
    pub const DEFAULT: [Self; 4] = [Self::EcdhEsA256Kw, Self::EcdhEs, Self::EcdhEsA128Kw, Self::RsaOaep256];

    /// The name as it stands in headers and metadata.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::RsaOaep => "RSA-OAEP",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
            Self::Direct => "dir",
        }
    }

    /// Whether the sender's ephemeral key takes part.
    pub(crate) fn agrees(self) -> bool {
        matches!(self, Self::EcdhEs | Self::EcdhEsA128Kw | Self::EcdhEsA256Kw)
    }
}

/// A JWE content encryption algorithm (RFC 7518 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContentEncryption {
    /// AES-128 in GCM.
    A128Gcm,
    /// AES-256 in GCM.
    A256Gcm,
    /// AES-128 in CBC with HMAC-SHA-256, tag of 128 bits.
    A128CbcHs256,
    /// AES-256 in CBC with HMAC-SHA-512, tag of 256 bits.
    A256CbcHs512,
}

impl ContentEncryption {
    /// Every algorithm, in order of preference.
    pub const ALL: [Self; 4] = [Self::A256Gcm, Self::A128Gcm, Self::A256CbcHs512, Self::A128CbcHs256];

    /// The name as it stands in headers and metadata.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    /// Octets of the content encryption key.
    pub(crate) fn key_len(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm | Self::A128CbcHs256 => 32,
            Self::A256CbcHs512 => 64,
        }
    }
}

/// `alg` is not an allowed key management algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`alg` is not one of ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW, RSA-OAEP-256, RSA-OAEP, dir (JAR-96)")]
pub struct UnknownJweAlgorithm;

/// `enc` is not an allowed content encryption algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`enc` is not one of A128GCM, A256GCM, A128CBC-HS256, A256CBC-HS512 (JAR-96)")]
pub struct UnknownEncryption;

impl FromStr for JweAlgorithm {
    type Err = UnknownJweAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownJweAlgorithm> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == name).ok_or(UnknownJweAlgorithm)
    }
}

impl FromStr for ContentEncryption {
    type Err = UnknownEncryption;

    fn from_str(name: &str) -> Result<Self, UnknownEncryption> {
        Self::ALL.into_iter().find(|enc| enc.as_str() == name).ok_or(UnknownEncryption)
    }
}

impl fmt::Display for JweAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for ContentEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for JweAlgorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for ContentEncryption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for JweAlgorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for ContentEncryption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
