//! One thing that happened in one transaction, as a leaf of the log.
//!
//! The leaf bytes are JSON, UTF-8, without white space, members in exactly this order:
//!
//! ```json
//! {"v":1,"issuer":"…","transaction":"…","kind":"…","at":1700000000,"client_id":"…",
//!  "digests":[{"of":"…","digest":"…"}],"keys":[{"made":"…","thumbprint":"…"}],"facts":{"…":"…"}}
//! ```
//!
//! (shown on two lines, written on one). `digests` and `keys` are in the order of their enumerations, each at most
//! once; `facts` is sorted by name. Strings escape only what JSON demands, as `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`
//! or `\u00xx` in lower case. There is one way to write a record, and [`Record::from_leaf`] refuses every other, so
//! equal records have equal hashes and nothing can be hidden beside the members.
//!
//! A record holds no personal data: what a person said or saw is in bytes of which only the salted digest is here.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use countersign_jose::Thumbprint;
use countersign_protocol::parameter::{ClientId, Issuer, TransactionId};
use countersign_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::{Salt, SaltedDigest};

/// Longest leaf, in bytes: what an entry of a C2SP `tlog-tiles` entry bundle can hold.
pub const MAX_LEAF_BYTES: usize = u16::MAX as usize;
/// Most facts in one record.
const MAX_FACTS: usize = 32;
/// Longest fact, in bytes.
const MAX_FACT_BYTES: usize = 2048;
/// Version of the leaf format.
const LEAF_VERSION: u8 = 1;

/// Fact of an answer: the address it was sent to. Verification compares it with the request's.
pub const FACT_REDIRECT_URI: &str = "redirect_uri";
/// Fact of an answer: the response mode it was sent with, `jwt` resolved. Verification compares it with the request's.
pub const FACT_RESPONSE_MODE: &str = "response_mode";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// An authorization request arrived and held.
    RequestReceived,
    /// An authorization request arrived and was refused.
    RequestRefused,
    /// The person, or the policy, decided.
    Decision,
    /// The authorization response left, code or error.
    ResponseSent,
    /// Tokens were issued for the code, or refreshed.
    TokensIssued,
    /// Tokens of this transaction were revoked.
    TokensRevoked,
}

/// Which bytes a digest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Original {
    /// The signed request object, a compact JWS as received (after decryption where it was encrypted).
    RequestObject,
    /// A request without a request object: its parameters, form-encoded in the order received. Nobody signed it.
    RequestParameters,
    /// The decision, as [`Decision`](crate::decision::Decision) writes it.
    Decision,
    /// What the person was shown before deciding, as the page was sent.
    Shown,
    /// The signed authorization response, a compact JWS as sent (before encryption where it was encrypted).
    ResponseJwt,
    /// An authorization response without JARM: its parameters, form-encoded. Nobody signed it.
    ResponseParameters,
}

/// What a key made in this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// Client key: the signature of the request object.
    RequestObject,
    /// Client key: the client assertion (`private_key_jwt`).
    ClientAssertion,
    /// Key of a client instance: the DPoP proof.
    DpopProof,
    /// Server key: the signature of the authorization response.
    ResponseJwt,
    /// Server key: the ID token.
    IdToken,
    /// Server key: the access token.
    AccessToken,
}

/// A salted digest and what it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestOf {
    /// Which bytes.
    pub of: Original,
    /// Their salted digest.
    pub digest: SaltedDigest,
}

/// A key and what it made in this step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUse {
    /// What the key made.
    pub made: Made,
    /// RFC 7638 SHA-256 thumbprint of the public key.
    pub thumbprint: Thumbprint,
}

/// One leaf: who, when, which bytes, which keys, and a few facts that name no person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The issuer in whose log this is.
    pub issuer: Issuer,
    /// The transaction this is part of.
    pub transaction: TransactionId,
    /// What happened.
    pub kind: RecordKind,
    /// When, by the server's clock.
    pub at: UnixTime,
    /// The client whose transaction it is.
    pub client_id: ClientId,
    /// Digests of the bytes that belong to this step, in the order of [`Original`], each at most once.
    pub digests: Vec<DigestOf>,
    /// Keys that were used in this step, in the order of [`Made`], each at most once.
    pub keys: Vec<KeyUse>,
    /// Facts by name: protocol values such as `response_mode`, `redirect_uri`, `profile`. Never anything of a person.
    pub facts: BTreeMap<String, String>,
}

/// Why bytes are no leaf, or a record cannot become one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LeafError {
    /// Not JSON of this shape.
    #[error("not the JSON of a leaf (EVD-08): {0}")]
    Shape(String),
    /// The right members written in another way than the one canonical way.
    #[error("the leaf is not in canonical form: members in order, no white space, nothing else (EVD-08)")]
    NotCanonical,
    /// A rule about the contents is broken.
    #[error("the leaf breaks a rule (EVD-09): {0}")]
    Content(&'static str),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    v: u8,
    issuer: Issuer,
    transaction: TransactionId,
    kind: RecordKind,
    at: UnixTime,
    client_id: ClientId,
    digests: Vec<DigestOf>,
    keys: Vec<KeyUse>,
    facts: BTreeMap<String, String>,
}

impl Record {
    /// A record without bytes, keys and facts yet.
    #[must_use]
    pub fn new(
        issuer: Issuer,
        transaction: TransactionId,
        kind: RecordKind,
        at: UnixTime,
        client_id: ClientId,
    ) -> Self {
        let (digests, keys, facts) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { issuer, transaction, kind, at, client_id, digests, keys, facts }
    }

    /// Adds the salted digest of `bytes`. Keep `bytes` and `salt` beside the record, erasable.
    #[must_use]
    pub fn with_bytes(mut self, of: Original, salt: &Salt, bytes: &[u8]) -> Self {
        self.digests.push(DigestOf { of, digest: salt.digest(bytes) });
        self.digests.sort_by_key(|entry| entry.of);
        self
    }

    /// Adds a key that was used in this step. Archive it before or with the record, or its signature proves nothing.
    #[must_use]
    pub fn with_key(mut self, made: Made, thumbprint: Thumbprint) -> Self {
        self.keys.push(KeyUse { made, thumbprint });
        self.keys.sort_by_key(|key| key.made);
        self
    }

    /// Adds a fact, which must name no person.
    #[must_use]
    pub fn with_fact(mut self, name: &str, value: &str) -> Self {
        self.facts.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The canonical leaf bytes.
    ///
    /// # Errors
    /// [`LeafError::Content`] when digests or keys are out of order or doubled, a thumbprint is none, or there is too
    /// much of anything.
    pub fn to_leaf(&self) -> Result<Vec<u8>, LeafError> {
        self.check()?;
        let record = self.clone();
        canonical_json(&Leaf {
            v: LEAF_VERSION,
            issuer: record.issuer,
            transaction: record.transaction,
            kind: record.kind,
            at: record.at,
            client_id: record.client_id,
            digests: record.digests,
            keys: record.keys,
            facts: record.facts,
        })
    }

    /// Reads a leaf back; the bytes must be exactly those [`Record::to_leaf`] writes (EVD-08).
    ///
    /// # Errors
    /// Everything else, with the rule broken.
    pub fn from_leaf(bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf: Leaf = parse_canonical(bytes)?;
        if leaf.v != LEAF_VERSION {
            return Err(LeafError::Content("the version is 1"));
        }
        let record = Self {
            issuer: leaf.issuer,
            transaction: leaf.transaction,
            kind: leaf.kind,
            at: leaf.at,
            client_id: leaf.client_id,
            digests: leaf.digests,
            keys: leaf.keys,
            facts: leaf.facts,
        };
        record.check()?;
        Ok(record)
    }

    /// The digest of `original` in this record.
    #[must_use]
    pub fn digest_of(&self, original: Original) -> Option<&SaltedDigest> {
        self.digests.iter().find(|entry| entry.of == original).map(|entry| &entry.digest)
    }

    /// The thumbprint of the key that made `made` in this step.
    #[must_use]
    pub fn key_that_made(&self, made: Made) -> Option<Thumbprint> {
        self.keys.iter().find(|key| key.made == made).map(|key| key.thumbprint)
    }

    fn check(&self) -> Result<(), LeafError> {
        if !self.digests.is_sorted_by(|left, right| left.of < right.of) {
            return Err(LeafError::Content(
                "digests stand in the order of their kinds of bytes, each at most once",
            ));
        }
        if !self.keys.is_sorted_by(|left, right| left.made < right.made) {
            return Err(LeafError::Content("keys stand in the order of what they made, each at most once"));
        }
        let fact_name = |name: &String| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if self.facts.len() > MAX_FACTS || !self.facts.keys().all(fact_name) {
            return Err(LeafError::Content("facts are at most 32, named with 1 to 64 of a-z, 0-9 and _"));
        }
        if self.facts.values().any(|value| value.len() > MAX_FACT_BYTES) {
            return Err(LeafError::Content("a fact is at most 2048 bytes"));
        }
        Ok(())
    }
}

/// Gives an enumeration its names: the same in leaves, in text and in a database.
macro_rules! named {
    ($enumeration:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $enumeration {
            /// The name, as it stands in leaves.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl fmt::Display for $enumeration {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $enumeration {
            type Err = LeafError;

            fn from_str(name: &str) -> Result<Self, LeafError> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(LeafError::Content(concat!("no such ", stringify!($enumeration)))),
                }
            }
        }
    };
}

named!(RecordKind {
    RequestReceived = "request_received",
    RequestRefused = "request_refused",
    Decision = "decision",
    ResponseSent = "response_sent",
    TokensIssued = "tokens_issued",
    TokensRevoked = "tokens_revoked",
});

named!(Original {
    RequestObject = "request_object",
    RequestParameters = "request_parameters",
    Decision = "decision",
    Shown = "shown",
    ResponseJwt = "response_jwt",
    ResponseParameters = "response_parameters",
});

/// The one way to write a leaf: struct members in their order, no white space.
pub(crate) fn canonical_json(leaf: &impl Serialize) -> Result<Vec<u8>, LeafError> {
    let bytes = serde_json::to_vec(leaf).map_err(|error| LeafError::Shape(error.to_string()))?;
    if bytes.len() > MAX_LEAF_BYTES {
        return Err(LeafError::Content("a leaf is at most 65535 bytes"));
    }
    Ok(bytes)
}

/// Reads what [`canonical_json`] wrote, and nothing else: writing it again must give the same bytes.
pub(crate) fn parse_canonical<T>(bytes: &[u8]) -> Result<T, LeafError>
where
    T: Serialize + for<'de> Deserialize<'de>,
{
    if bytes.len() > MAX_LEAF_BYTES {
        return Err(LeafError::Content("a leaf is at most 65535 bytes"));
    }
    let leaf: T = serde_json::from_slice(bytes).map_err(|error| LeafError::Shape(error.to_string()))?;
    if canonical_json(&leaf)? == bytes { Ok(leaf) } else { Err(LeafError::NotCanonical) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            issuer: "https://as.example".parse().unwrap(),
            transaction: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            kind: RecordKind::RequestReceived,
            at: UnixTime::from_secs(1_700_000_000),
            client_id: "shop".parse().unwrap(),
            digests: vec![DigestOf {
                of: Original::RequestObject,
                digest: Salt::from_bytes([1; 32]).digest(b"x"),
            }],
            keys: vec![KeyUse { made: Made::RequestObject, thumbprint: "A".repeat(43).parse().unwrap() }],
            facts: [("profile".to_owned(), "baseline".to_owned())].into(),
        }
    }

    #[test]
    fn evd_08_leaf_bytes_are_exactly_these() {
        let leaf = String::from_utf8(record().to_leaf().unwrap()).unwrap();
        let digest = countersign_jose::base64url::encode(Salt::from_bytes([1; 32]).digest(b"x").as_bytes());
        let thumbprint = "A".repeat(43);
        assert_eq!(
            leaf,
            format!(
                concat!(
                    r#"{{"v":1,"issuer":"https://as.example","transaction":"01890a5d-ac96-774b-bcce-b302099a8057","#,
                    r#""kind":"request_received","at":1700000000,"client_id":"shop","#,
                    r#""digests":[{{"of":"request_object","digest":"{}"}}],"#,
                    r#""keys":[{{"made":"request_object","thumbprint":"{}"}}],"facts":{{"profile":"baseline"}}}}"#
                ),
                digest, thumbprint
            )
        );
        assert_eq!(Record::from_leaf(leaf.as_bytes()), Ok(record()));
    }

    #[test]
    fn evd_08_every_other_spelling_is_refused() {
        let leaf = String::from_utf8(record().to_leaf().unwrap()).unwrap();
        for (what, other) in [
            ("white space", leaf.replace("\"v\":1,", "\"v\":1, ")),
            ("trailing newline", format!("{leaf}\n")),
            ("member order", leaf.replace("{\"v\":1,", "{").replace(",\"facts\"", ",\"v\":1,\"facts\"")),
            ("unknown member", leaf.replace("{\"v\":1,", "{\"v\":1,\"x\":0,")),
            ("doubled member", leaf.replace("{\"v\":1,", "{\"v\":1,\"v\":1,")),
            ("doubled fact", leaf.replace("\"profile\":", "\"profile\":\"x\",\"profile\":")),
            ("missing member", leaf.replace(",\"facts\":{\"profile\":\"baseline\"}", "")),
            ("needless escape", leaf.replace("\"shop\"", "\"sh\\u006fp\"")),
            ("number with fraction", leaf.replace("1700000000", "1700000000.0")),
            ("other version", leaf.replace("\"v\":1", "\"v\":2")),
            ("unknown kind", leaf.replace("request_received", "request_dropped")),
            ("short thumbprint", leaf.replace(&"A".repeat(43), &"A".repeat(42))),
            ("loose last character", leaf.replace(&"A".repeat(43), &format!("{}B", "A".repeat(42)))),
            ("issuer that is none", leaf.replace("https://as", "ftp://as")),
        ] {
            assert_ne!(other, leaf, "{what}: the case changes something");
            assert!(Record::from_leaf(other.as_bytes()).is_err(), "{what}");
        }
    }

    #[test]
    fn evd_08_names_are_the_same_everywhere() {
        use Original::{RequestObject, RequestParameters, ResponseJwt, ResponseParameters, Shown};
        use RecordKind::{RequestReceived, RequestRefused, ResponseSent, TokensIssued, TokensRevoked};
        let kinds = [
            RequestReceived,
            RequestRefused,
            RecordKind::Decision,
            ResponseSent,
            TokensIssued,
            TokensRevoked,
        ];
        for kind in kinds {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        let originals =
            [RequestObject, RequestParameters, Original::Decision, Shown, ResponseJwt, ResponseParameters];
        for original in originals {
            assert_eq!(serde_json::to_value(original).unwrap(), original.as_str());
            assert_eq!(original.as_str().parse(), Ok(original));
        }
        assert!("Decision".parse::<Original>().is_err() && "".parse::<RecordKind>().is_err());
    }

    #[test]
    fn evd_09_parts_may_be_added_in_any_order() {
        let salt = Salt::from_bytes([1; 32]);
        let thumbprint = record().keys[0].thumbprint;
        let mut built = Record { digests: vec![], keys: vec![], ..record() }
            .with_bytes(Original::Shown, &salt, b"page")
            .with_bytes(Original::RequestObject, &salt, b"x")
            .with_key(Made::DpopProof, thumbprint)
            .with_key(Made::RequestObject, thumbprint)
            .with_fact(FACT_RESPONSE_MODE, "query.jwt");
        assert!(built.to_leaf().is_ok());
        assert_eq!(built.digest_of(Original::Shown), Some(&salt.digest(b"page")));
        built.digests.reverse();
        assert!(built.to_leaf().is_err());
    }

    #[test]
    fn evd_09_record_rules() {
        let doubled_digest = |record: &mut Record| record.digests.push(record.digests[0]);
        let doubled_key = |record: &mut Record| record.keys.push(record.keys[0].clone());
        let bad_name = |record: &mut Record| drop(record.facts.insert("Given Name".into(), String::new()));
        let long_fact = |record: &mut Record| drop(record.facts.insert("x".into(), "y".repeat(2049)));
        let many =
            |record: &mut Record| record.facts.extend((0..33).map(|n| (format!("f{n}"), String::new())));
        type Breaks = fn(&mut Record);
        let rules: [(&str, Breaks); 5] = [
            ("digest twice", doubled_digest),
            ("key twice", doubled_key),
            ("fact name", bad_name),
            ("long fact", long_fact),
            ("many facts", many),
        ];
        for (what, breaks) in rules {
            let mut broken = record();
            breaks(&mut broken);
            assert!(matches!(broken.to_leaf(), Err(LeafError::Content(_))), "{what}");
        }
    }
}
