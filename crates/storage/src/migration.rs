//! The schema, as numbered plain SQL files that run once each, in order, under a lock.

use std::fmt::Write as _;

use countersign_jose::sha256;

use crate::StorageError;

/// One step of the schema. Its text is final once released.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) number: i64,
    text: &'static str,
}

/// The words in which the engines differ; everything else in a migration is the same text for both.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// Type of a byte string, for `{blob}`.
    pub(crate) blob: &'static str,
    /// End of a CREATE TABLE whose rows are small and live in the index of their key, for `{clustered}`.
    pub(crate) clustered: &'static str,
    /// Type of a primary key that counts up by itself, for `{arrival}`.
    pub(crate) arrival: &'static str,
}

pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { number: 1, text: include_str!("migrations/0001_foundation.sql") }];

pub(crate) const CREATE_LEDGER: &str =
    "CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT PRIMARY KEY, checksum TEXT NOT NULL)";
pub(crate) const READ_LEDGER: &str = "SELECT number, checksum FROM schema_migration ORDER BY number";
pub(crate) const RECORD: &str = "INSERT INTO schema_migration (number, checksum) VALUES ($1, $2)";

impl Migration {
    /// The text for one engine.
    pub(crate) fn sql(&self, dialect: &Dialect) -> String {
        self.text
            .replace("{blob}", dialect.blob)
            .replace("{clustered}", dialect.clustered)
            .replace("{arrival}", dialect.arrival)
    }

    /// SHA-256 of the text, in hexadecimal.
    pub(crate) fn checksum(&self) -> String {
        sha256(self.text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// Which of `known` are still to be applied to a database whose ledger holds these numbers and checksums.
///
/// # Errors
/// The database is newer than this program, or an applied text was altered: both would corrupt data quietly.
pub(crate) fn missing<'a>(
    known: &'a [Migration],
    ledger: &[(i64, String)],
) -> Result<&'a [Migration], StorageError> {
    let newest = known.last().map_or(0, |migration| migration.number);
    if let Some((found, _)) = ledger.last().filter(|(found, _)| *found > newest) {
        return Err(StorageError::NewerSchema { found: *found, known: newest });
    }
    for (migration, (number, checksum)) in known.iter().zip(ledger) {
        if migration.number != *number || migration.checksum() != *checksum {
            return Err(StorageError::ChangedMigration(migration.number));
        }
    }
    Ok(known.get(ledger.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[Migration { number: 1, text: "one" }, Migration { number: 2, text: "two" }];

    fn ledger(entries: &[(i64, &str)]) -> Vec<(i64, String)> {
        let entry =
            |(number, text): &(i64, &'static str)| (*number, Migration { number: *number, text }.checksum());
        let entries: Vec<(i64, &'static str)> = entries
            .iter()
            .map(|(number, text)| {
                (
                    *number,
                    if *text == "one" {
                        "one"
                    } else if *text == "two" {
                        "two"
                    } else {
                        "?"
                    },
                )
            })
            .collect();
        entries.iter().map(entry).collect()
    }

    #[test]
    fn only_what_is_missing_runs() {
        assert_eq!(missing(KNOWN, &[]).unwrap().len(), 2);
        assert_eq!(missing(KNOWN, &ledger(&[(1, "one")])).unwrap()[0].number, 2);
        assert!(missing(KNOWN, &ledger(&[(1, "one"), (2, "two")])).unwrap().is_empty());
    }

    #[test]
    fn an_unknown_newer_schema_is_refused() {
        let refusal = missing(KNOWN, &ledger(&[(1, "one"), (2, "two"), (3, "three")])).unwrap_err();
        assert_eq!(refusal, StorageError::NewerSchema { found: 3, known: 2 });
    }

    #[test]
    fn an_altered_migration_is_refused() {
        let refusal = missing(KNOWN, &ledger(&[(1, "altered")])).unwrap_err();
        assert_eq!(refusal, StorageError::ChangedMigration(1));
    }

    #[test]
    fn numbers_are_consecutive() {
        assert!(MIGRATIONS.iter().zip(1..).all(|(migration, number)| migration.number == number));
    }
}
