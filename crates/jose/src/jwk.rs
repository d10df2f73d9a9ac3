//! A public JSON Web Key (RFC 7517).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use serde_json::{Map, Value};

use crate::{Algorithm, Curve, KeyError, Limits, Thumbprint, json, public_key::PublicKey};

/// What a key is published for (`use`, RFC 7517 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// `sig`.
    Signature,
    /// `enc`.
    Encryption,
}

/// A public key that passed its checks: known type, on its curve, strong enough, no private member (JAR-72, JWKS-05).
///
/// Members this crate does not use (`x5c` and the like) are dropped when it is written again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    key: PublicKey,
    kid: Option<String>,
    alg: Option<String>,
    key_use: Option<String>,
    key_ops: Option<Vec<String>>,
}

/// Members that only private or symmetric keys have.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Jwk {
    /// Reads a public key from strict JSON.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let members: Map<String, Value> = json::parse_object(text.as_bytes(), &Limits::TOKEN)?;
        Self::from_members(&members)
    }

    /// Reads a public key from a JSON value, which came out of a strict scan already.
    pub fn from_value(value: &Value) -> Result<Self, KeyError> {
        Self::from_members(value.as_object().ok_or(json::JsonError::NotAnObject)?)
    }

    /// `kid`: an opaque name, compared exactly (JAR-69).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `alg`, whatever it names.
    #[must_use]
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// `use`, whatever it says.
    #[must_use]
    pub fn key_use(&self) -> Option<&str> {
        self.key_use.as_deref()
    }

    /// `key_ops`.
    #[must_use]
    pub fn key_ops(&self) -> Option<&[String]> {
        self.key_ops.as_deref()
    }

    /// `kty`: `EC`, `OKP` or `RSA`.
    #[must_use]
    pub fn kty(&self) -> &'static str {
        self.key.kty()
    }

    /// `crv`, for keys on a curve.
    #[must_use]
    pub fn curve(&self) -> Option<Curve> {
        self.key.curve()
    }

    /// RFC 7638 thumbprint with SHA-256.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&self.key)
    }

    /// The same key under another `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// The same key, published for `algorithm` (a JWS or JWE name) and `key_use` only (JWKS-01).
    #[must_use]
    pub fn published_for(mut self, algorithm: &str, key_use: KeyUse) -> Self {
        self.alg = Some(algorithm.to_owned());
        self.key_use = Some(key_use.as_str().to_owned());
        self
    }

    /// The bare key: no `kid`, `alg`, `use` or `key_ops`.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self::of(self.key.clone())
    }

    pub(crate) fn of(key: PublicKey) -> Self {
        Self { key, kid: None, alg: None, key_use: None, key_ops: None }
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.key
    }

    /// JAR-71: `alg`, `use` and `key_ops`, where present, permit verifying with `algorithm`.
    pub(crate) fn permits_verifying(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        if self.alg.as_ref().is_some_and(|alg| alg.parse() != Ok(algorithm)) {
            return Err(KeyError::OtherAlgorithm { algorithm: algorithm.as_str() });
        }
        self.permits(KeyUse::Signature, &["verify"])
    }

    /// `alg`, `use` and `key_ops`, where present, permit encrypting to this key with `algorithm`.
    pub(crate) fn permits_encrypting(&self, algorithm: &'static str) -> Result<(), KeyError> {
        if self.alg.as_ref().is_some_and(|alg| alg != algorithm) {
            return Err(KeyError::OtherAlgorithm { algorithm });
        }
        self.permits(KeyUse::Encryption, &["encrypt", "wrapKey", "deriveKey", "deriveBits"])
    }

    fn permits(&self, key_use: KeyUse, operations: &[&str]) -> Result<(), KeyError> {
        let use_fits = self.key_use.as_ref().is_none_or(|found| found == key_use.as_str());
        let ops_fit =
            self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| operations.contains(&op.as_str())));
        if use_fits && ops_fit { Ok(()) } else { Err(KeyError::OtherUse) }
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        let kty = required(members, "kty")?;
        if kty == "oct" {
            return Err(KeyError::Symmetric);
        }
        if let Some(member) = PRIVATE_MEMBERS.into_iter().find(|name| members.contains_key(*name)) {
            return Err(KeyError::PrivateMember { member });
        }
        let key = match kty {
            "EC" => {
                let curve: Curve = required(members, "crv")?.parse()?;
                PublicKey::ec(curve, required(members, "x")?, required(members, "y")?)?
            }
            "OKP" => PublicKey::okp(required(members, "crv")?.parse()?, required(members, "x")?)?,
            "RSA" => PublicKey::rsa(octets(members, "n")?, octets(members, "e")?)?,
            _ => return Err(KeyError::UnknownType),
        };
        Ok(Self {
            key,
            kid: optional(members, "kid")?,
            alg: optional(members, "alg")?,
            key_use: optional(members, "use")?,
            key_ops: operations(members)?,
        })
    }
}

impl KeyUse {
    /// The value of `use`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "sig",
            Self::Encryption => "enc",
        }
    }
}

fn required<'a>(members: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, KeyError> {
    let value = members.get(member).ok_or(KeyError::Missing { member })?;
    value.as_str().ok_or(KeyError::Malformed { member })
}

fn optional(members: &Map<String, Value>, member: &'static str) -> Result<Option<String>, KeyError> {
    match members.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(KeyError::Malformed { member }),
    }
}

fn octets(members: &Map<String, Value>, member: &'static str) -> Result<Vec<u8>, KeyError> {
    crate::base64url::decode(required(members, member)?).map_err(|_| KeyError::Malformed { member })
}

/// `key_ops`: an array of strings without duplicates (RFC 7517 §4.3).
fn operations(members: &Map<String, Value>) -> Result<Option<Vec<String>>, KeyError> {
    let Some(value) = members.get("key_ops") else { return Ok(None) };
    let malformed = KeyError::Malformed { member: "key_ops" };
    let mut operations: Vec<String> = Vec::new();
    for operation in value.as_array().ok_or(malformed.clone())? {
        let operation = operation.as_str().ok_or(malformed.clone())?;
        if operations.iter().any(|seen| seen == operation) || operations.len() == 16 {
            return Err(malformed);
        }
        operations.push(operation.to_owned());
    }
    Ok(Some(operations))
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.key.members() {
            map.serialize_entry(name, &value)?;
        }
        for (name, value) in [("kid", &self.kid), ("alg", &self.alg), ("use", &self.key_use)] {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(operations) = &self.key_ops {
            map.serialize_entry("key_ops", operations)?;
        }
        map.end()
    }
}

/// For documents that were scanned strictly as a whole; a lone key text goes through [`Jwk::parse`].
impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_members(&Map::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
