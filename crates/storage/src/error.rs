//! What can go wrong below a repository.

use thiserror::Error;

/// A database that could not do what it was asked.
///
/// None of these says that a rule of the protocol was broken: that is [`Outcome::Refused`](crate::Outcome).
/// The texts are for logs; they hold names of statements, never their values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StorageError {
    /// The database cannot be opened or reached.
    #[error("the database cannot be opened: {0}")]
    Open(String),
    /// Busy, gone, full, or the store was closed. Nothing is known to be stored; asking again is allowed.
    #[error("the database did not answer: {0}")]
    Unavailable(String),
    /// The engine refused a statement for a reason that no expectation covers, such as a broken constraint.
    #[error("statement {statement} failed: {message}")]
    Statement {
        /// Registered name of the statement.
        statement: &'static str,
        /// The engine's own words.
        message: String,
    },
    /// A stored value is not what this program would have written.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The schema was made by a newer program; this one does not touch it.
    #[error("the database has schema {found}, this program knows schemas up to {known}: use a newer program")]
    NewerSchema {
        /// Number of the newest migration recorded in the database.
        found: i64,
        /// Number of the newest migration in this program.
        known: i64,
    },
    /// A migration that was already applied has another text now.
    #[error("migration {0} was changed after it was applied to this database: restore its text")]
    ChangedMigration(i64),
}
