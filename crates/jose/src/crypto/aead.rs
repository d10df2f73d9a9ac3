//! AES-GCM with 96-bit nonces and 128-bit tags.

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use zeroize::Zeroizing;

use crate::crypto::Refused;

pub(crate) const NONCE_LEN: usize = 12;
pub(crate) const TAG_LEN: usize = 16;

/// Encrypts `content` in place and returns the tag. `key` has 16 or 32 octets.
pub(crate) fn seal(
    key: &[u8],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    content: &mut [u8],
) -> Result<[u8; TAG_LEN], Refused> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = gcm(key)?.seal_in_place_separate_tag(nonce, Aad::from(aad), content)?;
    tag.as_ref().try_into().map_err(|_| Refused)
}

/// Decrypts `ciphertext ‖ tag` in place and returns the plaintext.
pub(crate) fn open<'a>(
    key: &[u8],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    sealed: &'a mut [u8],
) -> Result<&'a mut [u8], Refused> {
    Ok(gcm(key)?.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), sealed)?)
}

fn gcm(key: &[u8]) -> Result<LessSafeKey, Refused> {
    let algorithm = match key.len() {
        16 => &AES_128_GCM,
        32 => &AES_256_GCM,
        _ => return Err(Refused),
    };
    Ok(LessSafeKey::new(UnboundKey::new(algorithm, key)?))
}

/// HMAC-SHA-256 of `label ‖ salt` under `key`: a fresh key for one use.
pub(crate) fn derive_key(key: &[u8; 32], label: &[u8], salt: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(label);
    context.update(salt);
    let mut derived = Zeroizing::new([0; 32]);
    derived.copy_from_slice(context.sign().as_ref());
    derived
}
