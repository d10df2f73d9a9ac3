//! What can go wrong at a command line, beyond what failed underneath.

use std::fmt;

use countersign_protocol::registration::InvalidClientMetadata;
use serde::Serialize;

/// The command asks for something that makes no sense: exit code 2.
#[derive(Clone, Debug)]
pub(crate) struct Usage(pub(crate) String);

/// A value was refused by a rule: which one, what was wrong, what would pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    /// The configuration key or metadata member at fault.
    pub(crate) subject: String,
    /// What was found, and why that does not do.
    pub(crate) wrong: String,
    /// What would pass.
    pub(crate) passes: String,
    /// The rule behind it.
    pub(crate) rule: String,
}

impl Refusal {
    pub(crate) fn new(
        subject: impl Into<String>,
        wrong: impl Into<String>,
        passes: impl Into<String>,
        rule: impl Into<String>,
    ) -> Self {
        Self { subject: subject.into(), wrong: wrong.into(), passes: passes.into(), rule: rule.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  What would pass: {} [{}]", self.subject, self.wrong, self.passes, self.rule)
    }
}

impl std::error::Error for Refusal {}

impl From<InvalidClientMetadata> for Refusal {
    fn from(refused: InvalidClientMetadata) -> Self {
        Self::new(refused.member, refused.wrong, refused.passes, refused.rule)
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}
