//! The `aud` claim (RFC 7519 §4.1.3): one string or several.

use serde::Deserialize;

/// Whom a JWT is meant for. Anything but a string or an array of strings does not read.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whether `name` is meant, possibly among others; compared to the letter.
    pub(crate) fn contains(&self, name: &str) -> bool {
        match self {
            Self::One(own) => own == name,
            Self::Several(own) => own.iter().any(|own| own == name),
        }
    }

    /// Whether `name` and nobody else is meant.
    pub(crate) fn is_only(&self, name: &str) -> bool {
        match self {
            Self::One(own) => own == name,
            Self::Several(own) => own.len() == 1 && own[0] == name,
        }
    }

    /// Whether it is written as the one string `name`.
    pub(crate) fn is_string(&self, name: &str) -> bool {
        matches!(self, Self::One(own) if own == name)
    }
}
