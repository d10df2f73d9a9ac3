//! The environment as configuration: `COUNTERSIGN_` and the key, nested keys joined by two underscores.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::bounds::Bounds;
use crate::failure::Refusal;

/// Holds the master key itself, so it is no key of the file.
pub(super) const MASTER_KEY: &str = "COUNTERSIGN_MASTER_KEY";

const PREFIX: &str = "COUNTERSIGN_";

/// How the text of a variable is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As it stands.
    Text,
    /// A whole number.
    Number,
    /// Words separated by commas.
    List,
    /// A TOML inline table, such as `{ openid = "Know who you are" }`.
    Table,
}

/// Every key that a variable can set, and how its text is read.
pub(crate) const VARIABLES: &[(&str, Kind)] = &[
    ("issuer", Kind::Text),
    ("listen", Kind::Text),
    ("data", Kind::Text),
    ("database.url", Kind::Text),
    ("database.path", Kind::Text),
    ("database.pool_size", Kind::Number),
    ("tls.certificate", Kind::Text),
    ("tls.key", Kind::Text),
    ("master_key_file", Kind::Text),
    ("minimum_profile", Kind::Text),
    ("new_client_profile", Kind::Text),
    ("signing_algorithms", Kind::List),
    ("scopes", Kind::Table),
    ("lifetimes.pushed_request", Kind::Number),
    ("lifetimes.interaction", Kind::Number),
    ("lifetimes.access_token", Kind::Number),
    ("lifetimes.id_token", Kind::Number),
    ("lifetimes.refresh_token", Kind::Number),
    ("lifetimes.session", Kind::Number),
    ("lifetimes.answer", Kind::Number),
    ("lifetimes.signing_key", Kind::Number),
    ("admin.listen", Kind::Text),
    ("log.level", Kind::Text),
    ("log.format", Kind::Text),
];

/// Lays the `COUNTERSIGN_*` variables over the table of the file.
///
/// A variable that names no key is refused, as an unknown key of the file is: a misspelt one would be ignored
/// quietly. What Kubernetes sets for a service of this name is left alone.
pub(super) fn overlay(table: &mut Table, environment: &BTreeMap<String, String>) -> Result<(), Refusal> {
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let foreign = rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_");
        if foreign || name == MASTER_KEY || rest == "CONFIG" {
            continue;
        }
        let (path, kind) = key_of(rest).ok_or_else(|| {
            let passes = "COUNTERSIGN_ and a key in upper case, nested keys joined by __, such as COUNTERSIGN_DATABASE__URL.";
            Refusal::new(name, "No configuration key has this name.", passes, "configuration")
        })?;
        set(table, path, value(name, path, text, kind)?);
    }
    Ok(())
}

/// A nested key is also found with one underscore (COUNTERSIGN_DATABASE_URL): no two keys become the same that way.
fn key_of(rest: &str) -> Option<(&'static str, Kind)> {
    let named = |path: &str| {
        path.replace('.', "__").eq_ignore_ascii_case(rest)
            || path.replace('.', "_").eq_ignore_ascii_case(rest)
    };
    VARIABLES.iter().copied().find(|(path, _)| named(path))
}

fn value(name: &str, path: &str, text: &str, kind: Kind) -> Result<Value, Refusal> {
    let refuse = |passes: &str| Refusal::new(name, "The value does not read.", passes, "configuration");
    match kind {
        Kind::Text => Ok(Value::String(text.to_owned())),
        Kind::Number => text.trim().parse().map(Value::Integer).map_err(|_| {
            let wrong = format!("{text:?} is no whole number.");
            match Bounds::of(path) {
                Some(bounds) => Refusal { subject: name.to_owned(), ..bounds.refuse(wrong) },
                None => Refusal::new(name, wrong, "A whole number.", "configuration"),
            }
        }),
        Kind::List => {
            Ok(Value::Array(text.split(',').map(|word| Value::String(word.trim().to_owned())).collect()))
        }
        Kind::Table => {
            let document: Table = format!("value = {text}")
                .parse()
                .map_err(|_| refuse("A TOML inline table: { openid = \"Know who you are\" }."))?;
            document.get("value").cloned().ok_or_else(|| refuse("A TOML inline table."))
        }
    }
}

fn set(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(table.insert(path.to_owned(), value)),
        Some((outer, inner)) => {
            let nested = table.entry(outer).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(nested) = nested {
                set(nested, inner, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaid(variables: &[(&str, &str)]) -> Result<Table, Refusal> {
        let environment = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let mut table = "issuer = \"https://file.example\"".parse().unwrap();
        overlay(&mut table, &environment.collect()).map(|()| table)
    }

    #[test]
    fn variables_override_the_file() {
        let table = overlaid(&[
            ("COUNTERSIGN_ISSUER", "https://as.example"),
            ("COUNTERSIGN_DATABASE__URL", "postgresql://one"),
            ("COUNTERSIGN_DATABASE_POOL_SIZE", "4"),
            ("COUNTERSIGN_SIGNING_ALGORITHMS", "ES256, EdDSA"),
            ("COUNTERSIGN_SCOPES", "{ openid = \"Who you are\" }"),
            ("COUNTERSIGN_MASTER_KEY", "kept out of the table"),
            ("COUNTERSIGN_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("PATH", "/bin"),
        ]);
        let expected: Table =
            "issuer = \"https://as.example\"\nsigning_algorithms = [\"ES256\", \"EdDSA\"]\n\
             scopes = { openid = \"Who you are\" }\ndatabase = { url = \"postgresql://one\", pool_size = 4 }"
                .parse()
                .unwrap();
        assert_eq!(table, Ok(expected));
    }

    #[test]
    fn a_misspelt_variable_is_refused_by_name() {
        assert_eq!(overlaid(&[("COUNTERSIGN_ISUER", "x")]).unwrap_err().subject, "COUNTERSIGN_ISUER");
        let refusal = overlaid(&[("COUNTERSIGN_LIFETIMES__ANSWER", "2 min")]).unwrap_err();
        assert_eq!(refusal.wrong, "\"2 min\" is no whole number.");
        assert_eq!(refusal.passes, "A whole number of seconds, 10 to 600.");
    }

    #[test]
    fn every_key_of_the_file_has_a_variable() {
        let schema = schemars::schema_for!(super::super::RawConfig);
        let schema = serde_json::to_value(schema).unwrap();
        let nested = |name: &str| schema["$defs"].as_object().unwrap().get(name).cloned();
        let mut keys = Vec::new();
        for (key, member) in schema["properties"].as_object().unwrap() {
            let reference = member["$ref"].as_str().or_else(|| member["anyOf"][0]["$ref"].as_str());
            match reference.and_then(|reference| nested(reference.trim_start_matches("#/$defs/"))) {
                None => keys.push(key.clone()),
                Some(table) => keys.extend(
                    table["properties"].as_object().unwrap().keys().map(|inner| format!("{key}.{inner}")),
                ),
            }
        }
        keys.sort();
        let mut named: Vec<_> = VARIABLES.iter().map(|(path, _)| (*path).to_owned()).collect();
        named.sort();
        assert_eq!(keys, named);
    }
}
