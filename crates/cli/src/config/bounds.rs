//! How short and how long things may live.

use crate::failure::Refusal;

/// The bounds of a lifetime, in seconds.
#[derive(Debug)]
pub(super) struct Bounds {
    /// The configuration key.
    pub(super) key: &'static str,
    /// The shortest that passes.
    pub(super) least: u64,
    /// The longest that passes.
    pub(super) most: u64,
    rule: &'static str,
}

const DAY: u64 = 86_400;

/// Every lifetime, in the order of the configuration.
pub(super) const LIFETIMES: [Bounds; 8] = [
    Bounds::new("lifetimes.pushed_request", 5, 599, "PAR-09"),
    Bounds::new("lifetimes.interaction", 60, 3600, "configuration"),
    Bounds::new("lifetimes.access_token", 10, 3600, "TOK-08"),
    Bounds::new("lifetimes.id_token", 10, 3600, "IDT-01"),
    Bounds::new("lifetimes.refresh_token", 60, 365 * DAY, "RT-06"),
    Bounds::new("lifetimes.session", 60, 30 * DAY, "configuration"),
    Bounds::new("lifetimes.answer", 10, 600, "JARM-20"),
    Bounds::new("lifetimes.signing_key", 3600, 730 * DAY, "JWKS-03"),
];

impl Bounds {
    const fn new(key: &'static str, least: u64, most: u64, rule: &'static str) -> Self {
        Self { key, least, most, rule }
    }

    /// The bounds of a configuration key, if it is a lifetime.
    pub(super) fn of(key: &str) -> Option<&'static Self> {
        LIFETIMES.iter().find(|bounds| bounds.key == key)
    }

    /// What is said of a value that does not pass.
    pub(super) fn refuse(&self, wrong: String) -> Refusal {
        let passes = format!("A whole number of seconds, {} to {}.", self.least, self.most);
        Refusal::new(self.key, wrong, passes, self.rule)
    }
}
