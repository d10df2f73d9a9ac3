//! Why a key was refused.

use crate::{Algorithm, json::JsonError};

/// Why a key was refused at import or for a use (JAR-71, JAR-72, JWKS-05). Holds no key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not strict JSON.
    #[error("key is not a strict JSON object: {0}")]
    Json(#[from] JsonError),
    /// A member the key type needs is absent.
    #[error("key lacks `{member}` (RFC 7518 §6)")]
    Missing {
        /// Name of the member.
        member: &'static str,
    },
    /// A member is not of its type, not canonical base64url, or not of its length.
    #[error("key member `{member}` is malformed: wrong type, length or base64url spelling (RFC 7518 §6)")]
    Malformed {
        /// Name of the member.
        member: &'static str,
    },
    /// `kty` is not one of EC, OKP, RSA.
    #[error("key type is not one of EC, OKP, RSA (RFC 7517 §4.1)")]
    UnknownType,
    /// `kty` is `oct`.
    #[error("symmetric keys are not accepted (JAR-73, JWKS-01)")]
    Symmetric,
    /// `crv` is not a curve of this crate, or not one of this `kty`.
    #[error("curve is not one of P-256, P-384, P-521, Ed25519, X25519 (JAR-72)")]
    UnknownCurve,
    /// A public key was expected and a private member is present.
    #[error("public key carries the private member `{member}`: the key is compromised, replace it (JWKS-05)")]
    PrivateMember {
        /// Name of the member.
        member: &'static str,
    },
    /// The point is not on its curve.
    #[error("point is not on its curve (JWKS-05, RFC 8725 §3.4)")]
    NotOnCurve,
    /// The point generates a tiny subgroup, so signatures under it can be made without a private key.
    #[error("Ed25519 point has small order (JWKS-05)")]
    SmallOrder,
    /// RSA modulus outside 2,048 to 8,192 bits.
    #[error("RSA modulus has {bits} bits; 2048 to 8192 pass (JAR-72)")]
    RsaModulus {
        /// Length found.
        bits: usize,
    },
    /// RSA modulus or exponent even, exponent 1 or longer than 32 bits.
    #[error("RSA modulus and exponent must be odd, the exponent 3 to 2^32 (JAR-72)")]
    RsaNumbers,
    /// The numbers of a private key contradict each other.
    #[error("private key is inconsistent with itself")]
    Inconsistent,
    /// Not a PEM or PKCS#8 document that is understood.
    #[error("{0}")]
    Encoding(&'static str),
    /// Key type or curve cannot serve this algorithm.
    #[error("a {kty} key of this curve or size cannot serve {algorithm} (JAR-71)")]
    WrongType {
        /// Key type found.
        kty: &'static str,
        /// Algorithm asked for.
        algorithm: &'static str,
    },
    /// The key's own `alg` names another algorithm.
    #[error("key declares another `alg` than {algorithm} (JAR-71)")]
    OtherAlgorithm {
        /// Algorithm asked for.
        algorithm: &'static str,
    },
    /// `use` or `key_ops` do not permit this use.
    #[error("key's `use` or `key_ops` do not permit this use (JAR-71)")]
    OtherUse,
}

impl KeyError {
    pub(crate) fn wrong_type(kty: &'static str, algorithm: Algorithm) -> Self {
        Self::WrongType { kty, algorithm: algorithm.as_str() }
    }

    /// Whether a key set skips such a key instead of failing (RFC 7517 §5, JWKS-04).
    pub(crate) fn is_ignorable(&self) -> bool {
        matches!(self, Self::UnknownType | Self::UnknownCurve | Self::Symmetric)
    }
}
