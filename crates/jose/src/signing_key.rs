//! A private key bound to one signature algorithm, and the trait that leaves room for keys held elsewhere.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{
    Algorithm, Curve, Jwk, KeyError, KeyUse, Limits, PrivateKey, Thumbprint, VerifyingKey,
    crypto::signature::SigningPrimitive, json,
};

/// Signs. [`SigningKey`] does so in memory; a hardware or cloud key can take its place.
pub trait Signer: Send + Sync {
    /// The one algorithm.
    fn algorithm(&self) -> Algorithm;

    /// `kid` that goes into headers.
    fn key_id(&self) -> &str;

    /// Signs `input`; ECDSA signatures are R ‖ S (RFC 7518 §3.4).
    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Signing failed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims cannot be written as JSON.
    #[error("claims cannot be written as JSON: {0}")]
    Claims(#[from] serde_json::Error),
    /// The key refused, or cannot be reached.
    #[error("signing failed: {0}")]
    Signer(String),
}

/// A private key in memory, parsed once, that signs with one algorithm only (JAR-77).
pub struct SigningKey {
    primitive: SigningPrimitive,
    private: PrivateKey,
    verifying: VerifyingKey,
    kid: String,
}

impl SigningKey {
    /// Makes a key; RSA keys have 2,048 bits.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let private = match algorithm {
            Algorithm::ES256 => PrivateKey::generate_on(Curve::P256),
            Algorithm::ES384 => PrivateKey::generate_on(Curve::P384),
            Algorithm::EdDSA => PrivateKey::generate_on(Curve::Ed25519),
            Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 | Algorithm::RS256 => {
                PrivateKey::generate_rsa()
            }
        };
        Self::new(private?, algorithm)
    }

    /// Binds a private key to `algorithm`. Its `kid` is its thumbprint until [`with_key_id`](Self::with_key_id).
    pub fn new(private: PrivateKey, algorithm: Algorithm) -> Result<Self, KeyError> {
        let wrong_type = || KeyError::wrong_type(private.public().kty(), algorithm);
        let primitive = SigningPrimitive::new(private.material(), algorithm)
            .ok_or_else(wrong_type)?
            .map_err(|_| KeyError::Inconsistent)?;
        let kid = Thumbprint::of(private.public()).to_string();
        let verifying = VerifyingKey::new(&Jwk::of(private.public().clone()).with_kid(&kid), algorithm)?;
        Ok(Self { primitive, private, verifying, kid })
    }

    /// Reads PKCS#8, SEC 1 or PKCS#1 in PEM.
    pub fn from_pem(text: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::new(PrivateKey::from_pem(text)?, algorithm)
    }

    /// Reads an unencrypted PKCS#8 document.
    pub fn from_pkcs8(document: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::new(PrivateKey::from_pkcs8(document)?, algorithm)
    }

    /// Reads a private JWK. Its `alg`, if present, must be `algorithm`; its `kid`, if present, is kept.
    pub fn from_private_jwk(text: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        #[derive(Deserialize)]
        struct Names {
            kid: Option<String>,
            alg: Option<String>,
        }
        let names: Names = json::parse_object(text.as_bytes(), &Limits::TOKEN)?;
        if names.alg.is_some_and(|alg| alg.parse() != Ok(algorithm)) {
            return Err(KeyError::OtherAlgorithm { algorithm: algorithm.as_str() });
        }
        let key = Self::new(PrivateKey::from_jwk(text)?, algorithm)?;
        Ok(match names.kid {
            Some(kid) => key.with_key_id(kid),
            None => key,
        })
    }

    /// The same key under another `kid`.
    #[must_use]
    pub fn with_key_id(mut self, kid: impl Into<String>) -> Self {
        self.kid = kid.into();
        self.verifying = self.verifying.with_key_id(&self.kid);
        self
    }

    /// Writes the private JWK with `kid`, `alg` and `use`.
    #[must_use]
    pub fn to_private_jwk(&self) -> Zeroizing<String> {
        self.private.to_jwk(&[("kid", &self.kid), ("alg", self.algorithm().as_str()), ("use", "sig")])
    }

    /// Writes an unencrypted PKCS#8 document.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.private.to_pkcs8()
    }

    /// Writes an unencrypted PKCS#8 PEM text.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        self.private.to_pem()
    }

    /// The public half as it is published: `kid`, `alg` and `use` set (JWKS-01).
    #[must_use]
    pub fn public_jwk(&self) -> Jwk {
        Jwk::of(self.private.public().clone())
            .with_kid(self.kid.clone())
            .published_for(self.algorithm().as_str(), KeyUse::Signature)
    }

    /// RFC 7638 thumbprint of the public half.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        self.verifying.thumbprint()
    }

    /// The public half, ready to verify.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.verifying.clone()
    }
}

impl Signer for SigningKey {
    fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    fn key_id(&self) -> &str {
        &self.kid
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, SignError> {
        self.primitive
            .sign(input)
            .map_err(|_| SignError::Signer("the cryptography library refused".to_owned()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.verifying.algorithm())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
