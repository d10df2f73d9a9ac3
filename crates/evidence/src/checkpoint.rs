//! Checkpoints: what the log signs, in the format of C2SP `tlog-checkpoint`.
//!
//! Three lines: the origin, the size in decimal, the root hash in base64. The signed form is a
//! [`SignedNote`] under a key whose name is the origin.
//!
//! The origin is the issuer without its scheme and without a trailing slash, followed by `/evidence`:
//! `https://as.example/tenant` logs as `as.example/tenant/evidence`. A `+` in the issuer's path is written `%2B`,
//! because key names cannot hold one.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_jose::Signer;
use countersign_protocol::parameter::Issuer;
use thiserror::Error;

use crate::note::{NoteError, SignedNote, VerifierKey};
use crate::tree::Hash;

/// Names one log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Size and root of a log, as it signs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// Number of leaves.
    pub size: u64,
    /// Root hash over all of them.
    pub root: Hash,
}

/// Why a checkpoint was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The note around it, or its signature.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text of the note is no checkpoint.
    #[error(
        "not a checkpoint: three lines, origin, decimal size and base64 root (EVD-11, C2SP tlog-checkpoint)"
    )]
    Body,
    /// The origin is not the name of the key.
    #[error("the checkpoint is of the log {origin}, the key of {key} (EVD-11)")]
    Origin {
        /// Origin in the checkpoint.
        origin: String,
        /// Name of the key.
        key: String,
    },
}

impl Origin {
    /// The origin of the log of `issuer` (EVD-14).
    #[must_use]
    pub fn of(issuer: &Issuer) -> Self {
        let issuer = issuer.as_str();
        let without_scheme = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        Self(format!("{}/evidence", without_scheme.trim_end_matches('/').replace('+', "%2B")))
    }

    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Checkpoint {
    /// Signs the checkpoint as `key`.
    ///
    /// # Errors
    /// A key of another log, or what [`SignedNote::sign`] refuses.
    pub fn sign(&self, key: &VerifierKey, signer: &dyn Signer) -> Result<SignedNote, CheckpointError> {
        self.check_name(key)?;
        Ok(SignedNote::sign(&self.to_string(), key, signer)?)
    }

    /// The checkpoint in `note`, once the signature by `key` held and the origin is the key's name.
    ///
    /// # Errors
    /// Everything else.
    pub fn open(note: &SignedNote, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint: Self = note.verify(key)?.parse()?;
        checkpoint.check_name(key)?;
        Ok(checkpoint)
    }

    fn check_name(&self, key: &VerifierKey) -> Result<(), CheckpointError> {
        if self.origin.as_str() == key.name() {
            return Ok(());
        }
        Err(CheckpointError::Origin { origin: self.origin.to_string(), key: key.name().to_owned() })
    }
}

impl fmt::Display for Checkpoint {
    /// The body that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Accepts exactly what [`Checkpoint`] prints; extension lines are refused, since this log has none.
    fn from_str(body: &str) -> Result<Self, CheckpointError> {
        let read = || -> Option<Self> {
            let mut lines = body.lines();
            let origin = Origin(lines.next()?.to_owned());
            let size = lines.next()?.parse().ok()?;
            let root = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
            Some(Self { origin, size, root })
        };
        read()
            .filter(|read| !read.origin.0.is_empty() && read.to_string() == body)
            .ok_or(CheckpointError::Body)
    }
}
