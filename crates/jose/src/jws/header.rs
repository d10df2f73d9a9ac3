//! The protected header of a JWS.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{Algorithm, Jwk, Limits, base64url, json, jws::JwsError, media_type};

/// A JWS header that passed its rules (JAR-48, JAR-66..68). Members not named here are ignored (RFC 7515 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The signature algorithm. Compared with the key's, never used to choose one.
    pub algorithm: Algorithm,
    /// `typ`, as it stands.
    pub typ: Option<String>,
    /// `kid`, an opaque name.
    pub kid: Option<String>,
    /// `cty`, as it stands.
    pub cty: Option<String>,
    /// The key in the header: DPoP proofs only, and only where [`Limits::embedded_jwk`] is set.
    pub jwk: Option<Jwk>,
}

impl Header {
    /// Reads the first part of a token.
    pub(crate) fn parse(part: &str, limits: &Limits) -> Result<Self, JwsError> {
        if part.is_empty() {
            return Err(JwsError::EmptyPart { part: "header" });
        }
        if part.len() > base64url::encoded_len(limits.header_bytes) {
            return Err(JwsError::HeaderTooLong { limit: limits.header_bytes });
        }
        let bytes = base64url::decode(part).map_err(|_| JwsError::Base64 { part: "header" })?;
        let raw: RawHeader = json::parse_object(&bytes, limits).map_err(JwsError::Header)?;
        raw.check(limits)
    }

    /// Whether `typ` is this media type, compared as RFC 7515 §4.1.9 says: case-insensitively, with or without
    /// `application/` (ATK-JAR-26).
    #[must_use]
    pub fn is_type(&self, media_type: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| media_type::same(typ, media_type))
    }
}

#[derive(Deserialize)]
struct RawHeader {
    #[serde(default, deserialize_with = "json::present")]
    alg: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    cty: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    jwk: Option<Value>,
    #[serde(default, deserialize_with = "json::present")]
    crit: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    b64: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    jku: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    x5u: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    x5c: Option<IgnoredAny>,
}

impl RawHeader {
    fn check(self, limits: &Limits) -> Result<Header, JwsError> {
        if self.crit.is_some() {
            return Err(JwsError::Critical);
        }
        if self.b64.is_some() {
            return Err(JwsError::UnencodedPayload);
        }
        for (member, found) in [("jku", self.jku), ("x5u", self.x5u), ("x5c", self.x5c)] {
            if found.is_some() {
                return Err(JwsError::KeyFromToken { member });
            }
        }
        let jwk = match self.jwk {
            Some(_) if !limits.embedded_jwk => return Err(JwsError::KeyFromToken { member: "jwk" }),
            Some(value) => Some(Jwk::from_value(&value).map_err(JwsError::EmbeddedKey)?),
            None => None,
        };
        let algorithm = self.alg.ok_or(JwsError::NoAlgorithm)?;
        let algorithm = algorithm.parse().map_err(|_| JwsError::UnknownAlgorithm)?;
        Ok(Header { algorithm, typ: self.typ, kid: self.kid, cty: self.cty, jwk })
    }
}
