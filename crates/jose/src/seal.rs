//! Encryption at rest under a master key: private keys and evidence blobs.
//!
//! A sealed text is `1 ‖ salt (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. AES-256-GCM runs under a key derived for this
//! text alone (HMAC-SHA-256 of the salt under the master key), so random nonces never run out under one master key.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    Entropy,
    crypto::aead::{self, NONCE_LEN},
};

const VERSION: u8 = 1;
const SALT_LEN: usize = 16;
const LABEL: &[u8] = b"countersign seal v1";

/// Octets a sealed text is longer than its content.
pub const OVERHEAD: usize = 1 + SALT_LEN + NONCE_LEN + aead::TAG_LEN;

/// Seals and opens under one 32-octet master key, which it zeroizes when dropped.
#[derive(Clone)]
pub struct Sealer {
    master: Zeroizing<[u8; 32]>,
}

/// Sealing failed, or a sealed text is damaged, was sealed under another master key, or belongs elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed text does not open: damaged, moved from its place, or sealed under another master key")]
pub struct SealError;

impl Sealer {
    /// Takes the master key.
    #[must_use]
    pub fn new(master: Zeroizing<[u8; 32]>) -> Self {
        Self { master }
    }

    /// Encrypts `content`. `place` (issuer, table, row) is authenticated with it: a sealed text moved to another row does
    /// not open there.
    pub fn seal(
        &self,
        content: &[u8],
        place: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Vec<u8>, SealError> {
        let salt: [u8; SALT_LEN] = entropy.array();
        let nonce: [u8; NONCE_LEN] = entropy.array();
        let mut sealed = Vec::with_capacity(content.len() + OVERHEAD);
        sealed.push(VERSION);
        sealed.extend(salt);
        sealed.extend(nonce);
        let head = sealed.len();
        sealed.extend(content);
        let key = aead::derive_key(&self.master, LABEL, &salt);
        let body = sealed.get_mut(head..).ok_or(SealError)?;
        let tag = aead::seal(key.as_slice(), nonce, place, body).map_err(|_| SealError)?;
        sealed.extend(tag);
        Ok(sealed)
    }

    /// Decrypts what [`seal`](Self::seal) made for the same `place`.
    pub fn open(&self, sealed: &[u8], place: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let Some((&VERSION, rest)) = sealed.split_first() else { return Err(SealError) };
        let (salt, rest) = rest.split_at_checked(SALT_LEN).ok_or(SealError)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = nonce.try_into().map_err(|_| SealError)?;
        let key = aead::derive_key(&self.master, LABEL, salt);
        let mut body = Zeroizing::new(body.to_vec());
        let length = aead::open(key.as_slice(), nonce, place, &mut body).map_err(|_| SealError)?.len();
        body.truncate(length);
        Ok(body)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::{OVERHEAD, SealError, Sealer};
    use crate::SystemEntropy;

    #[test]
    fn opens_only_whole_in_place_and_under_the_same_master_key() {
        let sealer = Sealer::new(Zeroizing::new([7; 32]));
        let sealed = sealer.seal(b"private", b"row 1", &mut SystemEntropy).unwrap();
        assert_eq!(sealed.len(), 7 + OVERHEAD);
        assert_eq!(sealer.open(&sealed, b"row 1").unwrap().as_slice(), b"private");
        assert_eq!(sealer.open(&sealed, b"row 2"), Err(SealError));
        assert_eq!(Sealer::new(Zeroizing::new([8; 32])).open(&sealed, b"row 1"), Err(SealError));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(sealer.open(&damaged, b"row 1"), Err(SealError), "octet {at}");
            assert_eq!(sealer.open(&sealed[..at], b"row 1"), Err(SealError), "cut at {at}");
        }
        assert_ne!(sealer.seal(b"private", b"row 1", &mut SystemEntropy).unwrap(), sealed);
        assert!(!format!("{sealer:?}").contains('7'));
    }
}
