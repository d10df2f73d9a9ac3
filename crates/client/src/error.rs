use countersign_jose::SignError;
use countersign_protocol::reason::Reason;

/// Why a login did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A message was refused; the login may still wait for the honest one.
    #[error("{0}")]
    Refused(Reason),
    /// The server answered with an OAuth error.
    #[error("the server answered {status} {error}: {description}")]
    Answered {
        /// The HTTP status.
        status: u16,
        /// The OAuth code.
        error: String,
        /// What the server says about it; escape before showing.
        description: String,
    },
    /// The server could not be reached, was too slow, or sent too much.
    #[error("{0}")]
    Transport(String),
    /// A key of this client failed to sign.
    #[error(transparent)]
    Signing(#[from] SignError),
}

impl From<Reason> for ClientError {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

impl ClientError {
    /// The reason, if a message was refused.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Refused(reason) => Some(*reason),
            _ => None,
        }
    }
}
