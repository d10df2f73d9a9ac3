use countersign_evidence::digest::Salt;
use countersign_evidence::key_archive::{ArchivedKey, KeyEvent, KeyOwner, KeyPurpose, ThumbprintMembers};
use countersign_evidence::record::{LeafError, Original, Record};
use countersign_jose::seal::{SealError, Sealer};
use countersign_jose::{Algorithm, Jwk, SystemEntropy, Thumbprint};
use countersign_protocol::parameter::{ClientId, Issuer};
use countersign_protocol::registration::Client;
use countersign_protocol::time::UnixTime;
use countersign_storage::{Statement, Store, Unit, evidence_key, evidence_record};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::original::seal_original;
use super::{RecordIds, archive_key};
use crate::refusal::Fault;

/// Seconds that the clocks of two nodes may differ: a client's key counts from so long before it was first seen, so
/// that a record of another node, made at the same moment, does not predate it.
const CLOCK_SKEW: u64 = 60;

/// Turns what happened into statements that keep it, and puts what was kept into the log.
pub struct EvidenceKeeper {
    pub(super) issuer: Issuer,
    pub(super) store: Store,
    pub(super) sequencing: Mutex<()>,
    sealer: Sealer,
    ids: RecordIds,
    /// Keys of clients that are known to be archived, so that the question is asked once a process.
    archived: Cache<(Thumbprint, Algorithm), ClientId>,
}

impl EvidenceKeeper {
    /// A keeper for the evidence of `issuer`. What is personal is sealed by `sealer`.
    pub fn new(store: Store, issuer: Issuer, sealer: Sealer) -> Self {
        let (ids, archived) = (RecordIds::default(), Cache::new(10_000));
        Self { issuer, store, sequencing: Mutex::default(), sealer, ids, archived }
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
        let record_id = self.ids.next(record.at);
        let mut record = record;
        let mut statements = Vec::with_capacity(1 + originals.len());
        for (original, bytes) in originals {
            let salt = Salt::generate(&mut SystemEntropy);
            let blob = seal_original(&self.sealer, &self.issuer, &record_id, *original, &salt, bytes)?;
            statements.push(evidence_record::keep_blob(&self.issuer, &record_id, &blob));
            record = record.with_bytes(*original, &salt, bytes);
        }
        let leaf = record.to_leaf()?;
        let row = evidence_record::EvidenceRecord {
            record_id,
            transaction_id: Some(record.transaction),
            kind: record.kind.to_string(),
            recorded_at: record.at,
            leaf,
            leaf_index: None,
        };
        statements.push(evidence_record::append(&self.issuer, &row));
        Ok(statements)
    }

    /// Archives the key of a client when it is used for the first time (EVD-39).
    ///
    /// Done before [`EvidenceKeeper::keep`], in a unit of its own: the leaf of a key comes before the leaves that name
    /// it. Once known, a key costs a lookup in memory.
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
            self.publish(owner, jwk, algorithm, now).await?;
        }
        self.archived.insert((key, algorithm), client.id().clone());
        Ok(())
    }

    async fn publish(
        &self,
        owner: KeyOwner,
        jwk: &Jwk,
        algorithm: Algorithm,
        now: UnixTime,
    ) -> Result<(), Fault> {
        let leaf = ArchivedKey {
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
        let unit = Unit::new().then_all(archive_key(&self.issuer, &self.ids, &leaf)?);
        match unit.commit(&self.store).await?.refused() {
            None | Some("evidence_key.archive") => Ok(()),
            Some(statement) => Err(Fault::Internal(statement)),
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
