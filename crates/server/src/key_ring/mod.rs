//! The keys the server signs with: prepublished → active → retired → archived, rotated by age and by command.
//!
//! They live in the database, sealed; a ring holds the active ones parsed. Every node watches the database
//! ([`KeyRing::maintain`], every few seconds), so a rotation anywhere is seen everywhere. Two nodes that rotate at the
//! same moment rotate once.

mod keys;
mod plan;
mod ring;
#[cfg(test)]
mod tests;

pub use keys::Published;
pub(crate) use plan::CACHE_TIME;
pub use ring::{KeyRing, KeyRingError, Rotation};
