//! Signed notes: text, a blank line, and signature lines, in the format of C2SP `signed-note`, with Ed25519 keys.
//!
//! A signature line is `— NAME BASE64`, where the base64 holds the four bytes of the key id and the signature. A
//! verifier key is written `NAME+ID+BASE64`: the id as eight hex digits, the base64 holding 0x01 and the public key.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_jose::{Algorithm, Jwk, Signer, VerifyingKey, base64url, sha256};
use serde_json::json;
use thiserror::Error;

/// The signature type of plain Ed25519 in C2SP `signed-note`.
const ED25519: u8 = 0x01;
const KEY_LEN: usize = 32;
const SIGNATURE_LEN: usize = 64;
/// Longest note, in bytes.
const MAX_NOTE_BYTES: usize = 64 * 1024;
/// Most signature lines: room for the log and its witnesses.
const MAX_SIGNATURES: usize = 32;

/// The name and public key under which notes are verified.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    public: [u8; KEY_LEN],
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// First four bytes of `SHA-256(name || 0x0A || 0x01 || public key)` for Ed25519.
    pub key_id: [u8; 4],
    /// The signature itself.
    pub signature: Vec<u8>,
}

/// A text with its signature lines, none of them verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// Why a note, a key or a signature was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Not a note.
    #[error("not a signed note: {0} (EVD-12, C2SP signed-note)")]
    Note(&'static str),
    /// Not a verifier key.
    #[error("not a verifier key: {0}; NAME+8 hex digits+BASE64 is one (EVD-13, C2SP signed-note)")]
    Key(&'static str),
    /// No signature line is by this key.
    #[error("the note carries no signature by the key {0} (EVD-12)")]
    NotSignedBy(String),
    /// The signature line by this key does not hold.
    #[error("the signature by the key {0} does not hold (EVD-12)")]
    Signature(String),
    /// The signer failed or signs with another algorithm or key than the verifier key says.
    #[error("the note could not be signed: {0} (EVD-12)")]
    Signer(String),
}

impl VerifierKey {
    /// The key `public` (32 bytes of Ed25519) under `name`.
    ///
    /// # Errors
    /// A name that is empty or holds white space or `+`.
    pub fn new(name: &str, public: [u8; KEY_LEN]) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::Key("a name is not empty and holds no white space and no +"));
        }
        Ok(Self { name: name.to_owned(), public })
    }

    /// The verifier key of an Ed25519 public key given as a JWK.
    ///
    /// # Errors
    /// A JWK that is not `OKP`/`Ed25519`, or a name as in [`VerifierKey::new`].
    pub fn from_jwk(name: &str, jwk: &Jwk) -> Result<Self, NoteError> {
        let refuse = NoteError::Key("the log signs with Ed25519");
        let value = serde_json::to_value(jwk).map_err(|_| refuse.clone())?;
        if value["kty"] != "OKP" || value["crv"] != "Ed25519" {
            return Err(refuse);
        }
        let public =
            value["x"].as_str().and_then(|x| base64url::decode(x).ok()).and_then(|x| x.try_into().ok());
        Self::new(name, public.ok_or(refuse)?)
    }

    /// Name of the key; of a log, its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public(&self) -> &[u8; KEY_LEN] {
        &self.public
    }

    /// First four bytes of `SHA-256(name || 0x0A || 0x01 || public key)`.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), &[b'\n', ED25519], &self.public].concat());
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn verifying_key(&self) -> Result<VerifyingKey, NoteError> {
        let refuse = |_| NoteError::Key("the public key is no Ed25519 key");
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode(self.public) });
        let jwk = Jwk::parse(&jwk.to_string()).map_err(refuse)?;
        VerifyingKey::new(&jwk, Algorithm::EdDSA).map_err(refuse)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519], self.public.as_slice()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, u32::from_be_bytes(self.id()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    /// Accepts exactly what [`VerifierKey`] prints; the id must be that of the name and key.
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("there are not three parts"));
        };
        let key = STANDARD.decode(key).map_err(|_| NoteError::Key("the last part is no base64"))?;
        let Some((&ED25519, public)) = key.split_first() else {
            return Err(NoteError::Key("the key type is not Ed25519 (0x01)"));
        };
        let public = public.try_into().map_err(|_| NoteError::Key("an Ed25519 key has 32 bytes"))?;
        let parsed = Self::new(name, public)?;
        if parsed.to_string() == text {
            Ok(parsed)
        } else {
            Err(NoteError::Key("the id is not that of name and key"))
        }
    }
}

impl SignedNote {
    /// Signs `text` as `key` with `signer`, and verifies the result before it leaves.
    ///
    /// # Errors
    /// A text that is no note text, or a signer that fails or does not belong to `key`.
    pub fn sign(text: &str, key: &VerifierKey, signer: &dyn Signer) -> Result<Self, NoteError> {
        check_text(text)?;
        if signer.algorithm() != Algorithm::EdDSA {
            return Err(NoteError::Signer(format!(
                "the log signs with EdDSA, the signer with {}",
                signer.algorithm()
            )));
        }
        let signature = signer.sign(text.as_bytes()).map_err(|error| NoteError::Signer(error.to_string()))?;
        let line = NoteSignature { name: key.name.clone(), key_id: key.id(), signature };
        let note = Self { text: text.to_owned(), signatures: vec![line] };
        note.verify(key)
            .map_err(|_| NoteError::Signer("the signer does not belong to the verifier key".into()))?;
        Ok(note)
    }

    /// The text, before any signature is verified.
    #[must_use]
    pub fn danger_unverified_text(&self) -> &str {
        &self.text
    }

    /// The signature lines, before any is verified.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The text, once the signature by `key` held. Lines by other keys are not looked at.
    ///
    /// # Errors
    /// No line by `key`, or one that does not hold: one bad line by the key refuses the note.
    pub fn verify(&self, key: &VerifierKey) -> Result<&str, NoteError> {
        let id = key.id();
        let mut lines =
            self.signatures.iter().filter(|line| line.name == key.name && line.key_id == id).peekable();
        if lines.peek().is_none() {
            return Err(NoteError::NotSignedBy(key.to_string()));
        }
        let verifying_key = key.verifying_key()?;
        for line in lines {
            if !verifying_key.verifies(self.text.as_bytes(), &line.signature) {
                return Err(NoteError::Signature(key.to_string()));
            }
        }
        Ok(&self.text)
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let bytes = [line.key_id.as_slice(), &line.signature].concat();
            writeln!(f, "— {} {}", line.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Note("it is longer than 65536 bytes"));
        }
        let split =
            note.rfind("\n\n").ok_or(NoteError::Note("no blank line stands before the signatures"))?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Note("it does not end with a newline"))?;
        let signatures = lines.split('\n').map(parse_signature_line).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Note("it has more than 32 signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') || text == "\n" {
        return Err(NoteError::Note("its text is empty or does not end with a newline"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(NoteError::Note("its text holds control characters"));
    }
    Ok(())
}

fn parse_signature_line(line: &str) -> Result<NoteSignature, NoteError> {
    let parts = line.strip_prefix("— ").and_then(|rest| rest.split_once(' '));
    let (name, encoded) = parts.ok_or(NoteError::Note("a signature line is not `— NAME BASE64`"))?;
    if !is_key_name(name) {
        return Err(NoteError::Note("the name in a signature line is empty or holds white space or +"));
    }
    let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Note("a signature line holds no base64"))?;
    match bytes.split_first_chunk::<4>() {
        Some((key_id, signature)) if !signature.is_empty() && signature.len() <= 4 * SIGNATURE_LEN => {
            Ok(NoteSignature { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
        }
        _ => Err(NoteError::Note("a signature line holds no key id and signature")),
    }
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.chars().any(|c| c.is_whitespace() || c.is_control())
}
