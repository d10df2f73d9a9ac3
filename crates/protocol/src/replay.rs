//! Single use: what was verified is not usable before what makes it unique was spent.

use countersign_jose::sha256;
use serde::{Deserialize, Serialize};

use crate::parameter::ClientId;
use crate::reason::Reason;
use crate::time::UnixTime;

/// What an identifier was issued for; one namespace each, so that a value spent in one is not spent in another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The `jti` (or digest) of a request object (JAR-105).
    RequestObject,
    /// The `jti` of a client assertion (CAUTH-13).
    ClientAssertion,
    /// The `jti` of a DPoP proof (DPOP-06).
    DpopProof,
}

impl Purpose {
    /// The name stored beside the identifier.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestObject => "request_object",
            Self::ClientAssertion => "client_assertion",
            Self::DpopProof => "dpop_proof",
        }
    }
}

impl Purpose {
    /// What is said to whoever uses an identifier of this kind again.
    pub const fn replayed(self) -> Reason {
        match self {
            Self::RequestObject => Reason::RequestObjectReplayed,
            Self::ClientAssertion => Reason::AssertionReplayed,
            Self::DpopProof => Reason::ProofReplayed,
        }
    }
}

/// One identifier that may be used once: (owner, purpose, digest of the identifier), until it has expired anyway.
///
/// The issuer is added by the store, as the first part of every key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReplayKey {
    /// The client it belongs to, or the thumbprint of the key that signed a DPoP proof.
    pub owner: String,
    /// The namespace.
    pub purpose: Purpose,
    /// SHA-256 of the identifier: of fixed size, whatever was sent (JAR-107).
    pub digest: [u8; 32],
    /// From when on the message is refused for its age, so that the entry can be forgotten.
    pub expires: UnixTime,
}

impl ReplayKey {
    /// The identifier of a message of `client`.
    pub fn of_client(client: &ClientId, purpose: Purpose, identifier: &[u8], expires: UnixTime) -> Self {
        Self { owner: client.to_string(), purpose, digest: sha256(identifier), expires }
    }

    /// The identifier of a DPoP proof signed with the key of this thumbprint.
    pub fn of_key(thumbprint: &str, identifier: &[u8], expires: UnixTime) -> Self {
        Self {
            owner: thumbprint.to_owned(),
            purpose: Purpose::DpopProof,
            digest: sha256(identifier),
            expires,
        }
    }
}

/// A verified value whose identifiers are not spent yet.
///
/// The value comes out only together with the identifiers to spend, so that verifying without spending does not
/// pass unnoticed. A replay admitted here lets a captured message act twice.
#[derive(Debug)]
#[must_use = "spend the identifiers with the state change they protect"]
pub struct Unspent<T> {
    value: T,
    spends: Spends,
}

/// Identifiers to be spent in the same unit as the state change they protect: all of them, or nothing happens.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[must_use = "spend the identifiers with the state change they protect"]
pub struct Spends(Vec<ReplayKey>);

impl<T> Unspent<T> {
    /// Wraps a value that was just verified.
    pub(crate) fn new(value: T, key: Option<ReplayKey>) -> Self {
        Self { value, spends: Spends(key.into_iter().collect()) }
    }

    /// A value that came without anything to spend: a plain request.
    pub(crate) fn without_identifier(value: T) -> Self {
        Self::new(value, None)
    }

    /// The next step of the same message; what is to be spent stays with it.
    ///
    /// # Errors
    /// What the step refuses.
    pub fn map<U, E>(self, step: impl FnOnce(T) -> Result<U, E>) -> Result<Unspent<U>, E> {
        Ok(Unspent { value: step(self.value)?, spends: self.spends })
    }

    /// The value, and what must be spent for it to count.
    pub fn into_parts(self) -> (T, Spends) {
        (self.value, self.spends)
    }
}

impl Spends {
    /// What to spend, one entry each.
    pub fn keys(&self) -> &[ReplayKey] {
        &self.0
    }

    /// Adds what another part of the same message must spend.
    pub fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}
