//! SHA-256 digests, the only form in which a secret reaches the database.

use std::fmt;

use countersign_protocol::parameter::CredentialHash;

use crate::{Row, StorageError, Value};

/// The SHA-256 of a credential, a cookie or an identifier (TOK-07, CODE-02). A copy of the database redeems nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<CredentialHash> for Digest {
    fn from(hash: CredentialHash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl From<Digest> for Value {
    fn from(digest: Digest) -> Self {
        Self::Blob(digest.0.to_vec())
    }
}

impl Row {
    /// The next column, which is a digest.
    pub(crate) fn digest(&mut self) -> Result<Digest, StorageError> {
        to_digest(&self.blob()?)
    }

    /// The next column, which is a digest or NULL.
    pub(crate) fn optional_digest(&mut self) -> Result<Option<Digest>, StorageError> {
        self.optional_blob()?.as_deref().map(to_digest).transpose()
    }
}

fn to_digest(bytes: &[u8]) -> Result<Digest, StorageError> {
    let bytes =
        bytes.try_into().map_err(|_| StorageError::Damaged("a digest is not 32 bytes long".into()))?;
    Ok(Digest(bytes))
}
