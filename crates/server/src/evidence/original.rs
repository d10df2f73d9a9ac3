use countersign_evidence::bundle::Kept;
use countersign_evidence::digest::Salt;
use countersign_evidence::record::Original;
use countersign_jose::SystemEntropy;
use countersign_jose::seal::{OVERHEAD, SealError, Sealer};
use countersign_protocol::parameter::Issuer;
use countersign_storage::evidence_record::EvidenceBlob;

use crate::sealing::place;

/// Length of what stands before the ciphertext of a sealed text: all of its overhead but the tag of 16 bytes.
const HEAD: usize = OVERHEAD - 16;

/// Seals the bytes of a record for the database, with the salt of their digest beside them.
///
/// The sealed text is cut in two: its head goes to the column of the nonce, the rest is the ciphertext.
pub(super) fn seal_original(
    sealer: &Sealer,
    issuer: &Issuer,
    record_id: &str,
    original: Original,
    salt: &Salt,
    bytes: &[u8],
) -> Result<EvidenceBlob, SealError> {
    let part = original.as_str();
    let mut nonce = sealer.seal(bytes, &place_of(issuer, record_id, part), &mut SystemEntropy)?;
    let ciphertext = nonce.split_off(HEAD);
    Ok(EvidenceBlob { part: part.to_owned(), nonce, ciphertext, salt: salt.as_bytes().to_vec() })
}

/// Opens what the server kept of a record: the bytes and their salt, as a bundle takes them.
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
    let sealed = [blob.nonce.as_slice(), &blob.ciphertext].concat();
    let bytes = sealer.open(&sealed, &place_of(issuer, record_id, &blob.part))?;
    let salt = blob.salt.as_slice().try_into().map_err(|_| SealError)?;
    Ok(Kept::Bytes { salt: Salt::from_bytes(salt), bytes: bytes.to_vec() })
}

fn place_of(issuer: &Issuer, record_id: &str, part: &str) -> Vec<u8> {
    place(issuer, "evidence_blob", &[record_id, part])
}
