//! What the verification of a bundle found, in words for a person and ids for a program.

use std::fmt;

use serde::Serialize;

/// How one check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The check was made and held.
    Held,
    /// The check was made and failed: the evidence does not stand.
    Broken,
    /// The check could not be made with what is in the file.
    NotCheckable,
}

/// What was checked. Each has a requirement id in `docs/requirements/evidence.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The file is a bundle, in the one form it is written in.
    File,
    /// The checkpoint's signature.
    Checkpoint,
    /// Whose key signed the checkpoint.
    LogKey,
    /// A leaf is in the tree of the checkpoint.
    Inclusion,
    /// Original bytes are those whose digest was recorded.
    Bytes,
    /// The client signed the request.
    RequestSignature,
    /// The server signed the answer.
    AnswerSignature,
    /// The request is this client's, to this issuer.
    Request,
    /// The answer is to this request.
    Answer,
    /// The decision is about this request, and the answer follows from it.
    Decision,
    /// One request, at most one decision, at most one answer.
    Once,
    /// The times are in a possible order.
    Times,
}

impl Check {
    /// The requirement this check answers for.
    #[must_use]
    pub const fn requirement(self) -> &'static str {
        match self {
            Self::File => "EVD-20",
            Self::Checkpoint => "EVD-21",
            Self::LogKey => "EVD-22",
            Self::Inclusion => "EVD-23",
            Self::Bytes => "EVD-24",
            Self::RequestSignature => "EVD-25",
            Self::AnswerSignature => "EVD-26",
            Self::Request => "EVD-27",
            Self::Answer => "EVD-28",
            Self::Decision => "EVD-29",
            Self::Once => "EVD-30",
            Self::Times => "EVD-31",
        }
    }
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub id: Check,
    /// Its requirement id.
    pub requirement: &'static str,
    /// How it ended.
    pub status: Status,
    /// The same, for a person.
    pub sentence: String,
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every check, in the order in which it was made.
    pub findings: Vec<Finding>,
    /// What follows from the checks that held. Empty when one is broken.
    pub proven: Vec<String>,
    /// What does not follow from them, whatever the file says.
    pub not_proven: Vec<String>,
}

impl Report {
    /// Whether nothing is broken. What was not checkable does not count against the evidence; it counts for nothing.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.status != Status::Broken)
    }

    /// Whether `id` was checked, at least once, and held every time.
    #[must_use]
    pub fn held(&self, id: Check) -> bool {
        let mut same = self.findings.iter().filter(|finding| finding.id == id).peekable();
        same.peek().is_some() && same.all(|finding| finding.status == Status::Held)
    }

    /// Findings that are broken.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.status == Status::Broken)
    }

    pub(crate) fn add(&mut self, id: Check, status: Status, sentence: impl Into<String>) {
        self.findings.push(Finding { id, requirement: id.requirement(), status, sentence: sentence.into() });
    }

    /// Adds `held` or `broken` as the outcome of one comparison.
    pub(crate) fn compare(
        &mut self,
        id: Check,
        good: bool,
        held: impl Into<String>,
        broken: impl Into<String>,
    ) {
        match good {
            true => self.add(id, Status::Held, held),
            false => self.add(id, Status::Broken, broken),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Held => "held",
            Self::Broken => "BROKEN",
            Self::NotCheckable => "not checkable",
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{:<13}  {}  {}", finding.status, finding.requirement, finding.sentence)?;
        }
        let verdict = if self.holds() { "The evidence holds." } else { "The evidence does not hold." };
        writeln!(f, "\n{verdict}")?;
        for (title, sentences) in [("Proven:", &self.proven), ("Not proven:", &self.not_proven)] {
            if !sentences.is_empty() {
                writeln!(f, "\n{title}")?;
            }
            for sentence in sentences {
                writeln!(f, "- {sentence}")?;
            }
        }
        Ok(())
    }
}
