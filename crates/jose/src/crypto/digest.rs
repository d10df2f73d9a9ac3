//! SHA-256, comparison in constant time, random bytes.

use aws_lc_rs::{constant_time, digest, rand};
use zeroize::Zeroizing;

use crate::crypto::Refused;

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha256_of(&[bytes])
}

/// SHA-256 of the concatenation of `parts`.
pub(crate) fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// The first `len` octets of the shortest SHA-2 hash that has so many (OpenID Connect Core §10.2).
pub(crate) fn sha2_truncated(bytes: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let algorithm = if len <= 32 { &digest::SHA256 } else { &digest::SHA512 };
    let hash = digest::digest(algorithm, bytes);
    Zeroizing::new(hash.as_ref().iter().take(len).copied().collect())
}

/// Whether `a` equals `b`, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Random bytes of the operating system's generator. Called by `SystemEntropy` only.
#[expect(clippy::disallowed_methods, reason = "this is what `Entropy` stands for")]
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), Refused> {
    Ok(rand::fill(bytes)?)
}
