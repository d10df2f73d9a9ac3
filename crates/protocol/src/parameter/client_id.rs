use std::str::FromStr;

use super::text;

/// Names a client at one issuer (RFC 6749 §2.2). Public, compared byte for byte.
///
/// Between 1 and 255 visible ASCII characters: what it may hold is narrower than RFC 6749 allows, so that it can
/// stand in a log line, a table and a URL without changing its look.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientId(String);

text!(ClientId);

/// Why a string is no [`ClientId`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a client id is 1 to 255 visible ASCII characters")]
pub struct InvalidClientId;

impl FromStr for ClientId {
    type Err = InvalidClientId;

    fn from_str(raw: &str) -> Result<Self, InvalidClientId> {
        let visible = raw.bytes().all(|byte| byte.is_ascii_graphic());
        if raw.is_empty() || raw.len() > 255 || !visible {
            return Err(InvalidClientId);
        }
        Ok(Self(raw.to_owned()))
    }
}
