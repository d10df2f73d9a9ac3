//! The signature algorithms this crate knows.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A JWS signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
///
/// Closed on purpose: `none` and the HMAC family have no value here, so no key can ever be used with them
/// (JAR-65, JAR-73). Which of these a peer may use is the caller's allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// RSASSA-PSS with SHA-256, salt as long as the hash.
    PS256,
    /// RSASSA-PSS with SHA-384, salt as long as the hash.
    PS384,
    /// RSASSA-PSS with SHA-512, salt as long as the hash.
    PS512,
    /// Ed25519. Written `EdDSA`; the fully specified name `Ed25519` (RFC 9864) reads as the same.
    EdDSA,
    /// RSASSA-PKCS1-v1_5 with SHA-256. Never under FAPI; usable only where the caller lists it.
    RS256,
}

impl Algorithm {
    /// Every algorithm, in order of preference.
    pub const ALL: [Self; 7] =
        [Self::ES256, Self::EdDSA, Self::PS256, Self::ES384, Self::PS384, Self::PS512, Self::RS256];

    /// The name as it stands in headers and metadata.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::EdDSA => "EdDSA",
            Self::RS256 => "RS256",
        }
    }
}

/// The name is not one of the algorithms of this crate. Names are compared exactly (JAR-49).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "signature algorithm is not one of ES256, ES384, PS256, PS384, PS512, EdDSA, RS256 (JAR-65, RFC 8725 §3.1)"
)]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        match name {
            "Ed25519" => Ok(Self::EdDSA),
            _ => Self::ALL.into_iter().find(|alg| alg.as_str() == name).ok_or(UnknownAlgorithm),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        name.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;

    #[test]
    fn jar_65_names_are_exact_and_the_list_is_closed() {
        for alg in Algorithm::ALL {
            assert_eq!(alg.as_str().parse(), Ok(alg));
        }
        assert_eq!("Ed25519".parse(), Ok(Algorithm::EdDSA));
        for refused in
            ["none", "None", "", "es256", "ES256 ", "HS256", "ES512", "ES256K", "Ed448", "RS1", "ed25519"]
        {
            assert!(refused.parse::<Algorithm>().is_err(), "{refused}");
        }
    }
}
