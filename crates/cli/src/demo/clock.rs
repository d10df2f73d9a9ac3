use std::sync::atomic::{AtomicU64, Ordering};

use countersign_protocol::time::UnixTime;
use countersign_server::Clock;

use crate::clock::SystemClock;

/// The clock of the demo's relying party: that of the machine, until somebody sets it ahead.
#[derive(Debug, Default)]
pub(crate) struct AdjustableClock {
    ahead: AtomicU64,
}

impl AdjustableClock {
    /// Sets the clock so many seconds ahead.
    pub(crate) fn set_ahead(&self, seconds: u64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    /// What time it says.
    pub(crate) fn now(&self) -> UnixTime {
        SystemClock.now().plus(self.ahead.load(Ordering::Relaxed))
    }
}
