use countersign_jose::{JwkSetError, SignError};
use countersign_protocol::reason::Reason;
use serde::Deserialize;

use crate::Answer;

/// Why a step of a login did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A message did not hold, by this rule.
    #[error("{0}")]
    Refused(Reason),
    /// The server answered that it refuses.
    #[error(transparent)]
    Answered(#[from] ErrorAnswer),
    /// No answer came, or not a whole one.
    #[error("{url}: {problem}")]
    Transport {
        /// What was asked, without its query.
        url: String,
        /// What happened.
        problem: String,
    },
    /// An answer was larger than is read (META-07).
    #[error("{url}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// What was asked, without its query.
        url: String,
        /// How much would have been read.
        limit: usize,
    },
    /// A document at a well-known address is not what it should be (META-07).
    #[error("{url}: not the expected JSON document: {problem}")]
    Document {
        /// Its address.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The published keys are not a key set that can be relied on.
    #[error("{url}: {error}")]
    Keys {
        /// The address of the key set.
        url: String,
        /// Why.
        error: JwkSetError,
    },
    /// The client's own key did not sign.
    #[error("signing failed: {0}")]
    Signing(#[from] SignError),
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}

impl From<Reason> for ClientError {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl ClientError {
    /// The rule of this client that refused, if one did.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Refused(reason) => Some(*reason),
            _ => None,
        }
    }
}

/// An error answer of the server (RFC 6749 §5.2, RFC 6750 §3). Its texts are the server's: escape before showing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the server answered {status} {}: {}", .error.as_deref().unwrap_or("without an error code"), .description.as_deref().unwrap_or("no description"))]
pub struct ErrorAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The `error` code, if the answer had one.
    pub error: Option<String>,
    /// The `error_description`, if the answer had one.
    pub description: Option<String>,
}

/// The members of an error answer that are read; of whatever else came, nothing is believed.
#[derive(Deserialize, Default)]
struct ErrorBody {
    error: Option<String>,
    error_description: Option<String>,
}

impl ErrorAnswer {
    /// Reads an answer that is no success.
    pub(crate) fn read(answer: &Answer) -> Self {
        let ErrorBody { error, error_description } = serde_json::from_slice(&answer.body).unwrap_or_default();
        Self { status: answer.status, error, description: error_description }
    }
}
