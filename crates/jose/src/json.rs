//! JSON as it arrives from outside: scanned once for everything a lenient parser forgives, then deserialized.
//!
//! Two readers that resolve a duplicate member differently see two different requests under one signature
//! (JWT-03, ATK-JAR-28, ATK-JAR-66). Hence the scan refuses what is ambiguous before `serde_json` reads it.

mod scan;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::Limits;

/// Why a JSON document was refused. Never quotes values, so it may be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Longer than the limit.
    #[error("JSON document is longer than {limit} octets (JWT-04)")]
    TooLong {
        /// Octets that would pass.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("JSON document is not UTF-8 (JWT-03, RFC 8259 §8.1)")]
    NotUtf8,
    /// Starts with a byte order mark.
    #[error("JSON document starts with a byte order mark (RFC 8259 §8.1)")]
    ByteOrderMark,
    /// The outermost value is not an object.
    #[error("JSON document is not an object (RFC 7515 §4, RFC 7519 §4)")]
    NotAnObject,
    /// Not JSON.
    #[error("JSON syntax is broken at octet {at} (RFC 8259)")]
    Syntax {
        /// Offset of the first octet that does not fit.
        at: usize,
    },
    /// Nested too deeply.
    #[error("JSON document is nested deeper than {limit} (JWT-04)")]
    TooDeep {
        /// Depth that would pass.
        limit: usize,
    },
    /// Too many members.
    #[error("JSON document has too many members (JWT-04)")]
    TooManyMembers,
    /// The same member name twice in one object.
    #[error("JSON object has a duplicate member at octet {at} (JWT-03, RFC 7515 §4)")]
    DuplicateMember {
        /// Offset of the second occurrence.
        at: usize,
    },
    /// Half of a surrogate pair as an escape.
    #[error("JSON string holds a lone surrogate at octet {at} (RFC 8259 §8.2)")]
    LoneSurrogate {
        /// Offset of the escape.
        at: usize,
    },
    /// Well-formed, but not of the expected shape.
    #[error("JSON document has the wrong shape: {0}")]
    Shape(String),
}

/// Reads one JSON object strictly.
///
/// Refuses, at any depth and after unescaping, duplicate members; also invalid UTF-8, a byte order mark, lone surrogates,
/// anything beyond `limits`, and trailing bytes.
pub fn parse_object<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, JsonError> {
    let text = scan_object(bytes, limits)?;
    serde_json::from_str(text).map_err(|error| JsonError::Shape(describe(&error)))
}

/// Checks `bytes` as [`parse_object`] does, and hands back the text, which is then safe for any JSON reader.
pub fn scan_object<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, JsonError> {
    if bytes.len() > limits.json_bytes {
        return Err(JsonError::TooLong { limit: limits.json_bytes });
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    scan::object(text, limits)?;
    Ok(text)
}

/// For `deserialize_with` beside `default`: a member that is there counts, even as `null`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// `serde_json` quotes values in some of its messages; those are replaced by the position.
fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let names_only = ["missing field", "unknown field", "duplicate field"];
    if names_only.iter().any(|start| message.starts_with(start)) {
        message
    } else {
        format!("a member has the wrong type or value before line {} column {}", error.line(), error.column())
    }
}
