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

use countersign_jose::{Algorithm, Jwk, Thumbprint, VerifyingKey, base64url, sha256};
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
    thumbprint: Thumbprint,
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

    /// RFC 7638 SHA-256 thumbprint.
    ///
    /// # Errors
    /// None for members that were made by this module; serialisation is not assumed to succeed.
    pub fn thumbprint(&self) -> Result<Thumbprint, LeafError> {
        let hash = base64url::encode(sha256(&canonical_json(self)?));
        hash.parse().map_err(|_| LeafError::Content("a thumbprint is 32 bytes (RFC 7638)"))
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

    /// RFC 7638 SHA-256 thumbprint of the key.
    ///
    /// # Errors
    /// As [`ThumbprintMembers::thumbprint`].
    pub fn thumbprint(&self) -> Result<Thumbprint, LeafError> {
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

/// Finds the signing key of `owner` with this thumbprint and algorithm, as it counted at `at`, among archived leaves.
///
/// A retirement leaf ends the period of validity that began at the same `valid_from`, even if the leaf that published
/// the key names no end; a key that was published again later counts again.
///
/// # Errors
/// [`KeyNotFound`] tells a key that is not archived from one that did not count at `at`.
pub fn signing_key_at<'a>(
    keys: impl IntoIterator<Item = &'a ArchivedKey>,
    owner: &KeyOwner,
    thumbprint: Thumbprint,
    algorithm: Algorithm,
    at: UnixTime,
) -> Result<&'a ArchivedKey, KeyNotFound> {
    let same = |key: &&ArchivedKey| {
        key.owner == *owner
            && key.purpose == KeyPurpose::Signing
            && key.algorithm == algorithm
            && key.thumbprint() == Ok(thumbprint)
    };
    let leaves: Vec<_> = keys.into_iter().filter(same).collect();
    let ended = |published: &ArchivedKey| {
        let same_period = leaves.iter().filter(|key| key.valid_from == published.valid_from);
        same_period.into_iter().any(|key| !key.valid_at(at))
    };
    let mut published = leaves.iter().filter(|key| key.event == KeyEvent::Published).peekable();
    published.peek().ok_or(KeyNotFound::Unknown)?;
    published.find(|key| !ended(key)).copied().ok_or(KeyNotFound::NotValidThen)
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

#[cfg(test)]
mod tests {
    use countersign_jose::SigningKey;

    use super::*;

    fn archived(algorithm: Algorithm) -> ArchivedKey {
        let jwk = SigningKey::generate(algorithm).unwrap().public_jwk();
        ArchivedKey {
            issuer: "https://as.example".parse().unwrap(),
            event: KeyEvent::Published,
            at: UnixTime::from_secs(100),
            owner: KeyOwner::Client("shop".parse().unwrap()),
            purpose: KeyPurpose::Signing,
            algorithm,
            valid_from: UnixTime::from_secs(100),
            valid_to: None,
            jwk: ThumbprintMembers::of(&jwk).unwrap(),
        }
    }

    #[test]
    fn evd_15_key_leaf_reads_back_and_verifies_for_every_kind_of_key() {
        for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256] {
            let signing = SigningKey::generate(algorithm).unwrap();
            let jwk = ThumbprintMembers::of(&signing.public_jwk()).unwrap();
            let key = ArchivedKey { jwk, ..archived(algorithm) };
            assert_eq!(key.thumbprint(), Ok(signing.thumbprint()), "{algorithm}");
            assert_eq!(ArchivedKey::from_leaf(&key.to_leaf().unwrap()), Ok(key.clone()), "{algorithm}");
            assert_eq!(key.verifying_key().unwrap().thumbprint(), signing.thumbprint(), "{algorithm}");
        }
    }

    #[test]
    fn evd_15_thumbprint_members_are_those_of_the_rfc() {
        // The key and thumbprint of RFC 8037 appendix A.2 and A.3.
        let jwk =
            r#"{"kty":"OKP","crv":"Ed25519","kid":"x","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let members = ThumbprintMembers::of(&Jwk::parse(jwk).unwrap()).unwrap();
        assert_eq!(members.thumbprint().unwrap().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn evd_15_key_leaves_that_are_refused() {
        let leaf = String::from_utf8(archived(Algorithm::ES256).to_leaf().unwrap()).unwrap();
        let other = archived(Algorithm::ES256).thumbprint().unwrap().to_string();
        let own = ArchivedKey::from_leaf(leaf.as_bytes()).unwrap().thumbprint().unwrap().to_string();
        for (what, bent) in [
            ("thumbprint of another key", leaf.replace(&own, &other)),
            ("private member", leaf.replace("\"kty\":\"EC\"", "\"d\":\"AA\",\"kty\":\"EC\"")),
            ("member of another type", leaf.replace("\"crv\":", "\"crv\":\"P-256\",\"e\":")),
            ("end before begin", leaf.replace("\"valid_to\":null", "\"valid_to\":99")),
            ("retired without end", leaf.replace("key_published", "key_retired")),
            ("foreign issuer", leaf.replace("{\"client\":\"shop\"}", "{\"issuer\":\"https://b.example\"}")),
            ("unknown algorithm", leaf.replace("ES256", "HS256")),
            ("other name of an algorithm", leaf.replace("ES256", "Ed25519")),
            ("record for a key", leaf.replace("key_published", "decision")),
            ("white space", leaf.replace(':', ": ")),
            ("other version", leaf.replace("\"v\":1", "\"v\":0")),
        ] {
            assert_ne!(bent, leaf, "{what}: the case changes something");
            assert!(ArchivedKey::from_leaf(bent.as_bytes()).is_err(), "{what}");
        }
    }

    #[test]
    fn evd_15_key_that_is_off_its_curve_verifies_nothing() {
        let mut key = archived(Algorithm::ES256);
        key.jwk.y = key.jwk.x.clone();
        assert!(key.verifying_key().is_err());
        let mut key = archived(Algorithm::ES256);
        key.algorithm = Algorithm::PS256;
        assert!(key.verifying_key().is_err());
    }

    #[test]
    fn evd_16_periods_of_validity() {
        let first = archived(Algorithm::ES256);
        let time = UnixTime::from_secs;
        let retired = ArchivedKey { event: KeyEvent::Retired, valid_to: Some(time(200)), ..first.clone() };
        let again = ArchivedKey { valid_from: time(300), valid_to: Some(time(400)), ..first.clone() };
        let thumbprint = first.thumbprint().unwrap();
        let owner = first.owner.clone();
        let leaves = [first, retired, again];
        let find = |count: usize, at| {
            signing_key_at(&leaves[..count], &owner, thumbprint, Algorithm::ES256, time(at))
                .map(|key| key.valid_from)
        };
        assert_eq!(find(0, 150), Err(KeyNotFound::Unknown));
        assert_eq!(find(1, 99), Err(KeyNotFound::NotValidThen));
        assert_eq!(find(1, 100), Ok(time(100)));
        assert_eq!(find(1, 250), Ok(time(100)), "nobody said it ended");
        for (at, expected) in [
            (199, Ok(time(100))),
            (200, Err(KeyNotFound::NotValidThen)),
            (299, Err(KeyNotFound::NotValidThen)),
            (300, Ok(time(300))),
            (399, Ok(time(300))),
            (400, Err(KeyNotFound::NotValidThen)),
        ] {
            assert_eq!(find(3, at), expected, "at {at}");
        }
        let find_as =
            |owner: &KeyOwner, algorithm| signing_key_at(&leaves, owner, thumbprint, algorithm, time(150));
        assert!(find_as(&owner, Algorithm::ES256).is_ok(), "control");
        assert_eq!(find_as(&owner, Algorithm::PS256), Err(KeyNotFound::Unknown));
        assert_eq!(
            find_as(&KeyOwner::Client("bank".parse().unwrap()), Algorithm::ES256),
            Err(KeyNotFound::Unknown)
        );
        let alone = signing_key_at(&leaves[1..2], &owner, thumbprint, Algorithm::ES256, time(150));
        assert_eq!(alone, Err(KeyNotFound::Unknown), "a retirement publishes nothing");
    }
}
