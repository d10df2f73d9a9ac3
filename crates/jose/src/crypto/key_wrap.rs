//! AES key wrap (RFC 3394).

use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrap};
use zeroize::Zeroizing;

use crate::crypto::Refused;

/// Wraps a content encryption key under `kek` of 16 or 32 octets.
pub(crate) fn wrap(kek: &[u8], content_key: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut out = vec![0; content_key.len() + 8];
    key(kek)?.wrap(content_key, &mut out)?;
    Ok(out)
}

/// Unwraps a content encryption key; fails if the integrity check does.
pub(crate) fn unwrap(kek: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let mut out = Zeroizing::new(vec![0; wrapped.len().checked_sub(8).ok_or(Refused)?]);
    key(kek)?.unwrap(wrapped, &mut out)?;
    Ok(out)
}

fn key(kek: &[u8]) -> Result<AesKek, Refused> {
    let cipher = match kek.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return Err(Refused),
    };
    Ok(AesKek::new(cipher, kek)?)
}
