//! Hostile tokens: honest ones to begin with, then any header, any claims, any signature, any spelling.

mod honest;
mod members;
mod public_key;
pub mod spelling;

use aws_lc_rs::hmac;
use countersign_jose::{Signer, SigningKey, base64url};
use serde_json::Value;

pub use honest::{access_token, client_assertion, dpop_proof, id_token, request_object, response};
pub use members::Members;
pub use public_key::{rsa_public_der, rsa_public_pem};

/// A token whose header and claims can be bent before it is signed.
///
/// Both are kept as raw JSON text, so that a member can come twice or be spelled with escapes.
#[derive(Clone, Debug)]
pub struct Forgery {
    header: Members,
    claims: Members,
    header_bytes: Option<Vec<u8>>,
    payload_bytes: Option<Vec<u8>>,
}

impl Forgery {
    /// A token with this header and these claims.
    pub fn new(header: &Value, claims: &Value) -> Self {
        Self {
            header: Members::of(header),
            claims: Members::of(claims),
            header_bytes: None,
            payload_bytes: None,
        }
    }

    /// Sets a header member.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.set(name, &value.into());
        self
    }

    /// Sets a header member to any JSON text; the name too stands as given.
    #[must_use]
    pub fn add_header(mut self, name: &str, text: &str) -> Self {
        self.header.add(name, text);
        self
    }

    /// Leaves a header member out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.set(name, &value.into());
        self
    }

    /// Sets a claim to any JSON text.
    #[must_use]
    pub fn claim_text(mut self, name: &str, text: &str) -> Self {
        self.claims.remove(name);
        self.claims.add(name, text);
        self
    }

    /// Adds a claim of any JSON text, also if there is one of this name.
    #[must_use]
    pub fn add_claim(mut self, name: &str, text: &str) -> Self {
        self.claims.add(name, text);
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Uses these bytes as the header.
    #[must_use]
    pub fn header_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.header_bytes = Some(bytes.into());
        self
    }

    /// Uses these bytes as the payload.
    #[must_use]
    pub fn payload_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.payload_bytes = Some(bytes.into());
        self
    }

    /// The payload as JSON text.
    pub fn payload_text(&self) -> String {
        self.claims.to_text()
    }

    /// Header, dot, payload: what a signature is made over.
    pub fn signing_input(&self) -> String {
        let header = self.header_bytes.clone().unwrap_or_else(|| self.header.to_text().into_bytes());
        let payload = self.payload_bytes.clone().unwrap_or_else(|| self.claims.to_text().into_bytes());
        format!("{}.{}", base64url::encode(header), base64url::encode(payload))
    }

    /// Signed by this key, whatever the header says.
    pub fn sign(&self, key: &SigningKey) -> String {
        let signature = key.sign(self.signing_input().as_bytes()).expect("a key in memory signs");
        self.with_signature(&signature)
    }

    /// Labelled and signed as this key does: `alg` and `kid` are the key's own.
    pub fn sign_as(self, key: &SigningKey) -> String {
        let alg = key.algorithm().as_str();
        self.header("alg", alg).header("kid", key.key_id()).sign(key)
    }

    /// With these bytes as signature.
    pub fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.signing_input(), base64url::encode(signature))
    }

    /// Labelled HS256 and authenticated with these bytes as secret.
    pub fn hs256(self, secret: &[u8]) -> String {
        let forged = self.header("alg", "HS256");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), forged.signing_input().as_bytes());
        forged.with_signature(tag.as_ref())
    }

    /// Without any signature: header, dot, payload, dot.
    pub fn unsigned(&self) -> String {
        format!("{}.", self.signing_input())
    }
}
