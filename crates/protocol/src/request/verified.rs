use countersign_jose::{Algorithm, Thumbprint};

use super::RequestParameters;

/// A request object whose signature, audience, times and `client_id` all held (RFC 9101 §6).
///
/// Only [`super::RequestObject::verify`] makes one, so the claims of an unverified object cannot reach anything
/// that takes this type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedRequest {
    pub(super) parameters: RequestParameters,
    pub(super) object: String,
    pub(super) algorithm: Algorithm,
    pub(super) key: Thumbprint,
}

impl VerifiedRequest {
    /// The object exactly as it was received, for evidence.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The key that signed it.
    pub fn key(&self) -> Thumbprint {
        self.key
    }

    /// The algorithm it is signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What it asks for.
    pub fn parameters(&self) -> &RequestParameters {
        &self.parameters
    }
}
