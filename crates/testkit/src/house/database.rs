use countersign_storage::Settings;
use tempfile::TempDir;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::postgres;

/// Which database a house stands on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A fresh database in the cluster of this process.
    Postgres,
}

/// A database of one house, with a back door.
pub(super) struct Database {
    settings: Settings,
    _folder: TempDir,
}

impl Database {
    pub(super) async fn fresh(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = match engine {
            Engine::Sqlite => Settings::Sqlite { path: folder.path().join("countersign.db") },
            Engine::Postgres => {
                Settings::Postgres { url: postgres::database().await.url().to_owned(), pool_size: 4 }
            }
        };
        Self { settings, _folder: folder }
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings.clone()
    }

    /// Carries out statements on a connection of its own.
    pub(super) async fn tamper(&self, sql: &str) {
        match &self.settings {
            Settings::Sqlite { path } => {
                let database = rusqlite::Connection::open(path).expect("the file opens");
                database.busy_timeout(std::time::Duration::from_secs(5)).expect("a time-out");
                database.execute_batch(sql).expect("the statements hold");
            }
            Settings::Postgres { url, .. } => {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("it answers");
                let connection = tokio::spawn(connection);
                client.batch_execute(sql).await.expect("the statements hold");
                drop(client);
                drop(connection.await);
            }
        }
    }

    /// The first column of every row, as text.
    pub(super) async fn texts(&self, sql: &str) -> Vec<String> {
        self.tables(&[sql]).await.remove(0)
    }

    /// The rows of several questions, each row as one text of all its columns.
    pub(super) async fn tables(&self, questions: &[&str]) -> Vec<Vec<String>> {
        match &self.settings {
            Settings::Sqlite { path } => {
                let database = rusqlite::Connection::open(path).expect("the file opens");
                questions.iter().map(|sql| sqlite_rows(&database, sql)).collect()
            }
            Settings::Postgres { url, .. } => {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("it answers");
                let connection = tokio::spawn(connection);
                let mut tables = Vec::new();
                for sql in questions {
                    let messages = client.simple_query(sql).await.expect("the question holds");
                    tables.push(messages.iter().filter_map(postgres_row).collect());
                }
                drop(client);
                drop(connection.await);
                tables
            }
        }
    }
}

fn sqlite_rows(database: &rusqlite::Connection, sql: &str) -> Vec<String> {
    use rusqlite::types::ValueRef;
    let mut statement = database.prepare(sql).expect("the question holds");
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..columns).map(|at| {
            Ok(match row.get_ref(at)? {
                ValueRef::Null => "-".to_owned(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                other => format!("{other:?}"),
            })
        });
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    });
    rows.expect("rows").collect::<rusqlite::Result<_>>().expect("rows that read")
}

fn postgres_row(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let cells: Vec<&str> = (0..row.len()).map(|at| row.get(at).unwrap_or("-")).collect();
    Some(cells.join("|"))
}
