//! Public keys, kept for ever: whose they were, what for, and when they counted.
//!
//! Without them a signature cannot be verified once a key has rotated away. Each archived key is a leaf of the log, so
//! that nobody can later put another key in its place. The leaf bytes are JSON as in [`record`](crate::record):
//!
//! ```json
//! {"v":1,"issuer":"…","kind":"key_published","at":1700000000,"owner":{"client":"…"},"purpose":"signing",
//!  "alg":"ES256","valid_from":1700000000,"valid_to":null,"thumbprint":"…","jwk":{"crv":"…","kty":"EC","x":"…","y":"…"}}
//! ```
//!
//! `jwk` holds exactly the members of RFC 7638 §3.2, in its order, so that its SHA-256 is the thumbprint. A key whose
//! end is not yet known has `valid_to` null; when it ends, a second leaf with kind `key_retired` says when.

use countersign_jose::{Algorithm, Jwk, VerifyingKey, base64url, sha256};
use countersign_protocol::parameter::{ClientId, Issuer};
use countersign_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use crate::record::{LeafError, canonical_json, parse_canonical};

const LEAF_VERSION: u8 = 1;

/// What a key leaf says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyEvent {
    /// The key was published by its owner, or first seen at a client.
    #[serde(rename = "key_published")]
    Published,
    /// The key stopped counting; `valid_to` says when.
    #[serde(rename = "key_retired")]
    Retired,
}

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOwner {
    /// The authorization server's.
    Issuer(Issuer),
    /// A client's.
    Client(ClientId),
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Signatures of request objects, assertions, responses, tokens.
    Signing,
    /// Encryption to the owner.
    Encryption,
    /// Signatures of this log's checkpoints.
    Log,
}

/// The members of a public key that make its thumbprint, in the order of RFC 7638 §3.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThumbprintMembers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

/// A public key as a leaf of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedKey {
    /// The issuer in whose log this is.
    pub issuer: Issuer,
    /// Published or retired.
    pub event: KeyEvent,
    /// When this leaf was written, by the server's clock.
    pub at: UnixTime,
    /// Whose key.
    pub owner: KeyOwner,
    /// What for.
    pub purpose: KeyPurpose,
    /// The one algorithm the key counts for.
    pub algorithm: Algorithm,
    /// First second at which it counts.
    pub valid_from: UnixTime,
    /// First second at which it no longer counts, where that is known.
    pub valid_to: Option<UnixTime>,
    /// The public key.
    pub jwk: ThumbprintMembers,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    v: u8,
    issuer: Issuer,
    kind: KeyEvent,
    at: UnixTime,
    owner: KeyOwner,
    purpose: KeyPurpose,
    alg: Algorithm,
    valid_from: UnixTime,
    valid_to: Option<UnixTime>,
    thumbprint: String,
    jwk: ThumbprintMembers,
}

impl ThumbprintMembers {
    /// Takes the members out of a JWK; `kid`, `use` and the like are left behind.
    ///
    /// # Errors
    /// A key type that is not `EC`, `OKP` or `RSA`, or a missing member.
    pub fn of(jwk: &Jwk) -> Result<Self, LeafError> {
        let value = serde_json::to_value(jwk).map_err(|error| LeafError::Shape(error.to_string()))?;
        let names: &[&str] = match value["kty"].as_str() {
            Some("EC") => &["crv", "kty", "x", "y"],
            Some("OKP") => &["crv", "kty", "x"],
            Some("RSA") => &["e", "kty", "n"],
            _ => return Err(LeafError::Content("an archived key is of type EC, OKP or RSA")),
        };
        let member = |name: &str| {
            let text = value[name].as_str().filter(|_| names.contains(&name));
            text.map(str::to_owned)
        };
        let members = Self {
            crv: member("crv"),
            e: member("e"),
            kty: member("kty").unwrap_or_default(),
            n: member("n"),
            x: member("x"),
            y: member("y"),
        };
        members.check()?;
        Ok(members)
    }

    /// RFC 7638 SHA-256 thumbprint, base64url.
    ///
    /// # Errors
    /// None for members that were made by this module; serialisation is not assumed to succeed.
    pub fn thumbprint(&self) -> Result<String, LeafError> {
        Ok(base64url::encode(sha256(&canonical_json(self)?)))
    }

    fn check(&self) -> Result<(), LeafError> {
        let shape = [&self.crv, &self.e, &self.n, &self.x, &self.y].map(Option::is_some);
        match (self.kty.as_str(), shape) {
            ("EC", [true, false, false, true, true])
            | ("OKP", [true, false, false, true, false])
            | ("RSA", [false, true, true, false, false]) => Ok(()),
            _ => Err(LeafError::Content(
                "an archived key has exactly the members of RFC 7638 §3.2 for its type",
            )),
        }
    }
}

impl ArchivedKey {
    /// The canonical leaf bytes.
    ///
    /// # Errors
    /// [`LeafError::Content`] when the times or members contradict each other.
    pub fn to_leaf(&self) -> Result<Vec<u8>, LeafError> {
        self.check()?;
        let key = self.clone();
        canonical_json(&Leaf {
            v: LEAF_VERSION,
            thumbprint: key.jwk.thumbprint()?,
            issuer: key.issuer,
            kind: key.event,
            at: key.at,
            owner: key.owner,
            purpose: key.purpose,
            alg: key.algorithm,
            valid_from: key.valid_from,
            valid_to: key.valid_to,
            jwk: key.jwk,
        })
    }

    /// Reads a leaf back; the bytes must be exactly those [`ArchivedKey::to_leaf`] writes.
    ///
    /// # Errors
    /// Everything else, a thumbprint that is not that of the key included (EVD-15).
    pub fn from_leaf(bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf: Leaf = parse_canonical(bytes)?;
        if leaf.v != LEAF_VERSION {
            return Err(LeafError::Content("the version is 1"));
        }
        if leaf.jwk.thumbprint()? != leaf.thumbprint {
            return Err(LeafError::Content("the thumbprint is not that of the key (RFC 7638)"));
        }
        let key = Self {
            issuer: leaf.issuer,
            event: leaf.kind,
            at: leaf.at,
            owner: leaf.owner,
            purpose: leaf.purpose,
            algorithm: leaf.alg,
            valid_from: leaf.valid_from,
            valid_to: leaf.valid_to,
            jwk: leaf.jwk,
        };
        key.check()?;
        Ok(key)
    }

    /// RFC 7638 SHA-256 thumbprint of the key, base64url.
    ///
    /// # Errors
    /// As [`ThumbprintMembers::thumbprint`].
    pub fn thumbprint(&self) -> Result<String, LeafError> {
        self.jwk.thumbprint()
    }

    /// The key, ready to verify with its one algorithm.
    ///
    /// # Errors
    /// A key that is weak, off its curve, or not of its algorithm.
    pub fn verifying_key(&self) -> Result<VerifyingKey, LeafError> {
        let refuse = |_| LeafError::Content("the archived key is not a good key of its algorithm");
        let json = String::from_utf8(canonical_json(&self.jwk)?).map_err(|_| LeafError::NotCanonical)?;
        VerifyingKey::new(&Jwk::parse(&json).map_err(refuse)?, self.algorithm).map_err(refuse)
    }

    /// Whether the key counted at `at`, as far as this leaf knows.
    #[must_use]
    pub fn valid_at(&self, at: UnixTime) -> bool {
        self.valid_from <= at && self.valid_to.is_none_or(|end| at < end)
    }

    fn check(&self) -> Result<(), LeafError> {
        self.jwk.check()?;
        if self.event == KeyEvent::Retired && self.valid_to.is_none() {
            return Err(LeafError::Content("a retired key has an end of validity"));
        }
        if self.valid_to.is_some_and(|end| end < self.valid_from) {
            return Err(LeafError::Content("a key does not end before it begins"));
        }
        if matches!(&self.owner, KeyOwner::Issuer(owner) if *owner != self.issuer) {
            return Err(LeafError::Content("an issuer's key is archived in its own log"));
        }
        Ok(())
    }
}

/// Finds the signing key of `owner` with this thumbprint among archived leaves.
///
/// A retirement leaf ends the key even if the leaf that published it names no end.
///
/// # Errors
/// [`KeyNotFound`] tells a key that is not archived from one that did not count at `at`.
pub fn signing_key_at<'a>(
    keys: impl IntoIterator<Item = &'a ArchivedKey>,
    owner: &KeyOwner,
    thumbprint: &str,
    at: UnixTime,
) -> Result<&'a ArchivedKey, KeyNotFound> {
    let same = |key: &&ArchivedKey| {
        key.owner == *owner
            && key.purpose == KeyPurpose::Signing
            && key.thumbprint().is_ok_and(|own| own == thumbprint)
    };
    let leaves: Vec<_> = keys.into_iter().filter(same).collect();
    let first = leaves.first().ok_or(KeyNotFound::Unknown)?;
    if leaves.iter().all(|key| key.valid_at(at)) { Ok(first) } else { Err(KeyNotFound::NotValidThen) }
}

/// Why no key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyNotFound {
    /// No archived signing key of this owner has the thumbprint.
    #[error("no archived key of this owner has the recorded thumbprint (EVD-16)")]
    Unknown,
    /// There is one, and it did not count at that time.
    #[error("the archived key with the recorded thumbprint did not count at that time (EVD-16)")]
    NotValidThen,
}
