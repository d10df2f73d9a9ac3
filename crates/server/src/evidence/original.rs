use countersign_evidence::bundle::Kept;
use countersign_evidence::digest::Salt;
use countersign_evidence::record::Original;
use countersign_jose::SystemEntropy;
use countersign_jose::seal::{SealError, Sealer};
use countersign_protocol::parameter::Issuer;
use countersign_storage::evidence_record::EvidenceBlob;

use crate::sealing::place;

/// Seals the bytes of a record for the database, behind the 32 bytes of salt of their digest.
pub(super) fn seal_original(
    sealer: &Sealer,
    issuer: &Issuer,
    record_id: &str,
    original: Original,
    salt: &Salt,
    bytes: &[u8],
) -> Result<EvidenceBlob, SealError> {
    let part = original.as_str();
    let content = [salt.as_bytes(), bytes].concat();
    let sealed = sealer.seal(&content, &place_of(issuer, record_id, part), &mut SystemEntropy)?;
    Ok(EvidenceBlob { part: part.to_owned(), sealed })
}

/// Opens what the server kept of a record: the bytes and the salt of their digest, as a bundle takes them.
///
/// The place that is authenticated with them is `issuer`, `evidence_blob`, `record_id` and the part, one a line.
///
/// # Errors
/// Another master key, another place, or damage.
pub fn open_original(
    sealer: &Sealer,
    issuer: &Issuer,
    record_id: &str,
    blob: &EvidenceBlob,
) -> Result<Kept, SealError> {
    let content = sealer.open(&blob.sealed, &place_of(issuer, record_id, &blob.part))?;
    let (salt, bytes) = content.split_first_chunk().ok_or(SealError)?;
    Ok(Kept::Bytes { salt: Salt::from_bytes(*salt), bytes: bytes.to_vec() })
}

fn place_of(issuer: &Issuer, record_id: &str, part: &str) -> Vec<u8> {
    place(issuer, "evidence_blob", &[record_id, part])
}
