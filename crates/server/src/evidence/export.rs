use std::collections::BTreeSet;

use countersign_evidence::bundle::{Bundle, BundledKey, BundledRecord, Kept};
use countersign_evidence::key_archive::ArchivedKey;
use countersign_evidence::note::NoteError;
use countersign_evidence::proof::{ProofError, ProofPlan};
use countersign_evidence::record::{LeafError, Original, Record};
use countersign_evidence::tile::TileError;
use countersign_evidence::tree::Hash;
use countersign_jose::Thumbprint;
use countersign_jose::seal::SealError;
use countersign_protocol::parameter::TransactionId;
use countersign_storage::evidence_record::{EvidenceBlob, EvidenceRecord};
use countersign_storage::{StorageError, evidence_key, evidence_record, evidence_tree};

use super::{EvidenceKeeper, open_original};
use crate::key_ring::KeyRing;

/// Why the evidence of a transaction cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing is recorded under this name, or nothing of it is in the log yet.
    #[error("no evidence of this transaction is in the log; `evidence list` shows what there is")]
    Unknown,
    /// The database failed.
    #[error("storage: {0}")]
    Storage(#[from] StorageError),
    /// What is stored contradicts itself.
    #[error("the stored log is damaged: {0}")]
    Tile(#[from] TileError),
    /// What is stored contradicts itself.
    #[error("the stored log is damaged: {0}")]
    Proof(#[from] ProofError),
    /// A stored leaf is none.
    #[error("the stored log is damaged: {0}")]
    Leaf(#[from] LeafError),
    /// The stored checkpoint is none.
    #[error("the stored log is damaged: {0}")]
    Checkpoint(#[from] NoteError),
    /// The original bytes do not open under this master key.
    #[error("the original bytes do not open under this master key")]
    Sealed(#[from] SealError),
}

impl EvidenceKeeper {
    /// Everything about one transaction that a third party needs to verify it, from the log as it is now.
    ///
    /// # Errors
    /// [`ExportError`]; put what is pending into the log first ([`EvidenceKeeper::sequence`]).
    pub async fn export(&self, keys: &KeyRing, transaction: &TransactionId) -> Result<Bundle, ExportError> {
        let head = evidence_tree::head(&self.store, &self.issuer).await?.ok_or(ExportError::Unknown)?;
        let size = head.frontier.size();
        let rows = evidence_record::of_transaction(&self.store, &self.issuer, transaction).await?;
        let mut records = Vec::new();
        for row in rows.iter().filter(|row| row.leaf_index.is_some_and(|index| index < size)) {
            records.push(self.bundled_record(row, size).await?);
        }
        if records.is_empty() {
            return Err(ExportError::Unknown);
        }
        records.sort_by_key(|record| record.index);
        let keys_used = self.bundled_keys(&records, size).await?;
        Ok(Bundle {
            issuer: self.issuer.clone(),
            transaction: transaction.clone(),
            log_key: keys.log_key().clone(),
            checkpoint: head.checkpoint.parse()?,
            records,
            keys: keys_used,
        })
    }

    async fn bundled_record(&self, row: &EvidenceRecord, size: u64) -> Result<BundledRecord, ExportError> {
        let index = row.leaf_index.ok_or(ExportError::Unknown)?;
        let record = Record::from_leaf(&row.leaf)?;
        let proof = self.inclusion(index, size).await?;
        let blobs = evidence_record::blobs(&self.store, &self.issuer, &row.record_id).await?;
        let mut originals = Vec::new();
        for digest in &record.digests {
            originals.push(self.original(&row.record_id, digest.of, &blobs)?);
        }
        Ok(BundledRecord { index, record, proof, originals })
    }

    /// The bytes behind a digest, or the fact that they were erased.
    fn original(&self, record_id: &str, of: Original, blobs: &[EvidenceBlob]) -> Result<Kept, ExportError> {
        match blobs.iter().find(|blob| blob.part == of.as_str()) {
            Some(blob) => Ok(open_original(&self.sealer, &self.issuer, record_id, blob)?),
            None => Ok(Kept::Erased),
        }
    }

    /// Every archived key that the records name.
    async fn bundled_keys(
        &self,
        records: &[BundledRecord],
        size: u64,
    ) -> Result<Vec<BundledKey>, ExportError> {
        let named: BTreeSet<Thumbprint> =
            records.iter().flat_map(|record| record.record.keys.iter().map(|key| key.thumbprint)).collect();
        let mut keys = Vec::new();
        for thumbprint in named {
            for row in evidence_key::find(&self.store, &self.issuer, &thumbprint).await? {
                let Some(index) = row.leaf_index.filter(|index| *index < size) else { continue };
                let (key, proof) = (ArchivedKey::from_leaf(&row.leaf)?, self.inclusion(index, size).await?);
                keys.push(BundledKey { index, key, proof });
            }
        }
        keys.sort_by_key(|key| key.index);
        Ok(keys)
    }

    async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, ExportError> {
        let plan = ProofPlan::inclusion(index, size)?;
        let tiles = evidence_tree::tiles(&self.store, &self.issuer, &plan.tiles()).await?;
        Ok(plan.build(&tiles)?)
    }
}
