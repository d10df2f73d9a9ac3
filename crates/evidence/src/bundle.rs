//! One self-contained file about one transaction.
//!
//! JSON, UTF-8, indented by two spaces, ending in one newline, members in the order of the structures below. Binary
//! values are base64url without padding. There is one way to write a bundle and [`Bundle::parse`] refuses every
//! other, so that every byte of the file is either checked by [`Bundle::verify`] or fixed by the format.

use countersign_jose::base64url;
use countersign_protocol::parameter::{Issuer, TransactionId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::Salt;
use crate::key_archive::ArchivedKey;
use crate::note::{NoteError, SignedNote, VerifierKey};
use crate::proof::MAX_PROOF_HASHES;
use crate::record::{LeafError, Original, Record};
use crate::report::Report;
use crate::tree::Hash;
use crate::verify;

/// Value of the `format` member.
pub const FORMAT: &str = "countersign-evidence-bundle";
/// Value of the `version` member.
pub const VERSION: u8 = 1;
/// Longest bundle file, in bytes.
pub const MAX_BUNDLE_BYTES: usize = 16 * 1024 * 1024;
/// Most records, and most keys, in one bundle.
const MAX_LEAVES: usize = 1024;

/// Everything about one transaction that a third party needs to verify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The issuer in whose log the transaction is.
    pub issuer: Issuer,
    /// The transaction.
    pub transaction: TransactionId,
    /// The key under which the checkpoint is signed; the issuer's only if it was learnt elsewhere too.
    pub log_key: VerifierKey,
    /// The signed checkpoint that all proofs lead to: exactly one signature, by `log_key`.
    pub checkpoint: SignedNote,
    /// The records of the transaction, by rising index.
    pub records: Vec<BundledRecord>,
    /// The archived keys that made its signatures, by rising index.
    pub keys: Vec<BundledKey>,
}

/// A record with its place in the log and the bytes it has digests of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundledRecord {
    /// Index of the leaf.
    pub index: u64,
    /// The record.
    pub record: Record,
    /// Inclusion proof, lowest hash first.
    pub proof: Vec<Hash>,
    /// The original bytes, one entry for each of the record's digests, in their order.
    pub originals: Vec<Kept>,
}

/// An archived key with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundledKey {
    /// Index of the leaf.
    pub index: u64,
    /// The key.
    pub key: ArchivedKey,
    /// Inclusion proof, lowest hash first.
    pub proof: Vec<Hash>,
}

/// Original bytes, or the fact that they were erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The bytes and the salt of their digest.
    Bytes {
        /// The salt.
        salt: Salt,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Erased, with their salt: the digest remains and says nothing about them.
    Erased,
}

/// Why bytes are no bundle.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BundleError {
    /// Not the JSON of a bundle.
    #[error("not the JSON of an evidence bundle (EVD-20): {0}")]
    Shape(String),
    /// The right members written in another way than the one canonical way.
    #[error("the file is not in the one form a bundle is written in; something in it was changed (EVD-20)")]
    NotCanonical,
    /// A leaf is none.
    #[error("leaf {index}: {source}")]
    Leaf {
        /// Index of the leaf.
        index: u64,
        /// What is wrong with it.
        source: LeafError,
    },
    /// The log key or checkpoint.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The parts do not belong together.
    #[error("the parts of the file do not belong together (EVD-20): {0}")]
    Content(&'static str),
}

impl Bundle {
    /// Verifies a bundle file offline (EVD-20 to EVD-33). `trust` is the log's verifier key as learnt elsewhere;
    /// without it the report says that the key was taken from the file.
    ///
    /// Never fails: what is wrong is in the report, and [`Report::holds`] says whether anything is.
    #[must_use]
    pub fn verify(bytes: &[u8], trust: Option<&VerifierKey>) -> Report {
        verify::verify(bytes, trust)
    }

    /// The file.
    ///
    /// # Errors
    /// Parts that do not belong together, or a record that breaks a rule of its own.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        self.check()?;
        let records = self.records.iter().map(RecordEntry::of).collect::<Result<_, _>>()?;
        let keys = self.keys.iter().map(KeyEntry::of).collect::<Result<_, _>>()?;
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            issuer: self.issuer.clone(),
            transaction: self.transaction.clone(),
            log_key: self.log_key.to_string(),
            checkpoint: self.checkpoint.to_string(),
            records,
            keys,
        };
        let mut bytes =
            serde_json::to_vec_pretty(&file).map_err(|error| BundleError::Shape(error.to_string()))?;
        bytes.push(b'\n');
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(BundleError::Content("a bundle is at most 16 MiB"));
        }
        Ok(bytes)
    }

    /// Reads a file that is exactly what [`Bundle::to_bytes`] writes. Nothing is verified yet beyond its form.
    ///
    /// # Errors
    /// Any other bytes: white space, another order, a doubled or unknown member, loose base64url.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(BundleError::Content("a bundle is at most 16 MiB"));
        }
        let file: File =
            serde_json::from_slice(bytes).map_err(|error| BundleError::Shape(error.to_string()))?;
        if file.format != FORMAT || file.version != VERSION {
            return Err(BundleError::Content("the format is countersign-evidence-bundle, version 1"));
        }
        let bundle = Self {
            issuer: file.issuer,
            transaction: file.transaction,
            log_key: file.log_key.parse()?,
            checkpoint: file.checkpoint.parse()?,
            records: file.records.into_iter().map(RecordEntry::read).collect::<Result<_, _>>()?,
            keys: file.keys.into_iter().map(KeyEntry::read).collect::<Result<_, _>>()?,
        };
        if bundle.to_bytes()? == bytes { Ok(bundle) } else { Err(BundleError::NotCanonical) }
    }

    fn check(&self) -> Result<(), BundleError> {
        let content = BundleError::Content;
        if self.records.is_empty() || self.records.len() > MAX_LEAVES || self.keys.len() > MAX_LEAVES {
            return Err(content("there are 1 to 1024 records and at most 1024 keys"));
        }
        if !self.records.is_sorted_by(|left, right| left.index < right.index)
            || !self.keys.is_sorted_by(|left, right| left.index < right.index)
        {
            return Err(content("records and keys stand by rising index, each once"));
        }
        let issuer_of_records = self.records.iter().map(|entry| &entry.record.issuer);
        let issuer_of_keys = self.keys.iter().map(|entry| &entry.key.issuer);
        if issuer_of_records.chain(issuer_of_keys).any(|issuer| *issuer != self.issuer) {
            return Err(content("every leaf names the issuer of the file"));
        }
        if self.records.iter().any(|entry| entry.record.transaction != self.transaction) {
            return Err(content("every record names the transaction of the file"));
        }
        if self.records.iter().any(|entry| entry.originals.len() != entry.record.digests.len()) {
            return Err(content("every digest of a record has its bytes, or the word that they were erased"));
        }
        let proofs =
            self.records.iter().map(|entry| &entry.proof).chain(self.keys.iter().map(|entry| &entry.proof));
        if proofs.into_iter().any(|proof| proof.len() > MAX_PROOF_HASHES) {
            return Err(content("an inclusion proof has at most 64 hashes"));
        }
        match self.checkpoint.signatures() {
            [only] if only.name == self.log_key.name() && only.key_id == self.log_key.id() => Ok(()),
            _ => Err(content("the checkpoint carries one signature, by the log key of the file")),
        }
    }
}

impl BundledRecord {
    /// A record with its proof, and what `kept` has of each of the bytes it has digests of.
    #[must_use]
    pub fn assemble(
        index: u64,
        record: Record,
        proof: Vec<Hash>,
        mut kept: impl FnMut(Original) -> Kept,
    ) -> Self {
        let originals = record.digests.iter().map(|entry| kept(entry.of)).collect();
        Self { index, record, proof, originals }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u8,
    issuer: Issuer,
    transaction: TransactionId,
    log_key: String,
    checkpoint: String,
    records: Vec<RecordEntry>,
    keys: Vec<KeyEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordEntry {
    index: u64,
    leaf: Base64Url,
    proof: Vec<Base64Url>,
    originals: Vec<OriginalEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    index: u64,
    leaf: Base64Url,
    proof: Vec<Base64Url>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum OriginalEntry {
    Kept { salt: Salt, bytes: Base64Url },
    Erased,
}

/// Bytes as strict base64url.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Base64Url(Vec<u8>);

impl Clone for Base64Url {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl TryFrom<String> for Base64Url {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        base64url::decode(&text).map(Self).map_err(|_| "expected strict base64url")
    }
}

impl From<Base64Url> for String {
    fn from(bytes: Base64Url) -> Self {
        base64url::encode(&bytes.0)
    }
}

impl RecordEntry {
    fn of(entry: &BundledRecord) -> Result<Self, BundleError> {
        let leaf =
            entry.record.to_leaf().map_err(|source| BundleError::Leaf { index: entry.index, source })?;
        let originals = entry.originals.iter().map(|kept| match kept {
            Kept::Bytes { salt, bytes } => {
                OriginalEntry::Kept { salt: salt.clone(), bytes: Base64Url(bytes.clone()) }
            }
            Kept::Erased => OriginalEntry::Erased,
        });
        Ok(Self {
            index: entry.index,
            leaf: Base64Url(leaf),
            proof: write_proof(&entry.proof),
            originals: originals.collect(),
        })
    }

    fn read(self) -> Result<BundledRecord, BundleError> {
        let index = self.index;
        let record = Record::from_leaf(&self.leaf.0).map_err(|source| BundleError::Leaf { index, source })?;
        let originals = self.originals.into_iter().map(|original| match original {
            OriginalEntry::Kept { salt, bytes } => Kept::Bytes { salt, bytes: bytes.0 },
            OriginalEntry::Erased => Kept::Erased,
        });
        Ok(BundledRecord { index, record, proof: read_proof(self.proof)?, originals: originals.collect() })
    }
}

impl KeyEntry {
    fn of(entry: &BundledKey) -> Result<Self, BundleError> {
        let leaf = entry.key.to_leaf().map_err(|source| BundleError::Leaf { index: entry.index, source })?;
        Ok(Self { index: entry.index, leaf: Base64Url(leaf), proof: write_proof(&entry.proof) })
    }

    fn read(self) -> Result<BundledKey, BundleError> {
        let index = self.index;
        let key =
            ArchivedKey::from_leaf(&self.leaf.0).map_err(|source| BundleError::Leaf { index, source })?;
        Ok(BundledKey { index, key, proof: read_proof(self.proof)? })
    }
}

fn write_proof(proof: &[Hash]) -> Vec<Base64Url> {
    proof.iter().map(|hash| Base64Url(hash.to_vec())).collect()
}

fn read_proof(proof: Vec<Base64Url>) -> Result<Vec<Hash>, BundleError> {
    let hash =
        |bytes: Base64Url| bytes.0.try_into().map_err(|_| BundleError::Content("a proof hash has 32 bytes"));
    proof.into_iter().map(hash).collect()
}
