//! The public half of a key, as numbers that passed their checks.

use std::{fmt, str::FromStr};

use crate::{KeyError, base64url, crypto};

/// A named curve (RFC 7518 §6.2.1.1, RFC 8037 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521; key agreement only.
    P521,
    /// Edwards curve of EdDSA.
    Ed25519,
    /// Montgomery curve; key agreement only.
    X25519,
}

impl Curve {
    /// Every curve.
    pub const ALL: [Self; 5] = [Self::P256, Self::P384, Self::P521, Self::Ed25519, Self::X25519];

    /// The name as it stands in `crv`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        }
    }

    /// Octets of one coordinate, and of a private scalar.
    pub(crate) fn coordinate_len(self) -> usize {
        match self {
            Self::P256 | Self::Ed25519 | Self::X25519 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Curve {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        Self::ALL.into_iter().find(|curve| curve.as_str() == name).ok_or(KeyError::UnknownCurve)
    }
}

/// Public numbers of a key that is strong enough and, on a curve, a point of it (JAR-72, JWKS-05).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// `point` is `0x04 ‖ x ‖ y`, coordinates of full length.
    Ec { curve: Curve, point: Vec<u8> },
    /// Encoded point (RFC 8032 §5.1.2).
    Ed25519([u8; 32]),
    /// u-coordinate (RFC 7748 §5).
    X25519([u8; 32]),
    /// Big-endian, no leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

impl PublicKey {
    /// A point of a NIST curve, given by its base64url coordinates.
    pub(crate) fn ec(curve: Curve, x: &str, y: &str) -> Result<Self, KeyError> {
        if matches!(curve, Curve::Ed25519 | Curve::X25519) {
            return Err(KeyError::UnknownCurve);
        }
        let mut point = Vec::with_capacity(1 + 2 * curve.coordinate_len());
        point.push(4);
        point.extend(coordinate(curve, "x", x)?);
        point.extend(coordinate(curve, "y", y)?);
        if crypto::public_key::is_on_curve(curve, &point) {
            Ok(Self::Ec { curve, point })
        } else {
            Err(KeyError::NotOnCurve)
        }
    }

    /// An octet key pair (RFC 8037).
    pub(crate) fn okp(curve: Curve, x: &str) -> Result<Self, KeyError> {
        if !matches!(curve, Curve::Ed25519 | Curve::X25519) {
            return Err(KeyError::UnknownCurve);
        }
        let octets = coordinate(curve, "x", x)?;
        let octets = octets.try_into().map_err(|_| KeyError::Malformed { member: "x" })?;
        match curve {
            Curve::Ed25519 if crypto::public_key::is_small_order(&octets) => Err(KeyError::SmallOrder),
            Curve::Ed25519 => Ok(Self::Ed25519(octets)),
            Curve::X25519 => Ok(Self::X25519(octets)),
            Curve::P256 | Curve::P384 | Curve::P521 => Err(KeyError::UnknownCurve),
        }
    }

    /// Modulus of 2,048 to 8,192 bits, both numbers odd, exponent at least 3 (JAR-72).
    pub(crate) fn rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Self, KeyError> {
        let (Some(n_first), Some(e_first)) = (modulus.first(), exponent.first()) else {
            return Err(KeyError::Malformed { member: "n" });
        };
        if *n_first == 0 || *e_first == 0 {
            return Err(KeyError::Malformed { member: if *n_first == 0 { "n" } else { "e" } });
        }
        let bits = modulus.len() * 8 - n_first.leading_zeros() as usize;
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        if !(2048..=8192).contains(&bits) {
            return Err(KeyError::RsaModulus { bits });
        }
        if !odd(&modulus) || !odd(&exponent) || exponent == [1] || exponent.len() > 4 {
            return Err(KeyError::RsaNumbers);
        }
        Ok(Self::Rsa { modulus, exponent })
    }

    /// Value of `kty`.
    pub(crate) fn kty(&self) -> &'static str {
        match self {
            Self::Ec { .. } => "EC",
            Self::Ed25519(_) | Self::X25519(_) => "OKP",
            Self::Rsa { .. } => "RSA",
        }
    }

    /// Value of `crv`.
    pub(crate) fn curve(&self) -> Option<Curve> {
        match self {
            Self::Ec { curve, .. } => Some(*curve),
            Self::Ed25519(_) => Some(Curve::Ed25519),
            Self::X25519(_) => Some(Curve::X25519),
            Self::Rsa { .. } => None,
        }
    }

    /// The members that make this key, in the lexical order of RFC 7638 §3.2.
    pub(crate) fn members(&self) -> Vec<(&'static str, String)> {
        let kty = ("kty", self.kty().to_owned());
        match self {
            Self::Ec { curve, point } => {
                let (x, y) = coordinates(point);
                let crv = ("crv", curve.to_string());
                vec![crv, kty, ("x", base64url::encode(x)), ("y", base64url::encode(y))]
            }
            Self::Ed25519(x) => vec![("crv", Curve::Ed25519.to_string()), kty, ("x", base64url::encode(x))],
            Self::X25519(x) => vec![("crv", Curve::X25519.to_string()), kty, ("x", base64url::encode(x))],
            Self::Rsa { modulus, exponent } => {
                vec![("e", base64url::encode(exponent)), kty, ("n", base64url::encode(modulus))]
            }
        }
    }
}

/// Splits `0x04 ‖ x ‖ y`.
fn coordinates(point: &[u8]) -> (&[u8], &[u8]) {
    let both = point.get(1..).unwrap_or_default();
    both.split_at(both.len() / 2)
}

/// Decodes a coordinate, which has the full length of its field (RFC 7518 §6.2.1.2).
fn coordinate(curve: Curve, member: &'static str, text: &str) -> Result<Vec<u8>, KeyError> {
    let octets = base64url::decode(text).map_err(|_| KeyError::Malformed { member })?;
    if octets.len() == curve.coordinate_len() { Ok(octets) } else { Err(KeyError::Malformed { member }) }
}
