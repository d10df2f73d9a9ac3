//! The compact serialization (RFC 7515 §3.1, RFC 7516 §3.1): parts between dots, nothing else.

/// Why a text is not a compact token of the expected number of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompactError {
    /// Longer than the limit. Found before anything is decoded.
    #[error("token is longer than {limit} characters (JWT-04)")]
    TooLong {
        /// Characters that would pass.
        limit: usize,
    },
    /// JSON serialization.
    #[error("token is in JSON serialization; only the compact form passes (JAR-46, JWT-03)")]
    JsonSerialization,
    /// Another number of parts.
    #[error("token has {found} parts instead of {expected} (JAR-46, RFC 7515 §7.1)")]
    Parts {
        /// 3 for a JWS, 5 for a JWE.
        expected: usize,
        /// Number found.
        found: usize,
    },
}

/// Splits `token` at its dots into exactly `N` parts: 3 for a JWS, 5 for a JWE. The parts are not decoded yet.
pub fn split<const N: usize>(token: &str, limit: usize) -> Result<[&str; N], CompactError> {
    if token.len() > limit {
        return Err(CompactError::TooLong { limit });
    }
    if token.trim_start().starts_with('{') {
        return Err(CompactError::JsonSerialization);
    }
    let mut parts = [""; N];
    let mut found = 0;
    for part in token.split('.') {
        if let Some(slot) = parts.get_mut(found) {
            *slot = part;
        }
        found += 1;
    }
    if found == N { Ok(parts) } else { Err(CompactError::Parts { expected: N, found }) }
}

/// Number of parts a text would have as a compact token; what tells a JWS (3) from a JWE (5).
#[must_use]
pub fn parts(token: &str) -> usize {
    token.split('.').count()
}
