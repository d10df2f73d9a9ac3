//! The archive of public keys: whatever a recorded signature was made with, kept for ever, clients' keys included.
//!
//! Each key is a leaf of the log; this is the way from a thumbprint to its leaves.

use countersign_evidence::{key_archive::ArchivedKey, record::LeafError};
use countersign_jose::Thumbprint;
use countersign_protocol::parameter::Issuer;

use crate::{
    Expect, Statement, StorageError, Store, Unit,
    evidence_record::{self, EvidenceRecord},
    statement::queries,
    store::Reads,
};

/// Archives a key (or its retirement) and appends its leaf. Refused if exactly this was archived before.
///
/// Committed before, or in, the unit of the first record that names the key: a signature whose key is not archived
/// proves nothing later.
///
/// # Errors
/// The key breaks a rule of its leaf.
pub fn archive(issuer: &Issuer, record_id: String, key: &ArchivedKey) -> Result<Unit, LeafError> {
    let record = EvidenceRecord::of_key(record_id, key)?;
    Ok(Unit::new().then(index(issuer, &record, key)?).then(evidence_record::append(issuer, &record)))
}

/// The leaves of every key with this thumbprint, whoever owned it, oldest first; each says in itself whose it was,
/// what for and when.
///
/// # Errors
/// The database failed.
pub async fn find(
    store: &Store,
    issuer: &Issuer,
    thumbprint: &Thumbprint,
) -> Result<Vec<EvidenceRecord>, StorageError> {
    let question = FIND.with(Expect::Any, [issuer.into(), thumbprint.to_string().into()]);
    store.rows(question, Reads::Point).await?.into_iter().map(evidence_record::read).collect()
}

fn index(issuer: &Issuer, record: &EvidenceRecord, key: &ArchivedKey) -> Result<Statement, LeafError> {
    Ok(ARCHIVE.with(
        Expect::One,
        [
            issuer.into(),
            key.thumbprint()?.to_string().into(),
            json(&key.owner)?.into(),
            key.algorithm.to_string().into(),
            key.valid_from.into(),
            json(&key.event)?.into(),
            record.record_id.as_str().into(),
        ],
    ))
}

/// A client could be named like the issuer, so the owner is stored with its kind.
fn json(value: &impl serde::Serialize) -> Result<String, LeafError> {
    serde_json::to_string(value).map_err(|error| LeafError::Shape(error.to_string()))
}

/// [`Outcome::Refused`](crate::Outcome) says this: a key was not archived: somebody archived exactly this before.
pub const ARCHIVE_REFUSED: &str = ARCHIVE.name;

queries! {
    ARCHIVE = "evidence_key.archive":
        "INSERT INTO evidence_key (issuer, thumbprint, owner, algorithm, valid_from, event, record_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (issuer, thumbprint, owner, algorithm, valid_from, event) DO NOTHING";
    FIND = "evidence_key.find":
        "SELECT evidence_record.record_id, transaction_id, kind, recorded_at, leaf, leaf_index
         FROM evidence_key JOIN evidence_record ON evidence_record.issuer = evidence_key.issuer
            AND evidence_record.record_id = evidence_key.record_id
         WHERE evidence_key.issuer = $1 AND thumbprint = $2 ORDER BY arrival";
}
