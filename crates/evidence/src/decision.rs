//! What was decided, as bytes whose digest the log keeps.
//!
//! JSON, UTF-8, without white space, members in exactly this order:
//!
//! ```json
//! {"v":1,"transaction":"…","client_id":"…","subject":"…","outcome":"granted","scope":"openid profile",
//!  "authenticated_at":1700000000,"acr":null}
//! ```
//!
//! These bytes name a person (pseudonymously), so they are kept beside the log, salted, and can be erased.

use countersign_protocol::parameter::{ClientId, Scope, Subject, TransactionId};
use countersign_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use crate::record::{LeafError, canonical_json, parse_canonical};

/// How it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The person granted what was asked, or part of it.
    Granted,
    /// The person declined.
    Denied,
    /// The server decided without asking the person: an earlier grant covers the request.
    GrantedBefore,
    /// The server refused.
    Refused,
}

/// Who decided what for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    v: Version,
    /// The transaction in which it was decided.
    pub transaction: TransactionId,
    /// The client that is given or refused access.
    pub client_id: ClientId,
    /// The person, as the issuer names them; absent when nobody logged in.
    pub subject: Option<Subject>,
    /// Granted or not, and by whom.
    pub outcome: Outcome,
    /// What was granted; empty when nothing was.
    pub scope: Scope,
    /// When the person logged in.
    pub authenticated_at: Option<UnixTime>,
    /// How strongly (`acr`), where the server says so.
    pub acr: Option<String>,
}

/// The version number 1, and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct Version;

impl TryFrom<u8> for Version {
    type Error = &'static str;

    fn try_from(version: u8) -> Result<Self, Self::Error> {
        if version == 1 { Ok(Self) } else { Err("the version is 1") }
    }
}

impl From<Version> for u8 {
    fn from(_: Version) -> Self {
        1
    }
}

impl Decision {
    /// A decision about nobody and nothing yet: fill in the public members.
    #[must_use]
    pub fn new(transaction: TransactionId, client_id: ClientId, outcome: Outcome, scope: Scope) -> Self {
        Self {
            v: Version,
            transaction,
            client_id,
            subject: None,
            outcome,
            scope,
            authenticated_at: None,
            acr: None,
        }
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// More than 65,535 bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LeafError> {
        canonical_json(self)
    }

    /// Reads the bytes back, strictly.
    ///
    /// # Errors
    /// Every other spelling (EVD-17).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LeafError> {
        parse_canonical(bytes)
    }

    /// Whether access was given.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        matches!(self.outcome, Outcome::Granted | Outcome::GrantedBefore)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision() -> Decision {
        let mut decision = Decision::new(
            "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            "shop".parse().unwrap(),
            Outcome::Granted,
            "profile openid".parse().unwrap(),
        );
        decision.subject = Some("p-1".parse().unwrap());
        decision
    }

    #[test]
    fn evd_17_decision_bytes_are_exactly_these() {
        let bytes = decision().to_bytes().unwrap();
        let expected = concat!(
            r#"{"v":1,"transaction":"01890a5d-ac96-774b-bcce-b302099a8057","client_id":"shop","subject":"p-1","#,
            r#""outcome":"granted","scope":"openid profile","authenticated_at":null,"acr":null}"#
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        assert_eq!(Decision::from_bytes(&bytes), Ok(decision()));
    }

    #[test]
    fn evd_17_every_other_spelling_is_refused() {
        let text = String::from_utf8(decision().to_bytes().unwrap()).unwrap();
        for (what, other) in [
            ("scope out of order", text.replace("openid profile", "profile openid")),
            ("doubled scope", text.replace("openid profile", "openid openid profile")),
            ("other version", text.replace("\"v\":1", "\"v\":2")),
            ("unknown outcome", text.replace("granted", "maybe")),
            ("missing member", text.replace(",\"acr\":null", "")),
            ("unknown member", text.replace("null}", "null,\"x\":1}")),
            ("white space", text.replace(',', ", ")),
        ] {
            assert_ne!(other, text, "{what}: the case changes something");
            assert!(Decision::from_bytes(other.as_bytes()).is_err(), "{what}");
        }
    }
}
