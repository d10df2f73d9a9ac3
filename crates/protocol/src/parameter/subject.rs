use std::str::FromStr;

use super::text;

/// Names a person at one issuer (OpenID Connect Core §2, `sub`): 1 to 255 visible ASCII characters, never reused.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subject(String);

text!(Subject);

/// Why a string is no [`Subject`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a subject is 1 to 255 visible ASCII characters")]
pub struct InvalidSubject;

impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(raw: &str) -> Result<Self, InvalidSubject> {
        if raw.is_empty() || raw.len() > 255 || !raw.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidSubject);
        }
        Ok(Self(raw.to_owned()))
    }
}
