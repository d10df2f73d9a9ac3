//! Evidence records and the bytes they speak of.
//!
//! A record is durable in the unit of the answer it belongs to (a flow whose evidence cannot be kept is refused), and
//! becomes a leaf of the log afterwards. The bytes lie beside it, sealed; erasing them breaks no proof.

use std::fmt;

use countersign_evidence::{
    key_archive::ArchivedKey,
    record::{LeafError, Record},
};
use countersign_protocol::{
    parameter::{Issuer, TransactionId},
    time::UnixTime,
};

use crate::{Expect, Row, Statement, StorageError, Store, statement::queries, store::Reads};

/// A record as stored: of a transaction, or an archived key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRecord {
    /// Its own id, chosen by whoever appends it.
    pub record_id: String,
    /// The transaction it belongs to; none for an archived key.
    pub transaction_id: Option<TransactionId>,
    /// What it records, as `countersign-evidence` names it.
    pub kind: String,
    /// When it was made.
    pub recorded_at: UnixTime,
    /// The exact bytes that are hashed into the log.
    pub leaf: Vec<u8>,
    /// Its place in the log, once it has one.
    pub leaf_index: Option<u64>,
}

/// Bytes that a record holds a salted digest of.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceBlob {
    /// Which bytes, such as `request_object`.
    pub part: String,
    /// The bytes and the salt of their digest, sealed together. The salt goes with the bytes, so that a digest of
    /// what can be guessed then proves nothing.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for EvidenceBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvidenceBlob").field("part", &self.part).finish_non_exhaustive()
    }
}

/// A transaction, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedTransaction {
    /// Which.
    pub transaction_id: TransactionId,
    /// When its first record was made.
    pub began_at: UnixTime,
    /// When its last record was made.
    pub ended_at: UnixTime,
    /// How many records it has.
    pub records: u64,
}

impl EvidenceRecord {
    /// A record of a transaction, not yet in the log.
    ///
    /// # Errors
    /// The record breaks a rule of its kind, so it has no leaf bytes.
    pub fn of(record_id: String, record: &Record) -> Result<Self, LeafError> {
        Ok(Self {
            record_id,
            transaction_id: Some(record.transaction.clone()),
            kind: record.kind.as_str().into(),
            recorded_at: record.at,
            leaf: record.to_leaf()?,
            leaf_index: None,
        })
    }

    /// An archived key, not yet in the log.
    ///
    /// # Errors
    /// As [`EvidenceRecord::of`].
    pub fn of_key(record_id: String, key: &ArchivedKey) -> Result<Self, LeafError> {
        Ok(Self {
            record_id,
            transaction_id: None,
            kind: "key".into(),
            recorded_at: key.at,
            leaf: key.to_leaf()?,
            leaf_index: None,
        })
    }
}

/// Appends a record that is not in the log yet. Refused if its id exists. `leaf_index` is not looked at.
pub fn append(issuer: &Issuer, record: &EvidenceRecord) -> Statement {
    APPEND.with(
        Expect::One,
        [
            issuer.into(),
            record.record_id.as_str().into(),
            record.transaction_id.as_ref().into(),
            record.kind.as_str().into(),
            record.recorded_at.into(),
            record.leaf.as_slice().into(),
        ],
    )
}

/// Keeps bytes of a record. Refused if the record has that part.
pub fn keep_blob(issuer: &Issuer, record_id: &str, blob: &EvidenceBlob) -> Statement {
    let EvidenceBlob { part, sealed } = blob;
    KEEP_BLOB
        .with(Expect::One, [issuer.into(), record_id.into(), part.as_str().into(), sealed.as_slice().into()])
}

/// Up to `limit` records that are not in the log yet, in the order of their arrival: what was committed before another
/// record was begun comes before it.
///
/// # Errors
/// The database failed.
pub async fn pending(
    store: &Store,
    issuer: &Issuer,
    limit: u64,
) -> Result<Vec<EvidenceRecord>, StorageError> {
    records(store, PENDING.with(Expect::Any, [issuer.into(), limit.into()]), Reads::Scan).await
}

/// Every record of a transaction, in the order of arrival.
///
/// # Errors
/// The database failed.
pub async fn of_transaction(
    store: &Store,
    issuer: &Issuer,
    transaction_id: &TransactionId,
) -> Result<Vec<EvidenceRecord>, StorageError> {
    let question = OF_TRANSACTION.with(Expect::Any, [issuer.into(), transaction_id.into()]);
    records(store, question, Reads::Point).await
}

/// The records at the places from `first` on, up to `limit` of them, in the order of the log.
///
/// # Errors
/// The database failed.
pub async fn in_log(
    store: &Store,
    issuer: &Issuer,
    first: u64,
    limit: u64,
) -> Result<Vec<EvidenceRecord>, StorageError> {
    records(store, IN_LOG.with(Expect::Any, [issuer.into(), first.into(), limit.into()]), Reads::Scan).await
}

/// The bytes of a record that were not erased.
///
/// # Errors
/// The database failed.
pub async fn blobs(
    store: &Store,
    issuer: &Issuer,
    record_id: &str,
) -> Result<Vec<EvidenceBlob>, StorageError> {
    let question = BLOBS.with(Expect::Any, [issuer.into(), record_id.into()]);
    let read = |mut row: Row| Ok(EvidenceBlob { part: row.text()?, sealed: row.blob()? });
    store.rows(question, Reads::Point).await?.into_iter().map(read).collect()
}

/// Erases the bytes of every record of a transaction, with their salts. The records and their proofs stay.
pub fn erase_blobs(issuer: &Issuer, transaction_id: &TransactionId, now: UnixTime) -> Statement {
    ERASE_BLOBS.with(Expect::Any, [issuer.into(), transaction_id.into(), now.into()])
}

/// Up to `limit` transactions, newest first, those older than `before`.
///
/// # Errors
/// The database failed.
pub async fn transactions(
    store: &Store,
    issuer: &Issuer,
    before: Option<&TransactionId>,
    limit: u64,
) -> Result<Vec<RecordedTransaction>, StorageError> {
    // Behind every UUID.
    let before = before.map_or("g", TransactionId::as_str);
    let question = TRANSACTIONS.with(Expect::Any, [issuer.into(), before.into(), limit.into()]);
    store.rows(question, Reads::Scan).await?.into_iter().map(read_transaction).collect()
}

async fn records(
    store: &Store,
    question: Statement,
    reads: Reads,
) -> Result<Vec<EvidenceRecord>, StorageError> {
    store.rows(question, reads).await?.into_iter().map(read).collect()
}

pub(crate) fn read(mut row: Row) -> Result<EvidenceRecord, StorageError> {
    Ok(EvidenceRecord {
        record_id: row.text()?,
        transaction_id: row.optional_parsed()?,
        kind: row.text()?,
        recorded_at: row.time()?,
        leaf: row.blob()?,
        leaf_index: row.optional_count()?,
    })
}

fn read_transaction(mut row: Row) -> Result<RecordedTransaction, StorageError> {
    Ok(RecordedTransaction {
        transaction_id: row.parsed()?,
        began_at: row.time()?,
        ended_at: row.time()?,
        records: row.count()?,
    })
}

queries! {
    APPEND = "evidence_record.append":
        "INSERT INTO evidence_record (issuer, record_id, transaction_id, kind, recorded_at, leaf)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (issuer, record_id) DO NOTHING";
    KEEP_BLOB = "evidence_record.keep_blob":
        "INSERT INTO evidence_blob (issuer, record_id, part, sealed)
         VALUES ($1, $2, $3, $4) ON CONFLICT (issuer, record_id, part) DO NOTHING";
    PENDING = "evidence_record.pending":
        "SELECT record_id, transaction_id, kind, recorded_at, leaf, leaf_index FROM evidence_record
         WHERE issuer = $1 AND leaf_index IS NULL ORDER BY arrival LIMIT $2";
    OF_TRANSACTION = "evidence_record.of_transaction":
        "SELECT record_id, transaction_id, kind, recorded_at, leaf, leaf_index FROM evidence_record
         WHERE issuer = $1 AND transaction_id = $2 ORDER BY arrival";
    IN_LOG = "evidence_record.in_log":
        "SELECT record_id, transaction_id, kind, recorded_at, leaf, leaf_index FROM evidence_record
         WHERE issuer = $1 AND leaf_index IS NOT NULL AND leaf_index >= $2 ORDER BY leaf_index LIMIT $3";
    BLOBS = "evidence_record.blobs":
        "SELECT part, sealed FROM evidence_blob
         WHERE issuer = $1 AND record_id = $2 AND erased_at IS NULL ORDER BY part";
    ERASE_BLOBS = "evidence_record.erase_blobs":
        "UPDATE evidence_blob SET sealed = NULL, erased_at = $3
         WHERE issuer = $1 AND erased_at IS NULL AND record_id IN
            (SELECT record_id FROM evidence_record WHERE issuer = $1 AND transaction_id = $2)";
    TRANSACTIONS = "evidence_record.transactions":
        "SELECT transaction_id, MIN(recorded_at), MAX(recorded_at), COUNT(*) FROM evidence_record
         WHERE issuer = $1 AND transaction_id < $2
         GROUP BY transaction_id ORDER BY transaction_id DESC LIMIT $3";
}
