//! The archive of public keys: whatever a recorded signature was made with, kept for ever, clients' keys included.

use countersign_protocol::{parameter::Issuer, time::UnixTime};

use crate::{Expect, Row, Statement, StorageError, Store, statement::queries, store::Reads};

/// A public key and whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedKey {
    /// RFC 7638, SHA-256, base64url.
    pub thumbprint: String,
    /// The client id, or the issuer itself.
    pub owner: String,
    /// The key, a JWK.
    pub public_jwk: String,
    /// When it was first used for something recorded.
    pub archived_at: UnixTime,
}

/// Archives a key; [`Committed::touched`](crate::Committed::touched) is 0 if its owner's was there already.
pub fn archive(issuer: &Issuer, key: &ArchivedKey) -> Statement {
    ARCHIVE.with(
        Expect::Any,
        [
            issuer.into(),
            key.thumbprint.as_str().into(),
            key.owner.as_str().into(),
            key.public_jwk.as_str().into(),
            key.archived_at.into(),
        ],
    )
}

/// Everybody's key of this thumbprint: usually one, two where a client shares its key with another.
///
/// # Errors
/// The database failed.
pub async fn find(
    store: &Store,
    issuer: &Issuer,
    thumbprint: &str,
) -> Result<Vec<ArchivedKey>, StorageError> {
    let question = FIND.with(Expect::Any, [issuer.into(), thumbprint.into()]);
    store.rows(question, Reads::Point).await?.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Result<ArchivedKey, StorageError> {
    Ok(ArchivedKey {
        thumbprint: row.text()?,
        owner: row.text()?,
        public_jwk: row.text()?,
        archived_at: row.time()?,
    })
}

queries! {
    ARCHIVE = "evidence_key.archive":
        "INSERT INTO evidence_key (issuer, thumbprint, owner, public_jwk, archived_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (issuer, thumbprint, owner) DO NOTHING";
    FIND = "evidence_key.find":
        "SELECT thumbprint, owner, public_jwk, archived_at FROM evidence_key
         WHERE issuer = $1 AND thumbprint = $2 ORDER BY owner";
}
