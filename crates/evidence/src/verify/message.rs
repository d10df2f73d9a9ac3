//! A request or an answer out of a bundle: opened, and its signature verified under the archived key.

use countersign_jose::Limits;
use countersign_jose::jws::Unverified;
use serde_json::{Map, Value};

use crate::bundle::{Bundle, BundledRecord, Kept};
use crate::key_archive::{KeyOwner, signing_key_at};
use crate::record::{Made, Original};
use crate::report::{Check, Report, Status};
use crate::utc::utc;

/// What became of a message when it was opened.
#[derive(Debug)]
pub(super) enum Message {
    /// There is none in the file, or it was erased, or it does not stand: nothing can be read from it.
    Unreadable,
    /// Signed; the signature held.
    Signed {
        claims: Map<String, Value>,
        /// Whether the key became a leaf only after the record that names it.
        key_archived_later: bool,
    },
    /// Never signed by anybody.
    Plain(Map<String, Value>),
}

/// Which message, by whose key, under which names.
pub(super) struct Kind {
    pub(super) check: Check,
    pub(super) signed: Original,
    pub(super) plain: Original,
    pub(super) made: Made,
    /// `request` or `answer`.
    pub(super) word: &'static str,
}

pub(super) const REQUEST: Kind = Kind {
    check: Check::RequestSignature,
    signed: Original::RequestObject,
    plain: Original::RequestParameters,
    made: Made::RequestObject,
    word: "request",
};

pub(super) const ANSWER: Kind = Kind {
    check: Check::AnswerSignature,
    signed: Original::ResponseJwt,
    plain: Original::ResponseParameters,
    made: Made::ResponseJwt,
    word: "answer",
};

impl Message {
    /// Opens the message of this kind in `entry`, and reports on its signature.
    pub(super) fn open(bundle: &Bundle, entry: &BundledRecord, kind: &Kind, report: &mut Report) -> Self {
        let Kind { check, word, .. } = *kind;
        let opened = match (kept(entry, kind.signed), kept(entry, kind.plain)) {
            (Some(Kept::Bytes { bytes, .. }), _) => open_signed(bundle, entry, kind, bytes),
            (None, Some(Kept::Bytes { bytes, .. })) => {
                let sentence =
                    format!("The {word} was not signed: whoever wrote it, nothing in it says who.");
                report.add(check, Status::NotCheckable, sentence);
                return parameters(bytes).map_or(Self::Unreadable, Self::Plain);
            }
            (Some(Kept::Erased), _) | (None, Some(Kept::Erased)) => {
                let sentence = format!("The {word} was erased, so who signed it can no longer be checked.");
                report.add(check, Status::NotCheckable, sentence);
                return Self::Unreadable;
            }
            (None, None) => {
                report.add(
                    check,
                    Status::NotCheckable,
                    format!("The log kept no digest of the {word} itself."),
                );
                return Self::Unreadable;
            }
        };
        match opened {
            Ok((message, sentence)) => {
                report.add(check, Status::Held, sentence);
                message
            }
            Err(why) => {
                report.add(
                    check,
                    Status::Broken,
                    format!("The signature of the {word} does not stand: {why}."),
                );
                Self::Unreadable
            }
        }
    }

    /// What the message says, signed or not.
    pub(super) fn claims(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Signed { claims, .. } | Self::Plain(claims) => Some(claims),
            Self::Unreadable => None,
        }
    }

    /// Whether its signature held.
    pub(super) fn is_signed(&self) -> bool {
        matches!(self, Self::Signed { .. })
    }
}

/// The bytes of `original` in a record, or the word that they were erased.
pub(super) fn kept(entry: &BundledRecord, original: Original) -> Option<&Kept> {
    let mut both = entry.record.digests.iter().zip(&entry.originals);
    both.find(|(recorded, _)| recorded.of == original).map(|(_, kept)| kept)
}

/// Verifies a compact JWS under the key its record names, as archived for that owner at that time.
fn open_signed(
    bundle: &Bundle,
    entry: &BundledRecord,
    kind: &Kind,
    bytes: &[u8],
) -> Result<(Message, String), String> {
    let record = &entry.record;
    let (owner, whose) = match kind.made {
        Made::ResponseJwt => {
            (KeyOwner::Issuer(bundle.issuer.clone()), format!("the issuer {}", bundle.issuer))
        }
        _ => (KeyOwner::Client(record.client_id.clone()), format!("the client {}", record.client_id)),
    };
    let thumbprint = record.key_that_made(kind.made).ok_or("the record names no key for it")?;
    let token = str::from_utf8(bytes).map_err(|_| "it is not text")?;
    let token = Unverified::parse(token, &Limits::TOKEN).map_err(|error| error.to_string())?;
    let archived = bundle.keys.iter().map(|entry| &entry.key);
    let key = signing_key_at(archived, &owner, thumbprint, token.header().algorithm, record.at)
        .map_err(|error| error.to_string())?;
    let verifying_key = key.verifying_key().map_err(|error| error.to_string())?;
    let verified = token.verify(&verifying_key).map_err(|error| error.to_string())?;
    let claims = verified.claims().map_err(|error| error.to_string())?;
    let sentence = format!(
        "The {} is signed by the key {thumbprint}, archived as a key of {whose} that counted on {}.",
        kind.word,
        utc(record.at)
    );
    let key_archived_later =
        bundle.keys.iter().any(|archived| archived.key == *key && archived.index > entry.index);
    Ok((Message::Signed { claims, key_archived_later }, sentence))
}

/// Form-encoded parameters as members; `None` where one is doubled.
fn parameters(bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if members.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
            return None;
        }
    }
    Some(members)
}
