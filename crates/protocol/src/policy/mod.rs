//! Which controls a flow must show: tables that can be read aloud, and the verdict over one flow.

mod control;
mod profile;
mod verdict;

pub use control::{Control, Facts};
pub use profile::{InvalidProfileName, Profile, ProfileName};
pub use verdict::{Finding, Verdict};
