//! The recipient's key, as the sender holds it.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    Jwk, KeyError,
    crypto::digest::sha2_truncated,
    jwe::{ContentEncryption, JweAlgorithm},
    public_key::PublicKey,
};

/// A recipient's key bound to one key management algorithm.
#[derive(Clone, Debug)]
pub struct EncryptionKey {
    pub(crate) recipient: Recipient,
    algorithm: JweAlgorithm,
    kid: Option<String>,
}

/// What to encrypt to.
#[derive(Clone, Debug)]
pub(crate) enum Recipient {
    Public(PublicKey),
    Shared(SharedKey),
}

impl EncryptionKey {
    /// Binds a published key to `algorithm`; type, curve, `alg`, `use` and `key_ops` must permit it.
    pub fn new(key: &Jwk, algorithm: JweAlgorithm) -> Result<Self, KeyError> {
        key.permits_encrypting(algorithm.as_str())?;
        if !serves(key.key(), algorithm) {
            return Err(KeyError::WrongType { kty: key.kty(), algorithm: algorithm.as_str() });
        }
        let kid = key.kid().map(str::to_owned);
        Ok(Self { recipient: Recipient::Public(key.key().clone()), algorithm, kid })
    }

    /// A key both parties hold (`dir`).
    #[must_use]
    pub fn shared(key: SharedKey) -> Self {
        Self { recipient: Recipient::Shared(key), algorithm: JweAlgorithm::Direct, kid: None }
    }

    /// The one algorithm.
    #[must_use]
    pub fn algorithm(&self) -> JweAlgorithm {
        self.algorithm
    }

    /// `kid` of the key, if it was published with one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// Whether a key of this type can serve `algorithm`.
pub(crate) fn serves(key: &PublicKey, algorithm: JweAlgorithm) -> bool {
    match key {
        PublicKey::Rsa { .. } => matches!(algorithm, JweAlgorithm::RsaOaep | JweAlgorithm::RsaOaep256),
        PublicKey::Ec { .. } | PublicKey::X25519(_) => algorithm.agrees(),
        PublicKey::Ed25519(_) => false,
    }
}

/// A content encryption key both parties hold, for `dir`. Zeroized when dropped.
#[derive(Clone)]
pub struct SharedKey(Zeroizing<Vec<u8>>);

impl SharedKey {
    /// Takes a key of exactly the length `encryption` needs; `None` otherwise.
    #[must_use]
    pub fn new(key: Zeroizing<Vec<u8>>, encryption: ContentEncryption) -> Option<Self> {
        (key.len() == encryption.key_len()).then_some(Self(key))
    }

    /// Derives the key from a client secret (OpenID Connect Core §10.2): the hash, cut to length.
    #[must_use]
    pub fn from_client_secret(secret: &[u8], encryption: ContentEncryption) -> Self {
        Self(sha2_truncated(secret, encryption.key_len()))
    }

    pub(crate) fn octets(&self) -> &Zeroizing<Vec<u8>> {
        &self.0
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(redacted)")
    }
}
