//! JWTs as people read them. Nothing here verifies; what is shown says what travelled, not what to believe.

use std::io::{self, Write};

use countersign_jose::base64url;
use serde::Serialize;
use serde_json::{Map, Value};

use super::pages::Member;
use super::report::DIM;
use crate::output::STRONG;

/// A compact JWS taken apart.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DecodedJwt {
    /// What it is, such as `request object`.
    pub(crate) kind: &'static str,
    /// Who signed it.
    pub(crate) signed_by: &'static str,
    /// The protected header.
    pub(crate) header: Map<String, Value>,
    /// The claims.
    pub(crate) claims: Map<String, Value>,
    /// The message itself.
    pub(crate) compact: String,
}

impl DecodedJwt {
    /// Takes a message of ours apart; what cannot be read shows as empty.
    pub(crate) fn of(kind: &'static str, signed_by: &'static str, compact: &str) -> Self {
        let mut parts = compact.split('.').map(object);
        let header = parts.next().unwrap_or_default();
        let claims = parts.next().unwrap_or_default();
        Self { kind, signed_by, header, claims, compact: compact.to_owned() }
    }

    /// A claim, as text.
    pub(crate) fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its three parts.
    pub(crate) fn parts(&self) -> [String; 3] {
        let mut parts = self.compact.split('.').map(str::to_owned);
        std::array::from_fn(|_| parts.next().unwrap_or_default())
    }

    /// Prints it: header, claims with times in words, signature.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "      {STRONG}{}{STRONG:#} {DIM}signed by {}, {} characters{DIM:#}",
            self.kind,
            self.signed_by,
            self.compact.len()
        )?;
        writeln!(out, "        {DIM}header{DIM:#}  {}", Value::Object(self.header.clone()))?;
        for Member { name, value, meaning } in members(&self.claims) {
            let meaning = if meaning.is_empty() { meaning } else { format!("  ({meaning})") };
            writeln!(out, "        {name:<22} {}{DIM}{meaning}{DIM:#}", shortened(&value, 96))?;
        }
        Ok(())
    }
}

/// Members with times in words.
pub(crate) fn members(object: &Map<String, Value>) -> Vec<Member> {
    let member = |(name, value): (&String, &Value)| Member {
        name: name.clone(),
        value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        meaning: meaning(name, value),
    };
    object.iter().map(member).collect()
}

/// The beginning of a long value.
pub(crate) fn shortened(value: &str, most: usize) -> String {
    match value.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

fn meaning(name: &str, value: &Value) -> String {
    let seconds = value.as_i64().filter(|_| matches!(name, "exp" | "nbf" | "iat" | "auth_time"));
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map(|time| time.to_string()).unwrap_or_default()
}

fn object(part: &str) -> Map<String, Value> {
    let bytes = base64url::decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
