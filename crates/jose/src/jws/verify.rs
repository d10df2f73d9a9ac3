//! From text to verified payload.

use serde::de::DeserializeOwned;

use crate::{
    Limits, MAX_CANDIDATES, Thumbprint, VerifyingKey, base64url, compact,
    json::{self, JsonError},
    jws::{Header, JwsError},
};

/// A well-formed JWS whose signature nobody checked yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Header,
    signing_input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
    limits: Limits,
}

/// A JWS whose signature held under a key the caller chose.
#[derive(Clone, Debug)]
pub struct Verified {
    header: Header,
    payload: Vec<u8>,
    key: Thumbprint,
    limits: Limits,
}

impl<'a> Unverified<'a> {
    /// Reads a compact JWS: size, parts, header rules, canonical base64url, in this order (JAR-46, JAR-48).
    pub fn parse(token: &'a str, limits: &Limits) -> Result<Self, JwsError> {
        let [header, payload, signature] = compact::split(token, limits.token_bytes)?;
        let signing_input = token.get(..header.len() + 1 + payload.len()).unwrap_or_default();
        let header = Header::parse(header, limits)?;
        let payload = decode(payload, "payload")?;
        let signature = decode(signature, "signature")?;
        Ok(Self { header, signing_input, payload, signature, limits: *limits })
    }

    /// The header. It is what the sender claims, to find a key by.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The signed characters: header, dot, payload.
    #[must_use]
    pub fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    /// Checks the signature. The header's `alg` must be the key's; its `kid`, if both have one, too (JAR-49, JAR-69).
    pub fn verify(self, key: &VerifyingKey) -> Result<Verified, JwsError> {
        if self.header.algorithm != key.algorithm() {
            return Err(JwsError::AlgorithmMismatch);
        }
        if !self.names(key) {
            return Err(JwsError::KeyIdMismatch);
        }
        self.check(key)?;
        Ok(self.verified_by(key))
    }

    /// Checks the signature against each key that fits `alg` and `kid`, at most [`MAX_CANDIDATES`] of them (JAR-70).
    pub fn verify_any<'k>(
        self,
        keys: impl IntoIterator<Item = &'k VerifyingKey>,
    ) -> Result<Verified, JwsError> {
        let mut refusal = JwsError::NoKey;
        let fitting =
            keys.into_iter().filter(|key| key.algorithm() == self.header.algorithm && self.names(key));
        for key in fitting.take(MAX_CANDIDATES) {
            match self.check(key) {
                Ok(()) => return Ok(self.verified_by(key)),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    /// The payload before any check: good for finding out whose key to ask, and for nothing else.
    #[must_use]
    pub fn danger_unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    fn names(&self, key: &VerifyingKey) -> bool {
        match (self.header.kid.as_deref(), key.key_id()) {
            (Some(named), Some(kid)) => named == kid,
            (None, _) | (_, None) => true,
        }
    }

    fn check(&self, key: &VerifyingKey) -> Result<(), JwsError> {
        key.verify(self.signing_input.as_bytes(), &self.signature).map_err(|_| JwsError::Signature)
    }

    fn verified_by(self, key: &VerifyingKey) -> Verified {
        Verified { header: self.header, payload: self.payload, key: key.thumbprint(), limits: self.limits }
    }
}

impl Verified {
    /// The header, signed as it stands.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload octets.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Thumbprint of the key that verified.
    #[must_use]
    pub fn key(&self) -> Thumbprint {
        self.key
    }

    /// Reads the payload as strict JSON claims.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        json::parse_object(&self.payload, &self.limits)
    }
}

fn decode(text: &str, part: &'static str) -> Result<Vec<u8>, JwsError> {
    if text.is_empty() {
        return Err(JwsError::EmptyPart { part });
    }
    base64url::decode(text).map_err(|_| JwsError::Base64 { part })
}
