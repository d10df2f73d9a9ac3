//! What the server remembers so that others can verify it: records and keys as leaves, the bytes sealed beside them.
//!
//! [`EvidenceKeeper`] makes statements; they are committed in the unit of the answer they are about, so a flow whose
//! evidence cannot be kept is refused. [`EvidenceKeeper::sequence`] puts what is pending into the log afterwards.

mod export;
mod keeper;
mod original;
mod sequence;
#[cfg(test)]
mod tests;

pub use export::ExportError;
pub use keeper::EvidenceKeeper;
pub(crate) use keeper::new_record_id;
pub use original::open_original;
pub use sequence::SequenceError;
