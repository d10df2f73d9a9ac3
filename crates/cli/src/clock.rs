use std::time::{SystemTime, UNIX_EPOCH};

use countersign_protocol::time::UnixTime;
use countersign_server::Clock;

/// The clock of this machine. Nothing else in the product reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    fn now(&self) -> UnixTime {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_secs(since_epoch.as_secs())
    }
}
