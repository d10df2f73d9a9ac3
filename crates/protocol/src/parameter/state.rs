use std::str::FromStr;

use super::text;

/// The `state` of an authorization request (RFC 6749 §4.1.1): the client's own words, returned byte for byte.
///
/// Up to 2048 bytes; at least 1024 characters are promised (JAR-122). Longer is refused, never cut.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State(String);

text!(State);

/// Why a string is no [`State`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a state is 1 to 2048 bytes")]
pub struct InvalidState;

impl FromStr for State {
    type Err = InvalidState;

    fn from_str(raw: &str) -> Result<Self, InvalidState> {
        if raw.is_empty() || raw.len() > 2048 { Err(InvalidState) } else { Ok(Self(raw.to_owned())) }
    }
}
