//! The key derivation of ECDH-ES: Concat KDF with SHA-256 (RFC 7518 §4.6.2, NIST SP 800-56A §5.8.1).

use zeroize::Zeroizing;

use crate::{
    crypto::digest::sha256_of,
    jwe::{ContentEncryption, Header, JweAlgorithm},
};

/// What the derived key is for.
pub(crate) struct Purpose<'a> {
    /// `enc` for ECDH-ES, `alg` where a key is wrapped.
    pub(crate) name: &'a str,
    /// Octets of the derived key.
    pub(crate) key_len: usize,
    /// `apu`, decoded.
    pub(crate) party_u: &'a [u8],
    /// `apv`, decoded.
    pub(crate) party_v: &'a [u8],
}

impl<'a> Purpose<'a> {
    /// For sender and recipient of a token with this header.
    pub(crate) fn of(header: &'a Header) -> Self {
        let (name, key_len) = name_and_length(header.algorithm, header.encryption);
        Self { name, key_len, party_u: &header.party_u, party_v: &header.party_v }
    }

    /// For a token without `apu` and `apv`.
    pub(crate) fn anonymous(algorithm: JweAlgorithm, encryption: ContentEncryption) -> Self {
        let (name, key_len) = name_and_length(algorithm, encryption);
        Self { name, key_len, party_u: &[], party_v: &[] }
    }
}

fn name_and_length(algorithm: JweAlgorithm, encryption: ContentEncryption) -> (&'static str, usize) {
    match algorithm {
        JweAlgorithm::EcdhEsA128Kw => (algorithm.as_str(), 16),
        JweAlgorithm::EcdhEsA256Kw => (algorithm.as_str(), 32),
        _ => (encryption.as_str(), encryption.key_len()),
    }
}

/// Derives a key from the shared secret. Every input has a bounded length, so no conversion below can lose anything.
pub(crate) fn derive(secret: &[u8], purpose: &Purpose<'_>) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(purpose.key_len.next_multiple_of(32)));
    let key_bits = length(purpose.key_len * 8);
    for round in 1_u32.. {
        let block = Zeroizing::new(sha256_of(&[
            &round.to_be_bytes(),
            secret,
            &length(purpose.name.len()),
            purpose.name.as_bytes(),
            &length(purpose.party_u.len()),
            purpose.party_u,
            &length(purpose.party_v.len()),
            purpose.party_v,
            &key_bits,
        ]));
        key.extend_from_slice(block.as_slice());
        if key.len() >= purpose.key_len {
            break;
        }
    }
    key.truncate(purpose.key_len);
    key
}

fn length(octets: usize) -> [u8; 4] {
    u32::try_from(octets).unwrap_or(u32::MAX).to_be_bytes()
}
