use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the answer brings: an unordered set of the words `code`, `id_token`, `token`, or `none`
/// (OAuth 2.0 Multiple Response Types §2; JARM-03).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ResponseType {
    code: bool,
    id_token: bool,
    token: bool,
}

/// Why a string is no [`ResponseType`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a response type is `none`, or `code`, `id_token` and `token`, each at most once, separated by single spaces"
)]
pub struct InvalidResponseType;

impl ResponseType {
    /// `code`: the one that every profile allows.
    pub const CODE: Self = Self { code: true, id_token: false, token: false };

    /// Whether the answer brings an authorization code.
    pub const fn has_code(self) -> bool {
        self.code
    }

    /// Whether the answer itself brings a token, so that it must not travel in a readable query (JARM 2.3.1).
    pub const fn has_tokens(self) -> bool {
        self.id_token || self.token
    }
}

impl FromStr for ResponseType {
    type Err = InvalidResponseType;

    fn from_str(raw: &str) -> Result<Self, InvalidResponseType> {
        let mut found = Self::default();
        if raw == "none" {
            return Ok(found);
        }
        for word in raw.split(' ') {
            let seen = match word {
                "code" => &mut found.code,
                "id_token" => &mut found.id_token,
                "token" => &mut found.token,
                _ => return Err(InvalidResponseType),
            };
            if std::mem::replace(seen, true) {
                return Err(InvalidResponseType);
            }
        }
        Ok(found)
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = [(self.code, "code"), (self.id_token, "id_token"), (self.token, "token")]
            .into_iter()
            .filter_map(|(set, word)| set.then_some(word))
            .collect();
        f.write_str(if words.is_empty() { "none".to_owned() } else { words.join(" ") }.as_str())
    }
}

impl Serialize for ResponseType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResponseType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        raw.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jarm_03_response_type_is_an_unordered_set() {
        assert_eq!("id_token code".parse::<ResponseType>(), "code id_token".parse());
        for bad in ["", "Code", "code code", "code  token", " code", "code,token", "none code"] {
            assert_eq!(bad.parse::<ResponseType>(), Err(InvalidResponseType), "ATK-RED-18 {bad:?}");
        }
    }
}
