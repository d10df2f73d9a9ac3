//! Content encryption: one interface over GCM and CBC with HMAC.

use zeroize::Zeroizing;

use crate::{
    Entropy,
    crypto::{Refused, aead, cbc},
    jwe::ContentEncryption,
};

/// Initialization vector, ciphertext and tag of a token.
#[derive(Debug)]
pub(crate) struct Encrypted {
    pub(crate) iv: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) tag: Vec<u8>,
}

impl Encrypted {
    /// Encrypts `content`; `header` is the first part of the token as text.
    pub(crate) fn seal(
        encryption: ContentEncryption,
        key: &[u8],
        header: &str,
        content: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Self, Refused> {
        if key.len() != encryption.key_len() {
            return Err(Refused);
        }
        match encryption {
            ContentEncryption::A128Gcm | ContentEncryption::A256Gcm => {
                let iv: [u8; aead::NONCE_LEN] = entropy.array();
                let mut ciphertext = content.to_vec();
                let tag = aead::seal(key, iv, header.as_bytes(), &mut ciphertext)?;
                Ok(Self { iv: iv.to_vec(), ciphertext, tag: tag.to_vec() })
            }
            ContentEncryption::A128CbcHs256 | ContentEncryption::A256CbcHs512 => {
                let iv: [u8; cbc::IV_LEN] = entropy.array();
                let (ciphertext, tag) = cbc::seal(key, iv, header.as_bytes(), content)?;
                Ok(Self { iv: iv.to_vec(), ciphertext, tag })
            }
        }
    }

    /// Decrypts. Vector and tag must have their full length: a short tag is easier to guess (ATK-JWE-17).
    pub(crate) fn open(
        &self,
        encryption: ContentEncryption,
        key: &[u8],
        header: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        if key.len() != encryption.key_len() {
            return Err(Refused);
        }
        match encryption {
            ContentEncryption::A128Gcm | ContentEncryption::A256Gcm => {
                let iv = self.iv.as_slice().try_into().map_err(|_| Refused)?;
                if self.tag.len() != aead::TAG_LEN {
                    return Err(Refused);
                }
                let mut content = Zeroizing::new([self.ciphertext.as_slice(), &self.tag].concat());
                let length = aead::open(key, iv, header.as_bytes(), &mut content)?.len();
                content.truncate(length);
                Ok(content)
            }
            ContentEncryption::A128CbcHs256 | ContentEncryption::A256CbcHs512 => {
                let iv = self.iv.as_slice().try_into().map_err(|_| Refused)?;
                cbc::open(key, iv, header.as_bytes(), &self.ciphertext, &self.tag)
            }
        }
    }
}
