use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of scope words (RFC 6749 §3.3). Order and repetition mean nothing; the empty set is a scope too.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Scope(BTreeSet<String>);

/// Why a string is no [`Scope`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a scope is up to 100 words of visible ASCII without quotes and backslashes, separated by single spaces"
)]
pub struct InvalidScope;

impl Scope {
    /// The words, in alphabetical order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether `word` is one of them.
    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// Whether every word of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The words that are in both.
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The words that are in either.
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Whether no word is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(raw: &str) -> Result<Self, InvalidScope> {
        if raw.is_empty() {
            return Ok(Self::default());
        }
        let words: BTreeSet<String> = raw.split(' ').map(str::to_owned).collect();
        let good = |word: &String| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
        };
        if raw.len() > 4096 || words.len() > 100 || !words.iter().all(good) {
            return Err(InvalidScope);
        }
        Ok(Self(words))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        raw.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn red_09_scope_is_an_unordered_set() {
        let scope: Scope = "openid accounts openid".parse().unwrap();
        assert_eq!(scope, "accounts openid".parse().unwrap());
        assert!("openid".parse::<Scope>().unwrap().is_subset(&scope));
        for bad in ["a  b", " a", "a ", "a\"b", "a\\b", "a\tb", "é"] {
            assert_eq!(bad.parse::<Scope>(), Err(InvalidScope), "{bad:?}");
        }
    }
}
