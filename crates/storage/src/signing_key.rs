//! Keys of the server: prepublished → active → retired → archived.
//!
//! The database itself allows one active and one prepublished key per issuer, purpose and algorithm, and every step
//! names the key it starts from: two nodes that rotate at the same moment rotate once.

use std::{fmt, str::FromStr};

use countersign_protocol::{parameter::Issuer, time::UnixTime};

use crate::{Expect, Row, Statement, StorageError, Store, statement::queries};

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, so that clients fetch it before it signs.
    Prepublished,
    /// Signs.
    Active,
    /// Still published, while something it signed can live.
    Retired,
    /// No longer published. The private part is gone, the public one stays for evidence.
    Archived,
}

/// A key as stored. The private part is sealed under the master key.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// `kid`.
    pub key_id: String,
    /// What it signs, such as `answers` or `checkpoints`; one series of keys each.
    pub purpose: String,
    /// JWS algorithm.
    pub algorithm: String,
    /// Where it stands.
    pub state: KeyState,
    /// The public part, a JWK.
    pub public_jwk: String,
    /// The sealed private part, until the key is archived.
    pub sealed_private: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it began to sign.
    pub activated_at: Option<UnixTime>,
    /// When it ceased to.
    pub retired_at: Option<UnixTime>,
    /// When it ceased to be published.
    pub archived_at: Option<UnixTime>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("key_id", &self.key_id)
            .field("purpose", &self.purpose)
            .field("algorithm", &self.algorithm)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl KeyState {
    /// The name stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepublished => "prepublished",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Archived => "archived",
        }
    }
}

impl FromStr for KeyState {
    type Err = StorageError;

    fn from_str(name: &str) -> Result<Self, StorageError> {
        [Self::Prepublished, Self::Active, Self::Retired, Self::Archived]
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| StorageError::Damaged(format!("{name:?} is no state of a key")))
    }
}

/// Adds a key in the state it says. Refused if the id exists or another key is active (prepublished) in its series.
pub fn add(issuer: &Issuer, key: &SigningKey) -> Statement {
    ADD.with(
        Expect::One,
        [
            issuer.into(),
            key.key_id.as_str().into(),
            key.purpose.as_str().into(),
            key.algorithm.as_str().into(),
            key.state.as_str().into(),
            key.public_jwk.as_str().into(),
            key.sealed_private.as_deref().into(),
            key.created_at.into(),
            key.activated_at.into(),
        ],
    )
}

/// All keys of an issuer, oldest first, archived ones too.
///
/// # Errors
/// The database failed.
pub async fn list(store: &Store, issuer: &Issuer) -> Result<Vec<SigningKey>, StorageError> {
    let question = LIST.with(Expect::Any, [issuer.into()]);
    store.rows(question, crate::store::Reads::Scan).await?.into_iter().map(read).collect()
}

/// Takes the active key out of service; it stays published. Refused if it is not active any more.
///
/// Goes before [`promote`] in the unit that rotates.
pub fn retire(issuer: &Issuer, key_id: &str, now: UnixTime) -> Statement {
    RETIRE.with(Expect::One, [issuer.into(), key_id.into(), now.into()])
}

/// Lets the prepublished key sign. Refused if it is not prepublished any more, or was made after `published_before`:
/// a client that cached the key set for as long must have seen it.
pub fn promote(issuer: &Issuer, key_id: &str, published_before: UnixTime, now: UnixTime) -> Statement {
    PROMOTE.with(Expect::One, [issuer.into(), key_id.into(), published_before.into(), now.into()])
}

/// Unpublishes a retired key and destroys its private part. Refused if it is not retired.
pub fn archive(issuer: &Issuer, key_id: &str, now: UnixTime) -> Statement {
    ARCHIVE.with(Expect::One, [issuer.into(), key_id.into(), now.into()])
}

fn read(mut row: Row) -> Result<SigningKey, StorageError> {
    Ok(SigningKey {
        key_id: row.text()?,
        purpose: row.text()?,
        algorithm: row.text()?,
        state: row.text()?.parse()?,
        public_jwk: row.text()?,
        sealed_private: row.optional_blob()?,
        created_at: row.time()?,
        activated_at: row.optional_time()?,
        retired_at: row.optional_time()?,
        archived_at: row.optional_time()?,
    })
}

queries! {
    ADD = "signing_key.add":
        "INSERT INTO signing_key
            (issuer, key_id, purpose, algorithm, state, public_jwk, sealed_private, created_at, activated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    LIST = "signing_key.list":
        "SELECT key_id, purpose, algorithm, state, public_jwk, sealed_private, created_at, activated_at, retired_at,
                archived_at
         FROM signing_key WHERE issuer = $1 ORDER BY created_at, key_id";
    RETIRE = "signing_key.retire":
        "UPDATE signing_key SET state = 'retired', retired_at = $3
         WHERE issuer = $1 AND key_id = $2 AND state = 'active'";
    PROMOTE = "signing_key.promote":
        "UPDATE signing_key SET state = 'active', activated_at = $4
         WHERE issuer = $1 AND key_id = $2 AND state = 'prepublished' AND created_at <= $3";
    ARCHIVE = "signing_key.archive":
        "UPDATE signing_key SET state = 'archived', archived_at = $3, sealed_private = NULL
         WHERE issuer = $1 AND key_id = $2 AND state = 'retired'";
}
