use std::str::FromStr;

use super::text;

/// The `jti` of a JWT (RFC 7519 §4.1.7): 1 to 256 characters (JAR-107).
///
/// The bound keeps the replay store bounded; a longer one is refused, never cut.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct JwtId(String);

text!(JwtId);

/// Why a string is no [`JwtId`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a jti is 1 to 256 characters")]
pub struct InvalidJwtId;

impl FromStr for JwtId {
    type Err = InvalidJwtId;

    fn from_str(raw: &str) -> Result<Self, InvalidJwtId> {
        if raw.is_empty() || raw.len() > 256 { Err(InvalidJwtId) } else { Ok(Self(raw.to_owned())) }
    }
}
