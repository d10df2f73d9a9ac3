//! Consent: what a person granted a client, until they take it back.

use countersign_protocol::{
    parameter::{ClientId, Issuer, Subject},
    time::UnixTime,
};

use crate::{Expect, Row, Statement, StorageError, Store, statement::queries};

/// A standing consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// All scopes granted, separated by spaces.
    pub scopes: String,
    /// When it was granted last.
    pub granted_at: UnixTime,
}

/// Remembers what a person granted, in place of what was remembered before.
pub fn remember(issuer: &Issuer, subject: &Subject, client_id: &ClientId, consent: &Consent) -> Statement {
    let Consent { scopes, granted_at } = consent;
    REMEMBER.with(
        Expect::One,
        [issuer.into(), subject.into(), client_id.into(), scopes.as_str().into(), (*granted_at).into()],
    )
}

/// What this person granted this client, unless it was revoked.
///
/// # Errors
/// The database failed.
pub async fn find(
    store: &Store,
    issuer: &Issuer,
    subject: &Subject,
    client_id: &ClientId,
) -> Result<Option<Consent>, StorageError> {
    let question = FIND.with(Expect::Any, [issuer.into(), subject.into(), client_id.into()]);
    store.row(question).await?.map(read).transpose()
}

/// Takes a consent back. Refused if there is none. Whoever does revokes the refresh tokens of the pair in the same
/// unit: [`refresh_token::revoke_granted`](crate::refresh_token::revoke_granted) (RT-06).
pub fn revoke(issuer: &Issuer, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Statement {
    REVOKE.with(Expect::One, [issuer.into(), subject.into(), client_id.into(), now.into()])
}

fn read(mut row: Row) -> Result<Consent, StorageError> {
    Ok(Consent { scopes: row.text()?, granted_at: row.time()? })
}

queries! {
    REMEMBER = "consent.remember":
        "INSERT INTO consent (issuer, subject, client_id, scopes, granted_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (issuer, subject, client_id)
         DO UPDATE SET scopes = excluded.scopes, granted_at = excluded.granted_at, revoked_at = NULL";
    FIND = "consent.find":
        "SELECT scopes, granted_at FROM consent
         WHERE issuer = $1 AND subject = $2 AND client_id = $3 AND revoked_at IS NULL";
    REVOKE = "consent.revoke":
        "UPDATE consent SET revoked_at = $4
         WHERE issuer = $1 AND subject = $2 AND client_id = $3 AND revoked_at IS NULL";
}
