use countersign_evidence::checkpoint::CheckpointError;
use countersign_evidence::tile::TileError;
use countersign_protocol::time::UnixTime;
use countersign_storage::{Outcome, StorageError, evidence_record, evidence_tree};

use super::EvidenceKeeper;
use crate::key_ring::KeyRing;

/// Most leaves in one step, so that a step stays short for everybody who waits for the database.
const BATCH: u64 = 256;

/// Why pending evidence did not become part of the log. It stays pending, and durable.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    /// The database failed, or the stored log contradicts itself: going on would sign a second truth.
    #[error("storage: {0}")]
    Storage(#[from] StorageError),
    /// The log could not be extended.
    #[error("the log: {0}")]
    Tile(#[from] TileError),
    /// The checkpoint could not be signed.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A record or tile was not where the log says.
    #[error("the stored log is damaged: {0} was refused")]
    Refused(&'static str),
}

/// What became of one step.
enum Step {
    NothingPending,
    Integrated(u64),
    /// Another node moved the log meanwhile; nothing was written.
    Outrun,
}

impl EvidenceKeeper {
    /// Makes leaves of everything that is pending, in the order of arrival, and signs a checkpoint over them; returns
    /// how many this call integrated.
    ///
    /// Safe on several nodes: the size of the log is compared and swapped, so that of two that integrate at once
    /// one is refused whole and begins again.
    ///
    /// # Errors
    /// [`SequenceError`]; what is pending stays pending.
    pub async fn sequence(&self, keys: &KeyRing, now: UnixTime) -> Result<u64, SequenceError> {
        let _turn = self.sequencing.lock().await;
        let mut integrated = 0;
        loop {
            match self.integrate(keys, now).await? {
                Step::NothingPending => return Ok(integrated),
                Step::Integrated(leaves) => integrated += leaves,
                Step::Outrun => {}
            }
        }
    }

    async fn integrate(&self, keys: &KeyRing, now: UnixTime) -> Result<Step, SequenceError> {
        if evidence_record::pending(&self.store, &self.issuer, 1).await?.is_empty() {
            return Ok(Step::NothingPending);
        }
        // The log first: whatever becomes a leaf after it was loaded refuses this step.
        let mut log = evidence_tree::load(&self.store, &self.issuer).await?;
        let pending = evidence_record::pending(&self.store, &self.issuer, BATCH).await?;
        if pending.is_empty() {
            return Ok(Step::NothingPending);
        }
        let grown = log.integrate(pending.iter().map(|record| record.leaf.as_slice()))?;
        let checkpoint = grown.checkpoint.sign(keys.log_key(), keys.log_signer())?.to_string();
        let unit = evidence_tree::integrate(&self.issuer, &pending, &grown, &checkpoint, now);
        match unit.commit(&self.store).await? {
            Outcome::Committed(_) => Ok(Step::Integrated(pending.len() as u64)),
            Outcome::Refused(evidence_tree::BEGIN_REFUSED | evidence_tree::ADVANCE_REFUSED) => {
                Ok(Step::Outrun)
            }
            Outcome::Refused(statement) => Err(SequenceError::Refused(statement)),
        }
    }
}
