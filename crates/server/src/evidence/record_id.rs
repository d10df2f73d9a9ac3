use std::sync::{Mutex, PoisonError};

use countersign_jose::{Entropy, SystemEntropy};
use countersign_protocol::time::UnixTime;

/// Names evidence records with UUIDs of version 7 (RFC 9562 §5.7) that rise in the order in which they are asked for.
///
/// Records become leaves in the order of their names. Within a second a counter of 24 bits orders them; a clock that
/// steps back does not reorder anything. 50 random bits keep the names of different nodes apart.
#[derive(Debug, Default)]
pub(crate) struct RecordIds {
    last: Mutex<(u64, u32)>,
}

const COUNTER_BITS: u32 = 24;

impl RecordIds {
    /// The next name.
    pub(crate) fn next(&self, now: UnixTime) -> String {
        let (second, counter) = self.tick(now.as_secs());
        let (millis, counter) = (u128::from(second.saturating_mul(1000)), u128::from(counter));
        let random = u128::from_be_bytes(SystemEntropy.array());
        let name = millis << 80 | counter >> 12 << 64 | (counter & 0xfff) << 50 | random & ((1 << 50) - 1);
        version_7(name)
    }

    fn tick(&self, now: u64) -> (u64, u32) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = match *last {
            (second, _) if now > second => (now, 0),
            (second, counter) if counter + 1 < 1 << COUNTER_BITS => (second, counter + 1),
            (second, _) => (second + 1, 0),
        };
        *last
    }
}

/// Writes 128 bits as a UUID, with the bits of version 7 and its variant in their places.
pub(crate) fn version_7(bits: u128) -> String {
    let marked = bits & !(0xf << 76) & !(0b11 << 62) | 0x7 << 76 | 0b10 << 62;
    let digits = format!("{marked:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use countersign_protocol::parameter::TransactionId;

    use super::*;

    #[test]
    fn evd_01_record_ids_rise_even_when_the_clock_steps_back() {
        let ids = RecordIds::default();
        let times = [100, 100, 101, 99, 101, 102];
        let names: Vec<String> = times.map(|time| ids.next(UnixTime::from_secs(time))).to_vec();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
        for name in &names {
            assert!(name.parse::<TransactionId>().is_ok(), "{name} is no UUID version 7");
        }
    }

    #[test]
    fn a_full_counter_moves_on_to_the_next_second() {
        let ids = RecordIds { last: Mutex::new((7, (1 << COUNTER_BITS) - 1)) };
        assert_eq!(ids.tick(7), (8, 0));
        assert_eq!(ids.tick(7), (8, 1));
    }
}
