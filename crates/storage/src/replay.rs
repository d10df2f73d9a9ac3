//! The memory of identifiers that count once: `jti` of request objects, client assertions and DPoP proofs.

use countersign_protocol::{
    parameter::Issuer,
    replay::{Purpose, ReplayKey, Spends},
    time::UnixTime,
};

use crate::{
    Expect, Statement, StorageError, Store,
    statement::{Query, queries},
};

/// Seconds for which an identifier is remembered beyond its expiry. A clock that steps back by less cannot make a
/// message acceptable again whose identifier is already forgotten (ATK-DOS-07).
const BEYOND_EXPIRY: u64 = 600;

/// Spends an identifier, once (JAR-105, CAUTH-13, DPOP-06). Refused if it was spent before.
///
/// It is remembered until ten minutes after it expires. One statement checks and remembers, so two nodes cannot both be
/// first. An entry whose time is over but was not swept yet does not stand in the way. An identifier is of fixed size
/// (JAR-107).
pub fn spend(issuer: &Issuer, key: &ReplayKey, now: UnixTime) -> Statement {
    Query { name: statement_name(key.purpose), ..SPEND }.with(
        Expect::One,
        [
            issuer.into(),
            key.owner.as_str().into(),
            key.purpose.as_str().into(),
            key.digest.as_slice().into(),
            key.expires.plus(BEYOND_EXPIRY).into(),
            now.into(),
        ],
    )
}

/// Spends everything that a message must spend; goes first into the unit of the state change it protects.
pub fn spend_all(issuer: &Issuer, spends: &Spends, now: UnixTime) -> Vec<Statement> {
    spends.keys().iter().map(|key| spend(issuer, key, now)).collect()
}

/// Whether an identifier was spent and is still remembered: tells early what [`spend`] will decide.
///
/// # Errors
/// The database failed; the message must then not be acted on.
pub async fn is_spent(
    store: &Store,
    issuer: &Issuer,
    key: &ReplayKey,
    now: UnixTime,
) -> Result<bool, StorageError> {
    let question = IS_SPENT.with(
        Expect::Any,
        [
            issuer.into(),
            key.owner.as_str().into(),
            key.purpose.as_str().into(),
            key.digest.as_slice().into(),
            now.into(),
        ],
    );
    Ok(store.row(question).await?.is_some())
}

/// Which kind of identifier was spent before, when a unit was refused by this statement.
pub fn spent_before(refused: &str) -> Option<Purpose> {
    let purposes = [Purpose::RequestObject, Purpose::ClientAssertion, Purpose::DpopProof];
    purposes.into_iter().find(|purpose| statement_name(*purpose) == refused)
}

const fn statement_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::RequestObject => "replay.spend_request_object",
        Purpose::ClientAssertion => "replay.spend_client_assertion",
        Purpose::DpopProof => "replay.spend_dpop_proof",
    }
}

queries! {
    SPEND = "replay.spend":
        "INSERT INTO replay (issuer, owner, purpose, digest, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (issuer, owner, purpose, digest)
         DO UPDATE SET expires_at = excluded.expires_at WHERE replay.expires_at < $6";
    IS_SPENT = "replay.is_spent":
        "SELECT expires_at FROM replay
         WHERE issuer = $1 AND owner = $2 AND purpose = $3 AND digest = $4 AND expires_at >= $5";
    pub(crate) SWEEP = "replay.sweep":
        "DELETE FROM replay WHERE (issuer, owner, purpose, digest) IN
            (SELECT issuer, owner, purpose, digest FROM replay WHERE expires_at < $1 LIMIT $2)";
}
