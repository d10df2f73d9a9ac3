//! AES-CBC with HMAC-SHA-2 (RFC 7518 §5.2).

use aws_lc_rs::{
    cipher::{
        AES_128, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
        PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    hmac,
    iv::FixedLength,
};
use zeroize::Zeroizing;

use crate::crypto::{Refused, digest::constant_time_eq};

pub(crate) const IV_LEN: usize = 16;

/// Encrypts and returns ciphertext and tag. `key` is MAC key ‖ encryption key: 32 or 64 octets in all.
pub(crate) fn seal(
    key: &[u8],
    iv: [u8; IV_LEN],
    aad: &[u8],
    content: &[u8],
) -> Result<(Vec<u8>, Vec<u8>), Refused> {
    let (mac_key, cipher_key) = halves(key)?;
    let mut ciphertext = content.to_vec();
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    PaddedBlockEncryptingKey::cbc_pkcs7(cipher_key)?.less_safe_encrypt(&mut ciphertext, context)?;
    let tag = tag(mac_key, aad, &iv, &ciphertext)?;
    Ok((ciphertext, tag))
}

/// Checks the whole tag first, so padding is only looked at in what the sender encrypted.
pub(crate) fn open(
    key: &[u8],
    iv: [u8; IV_LEN],
    aad: &[u8],
    ciphertext: &[u8],
    found: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let (mac_key, cipher_key) = halves(key)?;
    if !constant_time_eq(&tag(mac_key, aad, &iv, ciphertext)?, found) {
        return Err(Refused);
    }
    let mut content = Zeroizing::new(ciphertext.to_vec());
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let length = PaddedBlockDecryptingKey::cbc_pkcs7(cipher_key)?.decrypt(&mut content, context)?.len();
    content.truncate(length);
    Ok(content)
}

fn halves(key: &[u8]) -> Result<(&[u8], UnboundCipherKey), Refused> {
    let (mac_key, cipher_key) = key.split_at(key.len() / 2);
    let cipher = match key.len() {
        32 => &AES_128,
        64 => &AES_256,
        _ => return Err(Refused),
    };
    Ok((mac_key, UnboundCipherKey::new(cipher, cipher_key)?))
}

/// The first half of the HMAC over AAD ‖ IV ‖ ciphertext ‖ bit length of AAD.
fn tag(mac_key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Refused> {
    let algorithm = if mac_key.len() == 16 { hmac::HMAC_SHA256 } else { hmac::HMAC_SHA512 };
    let aad_bits = u64::try_from(aad.len()).map_err(|_| Refused)?.checked_mul(8).ok_or(Refused)?;
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, mac_key));
    for part in [aad, iv, ciphertext, &aad_bits.to_be_bytes()] {
        context.update(part);
    }
    Ok(context.sign().as_ref().iter().take(mac_key.len()).copied().collect())
}
