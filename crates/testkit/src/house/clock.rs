use std::sync::atomic::{AtomicU64, Ordering};

use countersign_protocol::time::UnixTime;
use countersign_server::Clock;

/// A clock that stands still until somebody moves it.
#[derive(Debug)]
pub struct SetClock(AtomicU64);

impl SetClock {
    /// A clock that shows this time.
    pub fn at(time: UnixTime) -> Self {
        Self(AtomicU64::new(time.as_secs()))
    }

    /// Moves it back.
    pub fn set_back(&self, seconds: u64) {
        self.0.fetch_sub(seconds, Ordering::SeqCst);
    }

    /// Moves it on.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.0.load(Ordering::SeqCst))
    }
}
