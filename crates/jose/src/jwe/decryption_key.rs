//! The recipient's key, as the recipient holds it.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    Curve, Jwk, KeyError, KeyUse, PrivateKey, Thumbprint,
    crypto::{Refused, agreement::AgreementKey, key_wrap, oaep},
    jwe::{Header, JweAlgorithm, SharedKey, concat_kdf, encryption_key::serves},
    private_key::Material,
};

/// A private or shared key, parsed once, that decrypts with one key management algorithm only.
pub struct DecryptionKey {
    primitive: Primitive,
    private: Option<PrivateKey>,
    algorithm: JweAlgorithm,
    kid: Option<String>,
}

enum Primitive {
    Rsa(oaep::DecryptingKey),
    Agreement(AgreementKey),
    Shared(SharedKey),
}

impl DecryptionKey {
    /// Makes a key: RSA with 2,048 bits, or P-256.
    pub fn generate(algorithm: JweAlgorithm) -> Result<Self, KeyError> {
        match algorithm {
            JweAlgorithm::RsaOaep | JweAlgorithm::RsaOaep256 => {
                Self::new(PrivateKey::generate_rsa()?, algorithm)
            }
            _ => Self::new(PrivateKey::generate_on(Curve::P256)?, algorithm),
        }
    }

    /// Binds a private key to `algorithm`. Its `kid` is its thumbprint until [`with_key_id`](Self::with_key_id).
    pub fn new(private: PrivateKey, algorithm: JweAlgorithm) -> Result<Self, KeyError> {
        if !serves(private.public(), algorithm) {
            return Err(KeyError::WrongType { kty: private.public().kty(), algorithm: algorithm.as_str() });
        }
        let primitive = Primitive::new(private.material()).map_err(|_| KeyError::Inconsistent)?;
        let kid = Some(Thumbprint::of(private.public()).to_string());
        Ok(Self { primitive, private: Some(private), algorithm, kid })
    }

    /// Reads PKCS#8, SEC 1 or PKCS#1 in PEM.
    pub fn from_pem(text: &str, algorithm: JweAlgorithm) -> Result<Self, KeyError> {
        Self::new(PrivateKey::from_pem(text)?, algorithm)
    }

    /// Reads a private JWK. Its own `alg` and `kid` are not looked at.
    pub fn from_private_jwk(text: &str, algorithm: JweAlgorithm) -> Result<Self, KeyError> {
        Self::new(PrivateKey::from_jwk(text)?, algorithm)
    }

    /// A key both parties hold (`dir`).
    #[must_use]
    pub fn shared(key: SharedKey) -> Self {
        Self { primitive: Primitive::Shared(key), private: None, algorithm: JweAlgorithm::Direct, kid: None }
    }

    /// The same key under another `kid`.
    #[must_use]
    pub fn with_key_id(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// The one algorithm.
    #[must_use]
    pub fn algorithm(&self) -> JweAlgorithm {
        self.algorithm
    }

    /// `kid`; a shared key has none unless given.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The public half as it is published: `kid`, `alg` and `use` set. `None` for a shared key.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Jwk> {
        let public = Jwk::of(self.private.as_ref()?.public().clone());
        let public = public.published_for(self.algorithm.as_str(), KeyUse::Encryption);
        Some(match &self.kid {
            Some(kid) => public.with_kid(kid.clone()),
            None => public,
        })
    }

    /// Writes the private JWK with `kid`, `alg` and `use`. `None` for a shared key.
    #[must_use]
    pub fn to_private_jwk(&self) -> Option<Zeroizing<String>> {
        let kid = self.kid.as_deref().unwrap_or_default();
        let names = [("kid", kid), ("alg", self.algorithm.as_str()), ("use", "enc")];
        Some(self.private.as_ref()?.to_jwk(&names))
    }

    /// Writes an unencrypted PKCS#8 document. `None` for a shared key.
    pub fn to_pkcs8(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        self.private.as_ref().map(PrivateKey::to_pkcs8).transpose()
    }

    /// Recovers the content encryption key.
    pub(crate) fn content_key(
        &self,
        header: &Header,
        encrypted: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        match (&self.primitive, self.algorithm) {
            (Primitive::Rsa(key), JweAlgorithm::RsaOaep256) => key.decrypt(oaep::Hash::Sha256, encrypted),
            (Primitive::Rsa(key), JweAlgorithm::RsaOaep) => key.decrypt(oaep::Hash::Sha1, encrypted),
            (Primitive::Agreement(key), algorithm) if algorithm.agrees() => {
                let ephemeral = header.ephemeral.as_ref().ok_or(Refused)?;
                let derived = concat_kdf::derive(&key.agree(ephemeral)?, &concat_kdf::Purpose::of(header));
                match algorithm {
                    JweAlgorithm::EcdhEs if encrypted.is_empty() => Ok(derived),
                    JweAlgorithm::EcdhEs => Err(Refused),
                    _ => key_wrap::unwrap(&derived, encrypted),
                }
            }
            (Primitive::Shared(key), JweAlgorithm::Direct) if encrypted.is_empty() => {
                Ok(key.octets().clone())
            }
            _ => Err(Refused),
        }
    }
}

impl Primitive {
    fn new(material: &Material) -> Result<Self, Refused> {
        match material {
            Material::Rsa(_) => oaep::DecryptingKey::new(material).map(Self::Rsa),
            Material::Ec { curve, scalar, .. } => AgreementKey::new(*curve, scalar).map(Self::Agreement),
            Material::X25519 { scalar, .. } => {
                AgreementKey::new(Curve::X25519, scalar.as_slice()).map(Self::Agreement)
            }
            Material::Ed25519 { .. } => Err(Refused),
        }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
