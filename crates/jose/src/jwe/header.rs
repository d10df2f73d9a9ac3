//! The protected header of a JWE.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{
    Jwk, Limits, base64url,
    json::{self, JsonError},
    jwe::{ContentEncryption, JweAlgorithm, JweError},
    media_type,
    public_key::PublicKey,
};

/// Octets of `apu` and of `apv`.
const MAX_PARTY_INFO: usize = 256;

/// A JWE header that passed its rules. Members not named here are ignored (RFC 7516 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The key management algorithm. Compared with the key's, never used to choose one.
    pub algorithm: JweAlgorithm,
    /// The content encryption algorithm.
    pub encryption: ContentEncryption,
    /// `kid` of the recipient's key.
    pub kid: Option<String>,
    /// `typ`, as it stands.
    pub typ: Option<String>,
    /// The sender's ephemeral key, with ECDH-ES.
    pub(crate) ephemeral: Option<PublicKey>,
    pub(crate) party_u: Vec<u8>,
    pub(crate) party_v: Vec<u8>,
}

impl Header {
    /// Reads the first part of a token, whose `cty` must be `JWT` (JAR-94).
    pub(crate) fn parse(part: &str, limits: &Limits) -> Result<Self, JweError> {
        let (header, cty) = Self::parse_with_any_content(part, limits)?;
        if cty.is_some_and(|cty| media_type::same(&cty, "JWT")) {
            Ok(header)
        } else {
            Err(JweError::ContentType)
        }
    }

    /// The header and its `cty`.
    pub(crate) fn parse_with_any_content(
        part: &str,
        limits: &Limits,
    ) -> Result<(Self, Option<String>), JweError> {
        if part.len() > base64url::encoded_len(limits.header_bytes) {
            return Err(JweError::HeaderTooLong { limit: limits.header_bytes });
        }
        let bytes = base64url::decode(part).map_err(|_| JweError::Base64 { part: "header" })?;
        let raw: RawHeader = json::parse_object(&bytes, limits).map_err(JweError::Header)?;
        raw.refuse()?;
        raw.accept()
    }
}

#[derive(Deserialize)]
struct RawHeader {
    #[serde(default, deserialize_with = "json::present")]
    alg: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    enc: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    cty: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    epk: Option<Value>,
    #[serde(default, deserialize_with = "json::present")]
    apu: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    apv: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    zip: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    crit: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    jwk: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    jku: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    x5u: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "json::present")]
    x5c: Option<IgnoredAny>,
}

impl RawHeader {
    fn refuse(&self) -> Result<(), JweError> {
        if self.crit.is_some() {
            return Err(JweError::Critical);
        }
        if self.zip.is_some() {
            return Err(JweError::Compressed);
        }
        let from_token = [("jwk", &self.jwk), ("jku", &self.jku), ("x5u", &self.x5u), ("x5c", &self.x5c)];
        match from_token.into_iter().find(|(_, found)| found.is_some()) {
            Some((member, _)) => Err(JweError::KeyFromToken { member }),
            None => Ok(()),
        }
    }

    fn accept(self) -> Result<(Header, Option<String>), JweError> {
        let algorithm = self.alg.ok_or(JweError::Missing { member: "alg" })?;
        let algorithm: JweAlgorithm = algorithm.parse().map_err(|_| JweError::UnknownAlgorithm)?;
        let encryption = self.enc.ok_or(JweError::Missing { member: "enc" })?;
        let encryption = encryption.parse().map_err(|_| JweError::UnknownEncryption)?;
        let ephemeral = match self.epk {
            Some(value) if algorithm.agrees() => Some(ephemeral_key(&value)?),
            None if algorithm.agrees() => return Err(JweError::Missing { member: "epk" }),
            _ => None,
        };
        let header = Header {
            algorithm,
            encryption,
            kid: self.kid,
            typ: self.typ,
            ephemeral,
            party_u: party_info(self.apu, "apu")?,
            party_v: party_info(self.apv, "apv")?,
        };
        Ok((header, self.cty))
    }
}

/// On its curve, no private part (JAR-98). That the curve is the recipient's is seen at the agreement.
fn ephemeral_key(value: &Value) -> Result<PublicKey, JweError> {
    let members = value.as_object().ok_or(JweError::Header(JsonError::NotAnObject))?;
    if members.get("kty").and_then(Value::as_str) == Some("RSA") {
        return Err(JweError::EphemeralKey(crate::KeyError::UnknownCurve));
    }
    Ok(Jwk::from_value(value).map_err(JweError::EphemeralKey)?.key().clone())
}

fn party_info(text: Option<String>, member: &'static str) -> Result<Vec<u8>, JweError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    if text.len() > base64url::encoded_len(MAX_PARTY_INFO) {
        return Err(JweError::PartyInfo { member });
    }
    base64url::decode(text).map_err(|_| JweError::PartyInfo { member })
}
