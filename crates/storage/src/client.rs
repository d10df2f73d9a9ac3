//! Registered clients: their metadata (RFC 7591), and whether they may still ask.

use countersign_protocol::{
    parameter::{ClientId, Issuer},
    time::UnixTime,
};

use crate::{Expect, Row, Statement, StorageError, Store, statement::queries, store::Reads};

/// A client as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name at this issuer.
    pub client_id: ClientId,
    /// Its metadata, a JSON object with the names of RFC 7591.
    pub metadata: String,
    /// Counts the changes, from 1; [`replace`] names the one it saw.
    pub revision: u64,
    /// When it was registered.
    pub created_at: UnixTime,
    /// When it was changed last.
    pub updated_at: UnixTime,
    /// When it was disabled; whoever reads a client checks this (PAR-13).
    pub disabled_at: Option<UnixTime>,
}

/// Registers a client. Refused if the id is taken.
pub fn add(issuer: &Issuer, client_id: &ClientId, metadata: &str, now: UnixTime) -> Statement {
    ADD.with(Expect::One, [issuer.into(), client_id.into(), metadata.into(), now.into()])
}

/// The client of this id, disabled or not.
///
/// # Errors
/// The database failed.
pub async fn find(
    store: &Store,
    issuer: &Issuer,
    client_id: &ClientId,
) -> Result<Option<Client>, StorageError> {
    store.row(FIND.with(Expect::Any, [issuer.into(), client_id.into()])).await?.map(read).transpose()
}

/// Up to `limit` clients in the order of their ids, those after `after`.
///
/// # Errors
/// The database failed.
pub async fn list(
    store: &Store,
    issuer: &Issuer,
    after: Option<&ClientId>,
    limit: u64,
) -> Result<Vec<Client>, StorageError> {
    let after = after.map_or("", ClientId::as_str);
    let question = LIST.with(Expect::Any, [issuer.into(), after.into(), limit.into()]);
    store.rows(question, Reads::Scan).await?.into_iter().map(read).collect()
}

/// Replaces the metadata of a client. Refused if somebody else changed it since `seen`.
pub fn replace(issuer: &Issuer, client_id: &ClientId, seen: u64, metadata: &str, now: UnixTime) -> Statement {
    REPLACE.with(Expect::One, [issuer.into(), client_id.into(), seen.into(), metadata.into(), now.into()])
}

/// Takes a client out of service. Refused if there is none or it already is.
pub fn disable(issuer: &Issuer, client_id: &ClientId, now: UnixTime) -> Statement {
    DISABLE.with(Expect::One, [issuer.into(), client_id.into(), now.into()])
}

fn read(mut row: Row) -> Result<Client, StorageError> {
    Ok(Client {
        client_id: row.parsed()?,
        metadata: row.text()?,
        revision: row.count()?,
        created_at: row.time()?,
        updated_at: row.time()?,
        disabled_at: row.optional_time()?,
    })
}

queries! {
    ADD = "client.add":
        "INSERT INTO client (issuer, client_id, metadata, revision, created_at, updated_at)
         VALUES ($1, $2, $3, 1, $4, $4) ON CONFLICT (issuer, client_id) DO NOTHING";
    FIND = "client.find":
        "SELECT client_id, metadata, revision, created_at, updated_at, disabled_at FROM client
         WHERE issuer = $1 AND client_id = $2";
    LIST = "client.list":
        "SELECT client_id, metadata, revision, created_at, updated_at, disabled_at FROM client
         WHERE issuer = $1 AND client_id > $2 ORDER BY client_id LIMIT $3";
    REPLACE = "client.replace":
        "UPDATE client SET metadata = $4, revision = revision + 1, updated_at = $5
         WHERE issuer = $1 AND client_id = $2 AND revision = $3";
    DISABLE = "client.disable":
        "UPDATE client SET disabled_at = $3, revision = revision + 1, updated_at = $3
         WHERE issuer = $1 AND client_id = $2 AND disabled_at IS NULL";
}
