//! A public key bound to one signature algorithm.

use std::sync::Arc;

use crate::{Algorithm, Jwk, KeyError, Thumbprint, crypto::signature::Verifier};

/// A public key, parsed once, that verifies one algorithm only (JWT-02). Cloning is cheap.
#[derive(Clone, Debug)]
pub struct VerifyingKey(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    verifier: Verifier,
    algorithm: Algorithm,
    kid: Option<String>,
    thumbprint: Thumbprint,
}

/// The signature does not fit. Nothing more is known or said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadSignature;

impl VerifyingKey {
    /// Binds a key to `algorithm`; type, curve, `alg`, `use` and `key_ops` must permit it (JAR-71).
    pub fn new(key: &Jwk, algorithm: Algorithm) -> Result<Self, KeyError> {
        key.permits_verifying(algorithm)?;
        let verifier =
            Verifier::new(key.key(), algorithm).ok_or_else(|| KeyError::wrong_type(key.kty(), algorithm))?;
        let kid = key.kid().map(str::to_owned);
        Ok(Self(Arc::new(Inner { verifier, algorithm, kid, thumbprint: key.thumbprint() })))
    }

    /// The one algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// `kid` of the key, if it was published with one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// RFC 7638 thumbprint.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        self.0.thumbprint
    }

    /// Whether `signature` is one of `input` under this key. Tokens go through [`crate::jws`] instead.
    #[must_use]
    pub fn verifies(&self, input: &[u8], signature: &[u8]) -> bool {
        self.0.verifier.verify(input, signature).is_ok()
    }

    /// The same key under another `kid`.
    pub(crate) fn with_key_id(&self, kid: &str) -> Self {
        let Inner { verifier, algorithm, thumbprint, .. } = &*self.0;
        let (verifier, algorithm, thumbprint) = (verifier.clone(), *algorithm, *thumbprint);
        Self(Arc::new(Inner { verifier, algorithm, kid: Some(kid.to_owned()), thumbprint }))
    }

    pub(crate) fn verify(&self, input: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.0.verifier.verify(input, signature).map_err(|_| BadSignature)
    }
}
