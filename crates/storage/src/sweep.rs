//! Forgetting what has expired, a small batch at a time.

use countersign_protocol::time::UnixTime;

use crate::{
    Expect, Outcome, StorageError, Store, authorization_code, interaction, login_session, pushed_request,
    refresh_token, replay, statement::Query, throttle,
};

/// Every table whose rows expire. Evidence, consent and keys do not.
const SWEEPS: &[Query] = &[
    pushed_request::SWEEP,
    interaction::SWEEP,
    authorization_code::SWEEP,
    refresh_token::SWEEP,
    login_session::SWEEP,
    replay::SWEEP,
    throttle::SWEEP,
];

/// What one round of sweeping removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweepReport {
    /// Rows removed per statement, such as `("replay.sweep", 12)`.
    pub removed: Vec<(&'static str, u64)>,
    /// Whether some table filled its batch: another round is worth it at once.
    pub more: bool,
}

impl Store {
    /// Removes up to `batch` expired rows of every table, of all issuers. Each table is a unit of its own, so that
    /// nobody waits for more than one batch.
    ///
    /// # Errors
    /// The database failed; what was removed before stays removed.
    pub async fn sweep(&self, now: UnixTime, batch: u64) -> Result<SweepReport, StorageError> {
        let mut report = SweepReport::default();
        for query in SWEEPS {
            let outcome = query.with(Expect::Any, [now.into(), batch.into()]).commit(self).await?;
            let Outcome::Committed(committed) = outcome else { continue };
            let removed = committed.touched(0);
            report.more |= removed >= batch;
            report.removed.push((query.name, removed));
        }
        Ok(report)
    }
}
