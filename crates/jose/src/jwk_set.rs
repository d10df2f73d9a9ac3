//! A set of public keys, every signature key parsed once (RFC 7517 §5).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};
use serde_json::Value;

use crate::{
    Algorithm, Jwk, KeyError, Limits, VerifyingKey,
    json::{self, JsonError},
};

/// At most so many keys are tried for one token (JAR-70).
pub const MAX_CANDIDATES: usize = 8;

/// Keys in one set (JWKS-04).
const MAX_KEYS: usize = 100;

/// Public keys of one party.
///
/// Keys of unknown type or curve and symmetric keys are left out; a weak or malformed key, or one with a private member,
/// fails the whole set, because it says something is wrong with whoever published it (JWKS-04, JWKS-05).
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    verifying: Vec<VerifyingKey>,
}

/// Why a key set was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// Not strict JSON within the limits.
    #[error("key set: {0}")]
    Json(#[from] JsonError),
    /// `keys` is absent or not an array of objects.
    #[error("key set has no `keys` array of objects (RFC 7517 §5)")]
    NoKeys,
    /// More than 100 keys.
    #[error("key set has more than 100 keys (JWKS-04)")]
    TooMany,
    /// A key was refused.
    #[error("key {index} of the set: {error}")]
    Key {
        /// Position in `keys`, from 0.
        index: usize,
        /// Why.
        error: KeyError,
    },
}

impl JwkSet {
    /// Reads a set from strict JSON of at most 512 KiB with at most 100 keys.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, JwkSetError> {
        Self::from_value(&json::parse_object(text.as_ref(), &Limits::DOCUMENT)?)
    }

    /// Reads a set from a JSON value, which came out of a strict scan already.
    pub fn from_value(value: &Value) -> Result<Self, JwkSetError> {
        let values = value.get("keys").and_then(Value::as_array).ok_or(JwkSetError::NoKeys)?;
        if values.len() > MAX_KEYS {
            return Err(JwkSetError::TooMany);
        }
        let mut keys = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            match Jwk::from_value(value) {
                Ok(key) => keys.push(key),
                Err(error) if error.is_ignorable() => {}
                Err(error) => return Err(JwkSetError::Key { index, error }),
            }
        }
        Ok(Self::from_iter(keys))
    }

    /// The keys, as published.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The keys that may have signed with `algorithm` under `kid`: fitting type, curve, `alg`, `use`, `key_ops`, and the
    /// same `kid` if the token names one; at most [`MAX_CANDIDATES`] (JAR-69, JAR-70, JAR-71).
    pub fn select<'a>(
        &'a self,
        algorithm: Algorithm,
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a VerifyingKey> + 'a {
        let fits =
            move |key: &&VerifyingKey| key.algorithm() == algorithm && (kid.is_none() || key.key_id() == kid);
        self.verifying.iter().filter(fits).take(MAX_CANDIDATES)
    }

    /// Whether any key has this `kid`. If not, one refetch of the set may be worth it (JAR-75).
    #[must_use]
    pub fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid() == Some(kid))
    }
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        let keys: Vec<Jwk> = keys.into_iter().collect();
        let verifying = keys.iter().flat_map(verifying_keys).collect();
        Self { keys, verifying }
    }
}

/// One for each algorithm the key can and may serve: an RSA key without `alg` serves four.
fn verifying_keys(key: &Jwk) -> impl Iterator<Item = VerifyingKey> + '_ {
    Algorithm::ALL.into_iter().filter_map(|algorithm| VerifyingKey::new(key, algorithm).ok())
}

impl PartialEq for JwkSet {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut set = serializer.serialize_struct("JwkSet", 1)?;
        set.serialize_field("keys", &self.keys)?;
        set.end()
    }
}

/// For documents that were scanned strictly as a whole; a set on its own goes through [`JwkSet::parse`].
impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
