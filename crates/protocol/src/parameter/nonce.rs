use std::str::FromStr;

use super::text;

/// The `nonce` of an authorization request (OpenID Connect Core §3.1.2.1), returned in the ID Token unchanged.
///
/// Up to 512 bytes; FAPI 2.0 §5.3.2.2-14 demands 64 characters (JAR-122, IDT-14). Longer is refused, never cut.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Nonce(String);

text!(Nonce);

/// Why a string is no [`Nonce`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a nonce is 1 to 512 bytes")]
pub struct InvalidNonce;

impl FromStr for Nonce {
    type Err = InvalidNonce;

    fn from_str(raw: &str) -> Result<Self, InvalidNonce> {
        if raw.is_empty() || raw.len() > 512 { Err(InvalidNonce) } else { Ok(Self(raw.to_owned())) }
    }
}
