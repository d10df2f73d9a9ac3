//! Pushed authorization requests (RFC 9126), from the push to the one authorization they lead to.

use countersign_protocol::{
    parameter::{ClientId, Issuer, TransactionId},
    time::UnixTime,
};

use crate::{Digest, Expect, Row, Statement, StorageError, Store, statement::queries};

/// A request as its client pushed it and this server verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// Who pushed it; nobody else can use it (PAR-08).
    pub client_id: ClientId,
    /// The transaction that began with the push.
    pub transaction_id: TransactionId,
    /// The verified parameters, serialized by the server.
    pub request: Vec<u8>,
    /// Thumbprint of the DPoP key the code will be bound to (RFC 9449 §10.1).
    pub dpop_jkt: Option<String>,
    /// From when on the reference is unknown (PAR-09).
    pub expires_at: UnixTime,
    /// The interaction that loaded it first, if one did (PAR-10).
    pub interaction: Option<Digest>,
}

/// Keeps a request under the hash of its reference (PAR-07). Refused if the reference exists.
pub fn push(issuer: &Issuer, reference: impl Into<Digest>, request: &PushedRequest) -> Statement {
    PUSH.with(
        Expect::One,
        [
            issuer.into(),
            reference.into().into(),
            (&request.client_id).into(),
            (&request.transaction_id).into(),
            request.request.as_slice().into(),
            request.dpop_jkt.as_deref().into(),
            request.expires_at.into(),
        ],
    )
}

/// The request behind a reference, if this client pushed it, and it is neither expired nor consumed.
///
/// A client that asks for the reference of another learns nothing, and the owner can still use it (PAR-08).
///
/// # Errors
/// The database failed.
pub async fn find(
    store: &Store,
    issuer: &Issuer,
    client_id: &ClientId,
    reference: impl Into<Digest>,
    now: UnixTime,
) -> Result<Option<PushedRequest>, StorageError> {
    let question =
        FIND.with(Expect::Any, [issuer.into(), reference.into().into(), client_id.into(), now.into()]);
    store.row(question).await?.map(read).transpose()
}

/// Ties a request to the interaction that loads it. Refused if another one did before (PAR-10): a second browser
/// cannot take it over. The same interaction can bind again, so a reload burns nothing (PAR-10).
///
/// Kept until `interaction_expires_at`, so that it can be consumed after its own expiry.
pub fn bind(
    issuer: &Issuer,
    client_id: &ClientId,
    reference: impl Into<Digest>,
    interaction: impl Into<Digest>,
    interaction_expires_at: UnixTime,
    now: UnixTime,
) -> Statement {
    BIND.with(
        Expect::One,
        [
            issuer.into(),
            reference.into().into(),
            client_id.into(),
            interaction.into().into(),
            interaction_expires_at.into(),
            now.into(),
        ],
    )
}

/// Uses a request up, when its interaction is completed (PAR-10). Refused the second time, and by another interaction
/// than the one it was bound to; one that was answered without a page was never bound, and must not have expired.
///
/// Without it two tabs could complete one request, and one consent would yield two codes.
pub fn consume(
    issuer: &Issuer,
    client_id: &ClientId,
    reference: impl Into<Digest>,
    interaction: impl Into<Digest>,
    now: UnixTime,
) -> Statement {
    CONSUME.with(
        Expect::One,
        [issuer.into(), reference.into().into(), client_id.into(), interaction.into().into(), now.into()],
    )
}

fn read(mut row: Row) -> Result<PushedRequest, StorageError> {
    Ok(PushedRequest {
        client_id: row.parsed()?,
        transaction_id: row.parsed()?,
        request: row.blob()?,
        dpop_jkt: row.optional_text()?,
        expires_at: row.time()?,
        interaction: row.optional_digest()?,
    })
}

/// [`Outcome::Refused`](crate::Outcome) says this: a pushed request was not bound: it was before, is over, or never was.
pub const BIND_REFUSED: &str = BIND.name;
/// [`Outcome::Refused`](crate::Outcome) says this: a pushed request was not consumed: it was before, or is bound to another interaction.
pub const CONSUME_REFUSED: &str = CONSUME.name;

queries! {
    PUSH = "pushed_request.push":
        "INSERT INTO pushed_request
            (issuer, reference_hash, client_id, transaction_id, request, dpop_jkt, expires_at, forget_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (issuer, reference_hash) DO NOTHING";
    FIND = "pushed_request.find":
        "SELECT client_id, transaction_id, request, dpop_jkt, expires_at, interaction_hash FROM pushed_request
         WHERE issuer = $1 AND reference_hash = $2 AND client_id = $3 AND consumed_at IS NULL
           AND (expires_at > $4 OR (interaction_hash IS NOT NULL AND forget_at > $4))";
    BIND = "pushed_request.bind":
        "UPDATE pushed_request SET interaction_hash = $4, forget_at = $5
         WHERE issuer = $1 AND reference_hash = $2 AND client_id = $3 AND expires_at > $6 AND consumed_at IS NULL
           AND (interaction_hash IS NULL OR interaction_hash = $4)";
    CONSUME = "pushed_request.consume":
        "UPDATE pushed_request SET consumed_at = $5
         WHERE issuer = $1 AND reference_hash = $2 AND client_id = $3 AND consumed_at IS NULL
           AND (interaction_hash = $4 OR (interaction_hash IS NULL AND expires_at > $5))";
    pub(crate) SWEEP = "pushed_request.sweep":
        "DELETE FROM pushed_request WHERE (issuer, reference_hash) IN
            (SELECT issuer, reference_hash FROM pushed_request WHERE forget_at <= $1 LIMIT $2)";
}
