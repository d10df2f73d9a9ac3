use countersign_evidence::digest::Salt;
use countersign_evidence::key_archive::{ArchivedKey, KeyEvent, KeyOwner, KeyPurpose, ThumbprintMembers};
use countersign_evidence::record::{LeafError, Original, Record};
use countersign_jose::seal::{SealError, Sealer};
use countersign_jose::{Algorithm, Jwk, SystemEntropy, Thumbprint};
use countersign_protocol::parameter::{ClientId, Issuer, TransactionId};
use countersign_protocol::registration::Client;
use countersign_protocol::time::UnixTime;
use countersign_storage::evidence_record::EvidenceRecord;
use countersign_storage::{Outcome, Statement, Store, evidence_key, evidence_record};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::original::seal_original;
use crate::refusal::Fault;

/// Seconds that the clocks of two nodes may differ: a client's key counts from so long before it was first seen, so
/// that a record of another node, made at the same moment, does not predate it.
const CLOCK_SKEW: u64 = 60;

/// Turns what happened into statements that keep it, and puts what was kept into the log.
pub struct EvidenceKeeper {
    pub(super) issuer: Issuer,
    pub(super) store: Store,
    pub(super) sequencing: Mutex<()>,
    pub(super) sealer: Sealer,
    /// Keys of clients that are known to be archived, so that the question is asked once a process.
    archived: Cache<(Thumbprint, Algorithm), ClientId>,
}

/// A new name for a record: a UUID of version 7, as of transactions.
pub(crate) fn new_record_id(now: UnixTime) -> String {
    TransactionId::generate(now, &mut SystemEntropy).to_string()
}

impl EvidenceKeeper {
    /// A keeper for the evidence of `issuer`. What is personal is sealed by `sealer`.
    pub fn new(store: Store, issuer: Issuer, sealer: Sealer) -> Self {
        Self { issuer, store, sequencing: Mutex::default(), sealer, archived: Cache::new(10_000) }
    }

    /// Keeps a record with the bytes it is about: salts and digests go into the leaf, the bytes are sealed beside it.
    ///
    /// The statements belong into the unit of the answer: a flow whose evidence is not kept must not be answered.
    ///
    /// # Errors
    /// A record that breaks a rule of its own, or a sealer that fails.
    pub(crate) fn keep(
        &self,
        record: Record,
        originals: &[(Original, &[u8])],
    ) -> Result<Vec<Statement>, Fault> {
        let record_id = new_record_id(record.at);
        let mut record = record;
        let mut blobs = Vec::with_capacity(originals.len());
        for (original, bytes) in originals {
            let salt = Salt::generate(&mut SystemEntropy);
            blobs.push(seal_original(&self.sealer, &self.issuer, &record_id, *original, &salt, bytes)?);
            record = record.with_bytes(*original, &salt, bytes);
        }
        let row = EvidenceRecord::of(record_id, &record)?;
        let kept = blobs.iter().map(|blob| evidence_record::keep_blob(&self.issuer, &row.record_id, blob));
        Ok([evidence_record::append(&self.issuer, &row)].into_iter().chain(kept).collect())
    }

    /// Archives the key of a client when it is used for the first time, durably, before a record names it (EVD-39).
    ///
    /// It is a unit of its own, so that two flows that use a new key at the same moment do not refuse each other.
    /// Once known, a key costs a lookup in memory.
    ///
    /// # Errors
    /// The database failed, or the key is none of this client.
    pub(crate) async fn client_key(
        &self,
        client: &Client,
        key: Thumbprint,
        algorithm: Algorithm,
        now: UnixTime,
    ) -> Result<(), Fault> {
        if self.archived.get(&(key, algorithm)).is_some_and(|owner| owner == *client.id()) {
            return Ok(());
        }
        let owner = KeyOwner::Client(client.id().clone());
        if !self.is_archived(&owner, key, algorithm).await? {
            let jwk = client.keys().keys().iter().find(|jwk| jwk.thumbprint() == key);
            let jwk = jwk.ok_or(Fault::Internal("a key to archive is not registered for its client"))?;
            self.archive(owner, jwk, algorithm, now).await?;
        }
        self.archived.insert((key, algorithm), client.id().clone());
        Ok(())
    }

    async fn archive(
        &self,
        owner: KeyOwner,
        jwk: &Jwk,
        algorithm: Algorithm,
        now: UnixTime,
    ) -> Result<(), Fault> {
        let key = ArchivedKey {
            issuer: self.issuer.clone(),
            event: KeyEvent::Published,
            at: now,
            owner,
            purpose: KeyPurpose::Signing,
            algorithm,
            valid_from: now.minus(CLOCK_SKEW),
            valid_to: None,
            jwk: ThumbprintMembers::of(jwk)?,
        };
        let unit = evidence_key::archive(&self.issuer, new_record_id(now), &key)?;
        match unit.commit(&self.store).await? {
            // Refused: another flow archived exactly this a moment ago.
            Outcome::Committed(_) | Outcome::Refused(evidence_key::ARCHIVE_REFUSED) => Ok(()),
            Outcome::Refused(statement) => Err(Fault::Internal(statement)),
        }
    }

    async fn is_archived(
        &self,
        owner: &KeyOwner,
        key: Thumbprint,
        algorithm: Algorithm,
    ) -> Result<bool, Fault> {
        let leaves = evidence_key::find(&self.store, &self.issuer, &key).await?;
        let mut leaves = leaves.iter().filter_map(|row| ArchivedKey::from_leaf(&row.leaf).ok());
        Ok(leaves.any(|leaf| leaf.owner == *owner && leaf.algorithm == algorithm))
    }
}

impl From<LeafError> for Fault {
    fn from(error: LeafError) -> Self {
        tracing::error!(%error, "evidence that breaks its own rules");
        Self::Internal("a record of evidence breaks a rule of its own")
    }
}

impl From<SealError> for Fault {
    fn from(_: SealError) -> Self {
        Self::Internal("evidence could not be sealed")
    }
}
