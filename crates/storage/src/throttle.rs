//! Counts of attempts, per account and per address, shared by all nodes.

use countersign_protocol::{parameter::Issuer, time::UnixTime};

use crate::{Digest, Expect, Outcome, Statement, StorageError, Store, statement::queries};

/// Where a bucket stands after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Attempts in this window, the present one included.
    pub count: u64,
    /// When the window ends and counting starts again.
    pub window_ends: UnixTime,
}

/// Counts an attempt before it is judged, so that guesses made at the same moment all count.
///
/// `bucket` is the digest of what is limited, such as `login:alice` or `login:192.0.2.1`; a window of `window` seconds
/// opens with its first attempt.
///
/// # Errors
/// The database failed; the attempt must then not be judged.
pub async fn count(
    store: &Store,
    issuer: &Issuer,
    bucket: impl Into<Digest>,
    window: u64,
    now: UnixTime,
) -> Result<Attempts, StorageError> {
    let values = [issuer.into(), bucket.into().into(), now.plus(window).into(), now.into()];
    let row = match COUNT.with(Expect::One, values).commit(store).await? {
        Outcome::Committed(mut committed) => committed.take_rows(0).pop(),
        Outcome::Refused(_) => None,
    };
    let mut row = row.ok_or_else(|| StorageError::Damaged("an attempt was not counted".into()))?;
    Ok(Attempts { count: row.count()?, window_ends: row.time()? })
}

/// Forgets a bucket, when the right person came.
pub fn forget(issuer: &Issuer, bucket: impl Into<Digest>) -> Statement {
    FORGET.with(Expect::Any, [issuer.into(), bucket.into().into()])
}

/// Takes one attempt back that turned out to be right. Nothing happens to a bucket that is empty, or whose window is
/// over: the attempt went with it.
pub fn uncount(issuer: &Issuer, bucket: impl Into<Digest>, now: UnixTime) -> Statement {
    UNCOUNT.with(Expect::Any, [issuer.into(), bucket.into().into(), now.into()])
}

queries! {
    COUNT = "throttle.count":
        "INSERT INTO throttle (issuer, bucket, attempts, window_ends) VALUES ($1, $2, 1, $3)
         ON CONFLICT (issuer, bucket) DO UPDATE SET
            attempts = CASE WHEN throttle.window_ends <= $4 THEN 1 ELSE throttle.attempts + 1 END,
            window_ends = CASE WHEN throttle.window_ends <= $4 THEN excluded.window_ends ELSE throttle.window_ends END
         RETURNING attempts, window_ends";
    FORGET = "throttle.forget":
        "DELETE FROM throttle WHERE issuer = $1 AND bucket = $2";
    UNCOUNT = "throttle.uncount":
        "UPDATE throttle SET attempts = attempts - 1
         WHERE issuer = $1 AND bucket = $2 AND attempts > 0 AND window_ends > $3";
    pub(crate) SWEEP = "throttle.sweep":
        "DELETE FROM throttle WHERE (issuer, bucket) IN
            (SELECT issuer, bucket FROM throttle WHERE window_ends <= $1 LIMIT $2)";
}
