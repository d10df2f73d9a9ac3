//! The store: one database, opened once, cloned freely.

use std::{fmt, path::PathBuf};

use crate::{
    Outcome, Row, Statement, StorageError,
    engine::{postgres::Postgres, sqlite::Sqlite},
};

/// Which database, and where.
#[derive(Clone)]
pub enum Settings {
    /// A file, created when missing (mode 0600). SQLite keeps two more beside it while it is open.
    Sqlite {
        /// The file. Its directory must exist.
        path: PathBuf,
    },
    /// A PostgreSQL server, 13 or newer. The database must exist.
    Postgres {
        /// `postgresql://user:password@host/database`, or key-value form. Everything goes in clear text, so a host that
        /// is not this machine is refused unless the URL says `sslmode=disable` (NET-01).
        url: String,
        /// How many connections at most.
        pool_size: usize,
    },
}

/// The URL can hold a password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => f.debug_struct("Sqlite").field("path", path).finish(),
            Self::Postgres { pool_size, .. } => {
                f.debug_struct("Postgres").field("url", &"…").field("pool_size", pool_size).finish()
            }
        }
    }
}

/// An open database with the schema of this program. Clones share it; it closes with the last of them.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Debug, Clone)]
enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// How much a question reads, which decides where SQLite answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// A few rows found by key: some 10 µs, answered on the spot, which is cheaper than waking a thread.
    Point,
    /// Many rows: answered on a thread that may block.
    Scan,
}

impl Store {
    /// Opens the database and brings its schema up to date, under a lock that all nodes respect.
    ///
    /// # Errors
    /// It cannot be reached, its schema is newer than this program, or an applied migration was altered.
    pub async fn open(settings: Settings) -> Result<Self, StorageError> {
        let engine = match settings {
            Settings::Sqlite { path } => Engine::Sqlite(Sqlite::open(path).await?),
            Settings::Postgres { url, pool_size } => Engine::Postgres(Postgres::open(&url, pool_size).await?),
        };
        Ok(Self { engine })
    }

    /// Asks the database a question that any node can answer; for `/readyz`.
    ///
    /// # Errors
    /// It did not answer.
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.rows(PING.with(crate::Expect::Any, []), Reads::Point).await.map(drop)
    }

    pub(crate) async fn carry_out(&self, statements: Vec<Statement>) -> Result<Outcome, StorageError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.carry_out(statements).await,
            Engine::Postgres(postgres) => postgres.carry_out(statements).await,
        }
    }

    pub(crate) async fn rows(&self, question: Statement, reads: Reads) -> Result<Vec<Row>, StorageError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.rows(question, reads).await,
            Engine::Postgres(postgres) => postgres.rows(question).await,
        }
    }

    /// The one row that a key can have, if it has one.
    pub(crate) async fn row(&self, question: Statement) -> Result<Option<Row>, StorageError> {
        Ok(self.rows(question, Reads::Point).await?.pop())
    }

    #[cfg(test)]
    pub(crate) async fn prepare(&self, query: crate::statement::Query) -> Result<(), StorageError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.prepare(query).await,
            Engine::Postgres(postgres) => postgres.prepare(query).await,
        }
    }
}

crate::statement::queries! {
    PING = "store.ping": "SELECT COUNT(*) FROM schema_migration";
}
