//! A token taken apart to be looked at: leniently, because a hostile one must be shown too. Nothing here judges.

use std::fmt;

use countersign_jose::base64url;
use countersign_protocol::time::UnixTime;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// A compact token, whatever is wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// As it was given, without white space around it.
    pub(crate) compact: String,
    /// The first part.
    pub(crate) header: Part,
    /// The second part of a signed token; empty for an encrypted one.
    pub(crate) claims: Part,
    /// Number of parts between dots.
    pub(crate) parts: usize,
}

/// A part of a token that should be a JSON object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// The octets, as far as they decode.
    pub(crate) bytes: Vec<u8>,
    /// The members in their order, doubled ones too; `None` when it is no JSON object.
    pub(crate) members: Option<Vec<(String, Value)>>,
}

/// A time claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Not there.
    Absent,
    /// There, and no number of seconds (JAR-83).
    NoTime,
    /// A moment.
    At(UnixTime),
}

impl Token {
    /// Takes a token apart; `None` when the text has not the shape of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let compact = text.trim();
        let parts: Vec<&str> = compact.split('.').collect();
        let header = Part::parse(parts.first()?);
        if !(2..=6).contains(&parts.len()) || header.members.is_none() {
            return None;
        }
        let claims = if parts.len() == 5 { Part::default() } else { Part::parse(parts.get(1)?) };
        Some(Self { compact: compact.to_owned(), header, claims, parts: parts.len() })
    }

    /// Whether it has the five parts of an encrypted token.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.parts == 5
    }

    /// A claim; of a doubled one, the last.
    pub(crate) fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.member(name)
    }

    /// A claim that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Value::as_str)
    }

    /// A header member that is a string.
    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.member(name).and_then(Value::as_str)
    }

    /// `typ`, without `application/` and in lower case (RFC 7515 §4.1.9).
    pub(crate) fn media_type(&self) -> Option<String> {
        let typ = self.header_text("typ")?.to_ascii_lowercase();
        Some(typ.strip_prefix("application/").unwrap_or(&typ).to_owned())
    }

    /// A claim as a time.
    pub(crate) fn moment(&self, name: &str) -> Moment {
        const BOUND: f64 = 9_007_199_254_740_992.0;
        match self.claim(name).map(Value::as_f64) {
            None => Moment::Absent,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be in range"
            )]
            Some(Some(seconds)) if (0.0..BOUND).contains(&seconds) => {
                Moment::At(UnixTime::from_secs(seconds as u64))
            }
            Some(_) => Moment::NoTime,
        }
    }

    /// Whom it is for: one string or several.
    pub(crate) fn audience(&self) -> Vec<&str> {
        match self.claim("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl Part {
    fn parse(part: &str) -> Self {
        let bytes = decode(part);
        let members = serde_json::from_slice::<Members>(&bytes).ok().map(|members| members.0);
        Self { bytes, members }
    }

    /// A member; of a doubled one, the last.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.members.iter().flatten().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The names that come more than once at the top.
    pub(crate) fn doubled(&self) -> Vec<&str> {
        let mut doubled: Vec<&str> = Vec::new();
        let names: Vec<&str> = self.members.iter().flatten().map(|(name, _)| name.as_str()).collect();
        for (place, name) in names.iter().enumerate() {
            if names.iter().take(place).any(|earlier| earlier == name) && !doubled.contains(name) {
                doubled.push(name);
            }
        }
        doubled
    }
}

/// Base64 as somebody may have written it: padded, with the other alphabet, with stray bits or white space.
fn decode(part: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = part.bytes().filter_map(|byte| match byte {
        b'+' => ALPHABET.iter().position(|known| *known == b'-'),
        b'/' => ALPHABET.iter().position(|known| *known == b'_'),
        other => ALPHABET.iter().position(|known| *known == other),
    });
    let mut digits: Vec<usize> = digits.collect();
    let stray = match digits.len() % 4 {
        2 => 0b11_0000,
        3 => 0b11_1100,
        1 => 0,
        _ => 0b11_1111,
    };
    if stray == 0 {
        digits.pop();
    } else if let Some(last) = digits.last_mut() {
        *last &= stray;
    }
    let canonical: String =
        digits.iter().filter_map(|digit| ALPHABET.get(*digit)).map(|byte| char::from(*byte)).collect();
    base64url::decode(&canonical).unwrap_or_default()
}

/// The members of a JSON object in their order, doubled ones too.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hostile_token_is_still_shown() {
        let encode = |json: &str| base64url::encode(json);
        let header = encode("{\"alg\":\"none\",\"alg\":\"ES256\"}");
        let token =
            Token::parse(&format!(" {header}==.{}. ", encode("{\"exp\":\"soon\",\"iat\":5.9}"))).unwrap();
        assert_eq!(token.header.doubled(), ["alg"]);
        assert_eq!(token.header.member("alg"), Some(&json!("ES256")));
        assert_eq!(token.moment("exp"), Moment::NoTime);
        assert_eq!(token.moment("iat"), Moment::At(UnixTime::from_secs(5)));
        assert_eq!(token.moment("nbf"), Moment::Absent);
        assert!(Token::parse("hello.world").is_none() && Token::parse("").is_none());
    }

    #[test]
    fn base64_is_read_however_it_was_written() {
        for (text, bytes) in
            [("aGk", "hi"), ("aGk=", "hi"), ("aG k", "hi"), ("aGl", "hi"), ("Pz8/", "???"), ("Pz8_", "???")]
        {
            assert_eq!(decode(text), bytes.as_bytes(), "{text}");
        }
    }
}
