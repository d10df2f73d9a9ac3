//! SQLite: one thread writes, everybody reads beside it.
//!
//! The writer takes all units that wait, runs each inside a savepoint of one transaction, commits once, and only
//! then answers. Sixteen flows share one `fsync`; a unit that is refused takes nothing of its neighbours with it.

use std::{
    collections::VecDeque,
    fs::OpenOptions,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use crate::{
    Committed, Outcome, Row, Statement, StorageError, Value,
    migration::{self, Dialect, MIGRATIONS},
    store::Reads,
    unit::Answer,
};

const DIALECT: Dialect = Dialect { blob: "BLOB", clustered: "WITHOUT ROWID", arrival: "INTEGER PRIMARY KEY" };

/// How many units may wait for the writer before those who bring more are held back.
const QUEUE: usize = 1024;
/// How many units share one transaction at most, so that nobody waits long for the commit.
const GROUP: usize = 256;
/// How long to wait for another process (a command of the same binary) that writes.
const BUSY: Duration = Duration::from_secs(5);
/// What is answered survives a power cut (FULL). The log is copied back every 32 MiB instead of every 4: identifiers are
/// digests, so units touch pages all over the file, and the longer the log the more of them share one page's copy.
/// What a savepoint would restore is kept in memory, not in a temporary file.
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;
    PRAGMA temp_store = MEMORY;";
/// Prepared statements kept by a connection; more than there are texts.
const STATEMENTS: usize = 256;

#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    writer: mpsc::Sender<Job>,
    readers: Arc<Readers>,
}

#[derive(Debug)]
struct Job {
    statements: Vec<Statement>,
    reply: oneshot::Sender<Result<Outcome, StorageError>>,
}

impl Sqlite {
    pub(crate) async fn open(path: PathBuf) -> Result<Self, StorageError> {
        let file = path.clone();
        let connection = tokio::task::spawn_blocking(move || open_for_writing(&file))
            .await
            .map_err(|stopped| StorageError::Open(stopped.to_string()))??;
        let (writer, queue) = mpsc::channel(QUEUE);
        thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write(connection, queue))
            .map_err(|refused| StorageError::Open(refused.to_string()))?;
        Ok(Self { writer, readers: Arc::new(Readers { path, idle: Mutex::default() }) })
    }

    pub(crate) async fn carry_out(&self, statements: Vec<Statement>) -> Result<Outcome, StorageError> {
        let stopped = || StorageError::Unavailable("the writer has stopped".into());
        let (reply, answer) = oneshot::channel();
        self.writer.send(Job { statements, reply }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    pub(crate) async fn rows(&self, question: Statement, reads: Reads) -> Result<Vec<Row>, StorageError> {
        match reads {
            Reads::Point => self.readers.rows(&question),
            Reads::Scan => {
                let readers = Arc::clone(&self.readers);
                tokio::task::spawn_blocking(move || readers.rows(&question))
                    .await
                    .map_err(|stopped| StorageError::Unavailable(stopped.to_string()))?
            }
        }
    }

    #[cfg(test)]
    pub(crate) async fn prepare(&self, query: crate::statement::Query) -> Result<(), StorageError> {
        let connection = self.readers.take()?;
        let prepared = connection.prepare_cached(&numbered(query.sql)).map(drop);
        prepared.map_err(|cause| failed(query.name, &cause))
    }
}

/// Connections that only read. There are never more than threads that read at the same moment.
#[derive(Debug)]
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn rows(&self, question: &Statement) -> Result<Vec<Row>, StorageError> {
        let connection = self.take()?;
        let answer = run(&connection, question);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(answer?.rows)
    }

    fn take(&self) -> Result<Connection, StorageError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open_for_reading(&self.path), Ok)
    }
}

/// Runs until the last handle of the store is gone and the queue is empty.
fn write(mut connection: Connection, mut queue: mpsc::Receiver<Job>) {
    let mut group = VecDeque::with_capacity(GROUP);
    while let Some(first) = queue.blocking_recv() {
        group.push_back(first);
        while group.len() < GROUP {
            let Ok(next) = queue.try_recv() else { break };
            group.push_back(next);
        }
        commit_group(&mut connection, &mut group);
    }
}

/// Carries out the waiting units in one transaction and answers them after its commit.
fn commit_group(connection: &mut Connection, group: &mut VecDeque<Job>) {
    let mut done = Vec::with_capacity(group.len());
    let ended = in_transaction(connection, |connection| {
        for job in group.drain(..) {
            let outcome = in_savepoint(connection, &job.statements);
            // A full disk ends the transaction behind our back, and with it every unit of the group; a savepoint that
            // cannot be taken back would commit half of its unit.
            let lost = connection.is_autocommit() || matches!(outcome, Err(StorageError::Unavailable(_)));
            done.push((job.reply, outcome));
            if lost {
                return Err(StorageError::Unavailable("the database gave the transaction up".into()));
            }
        }
        Ok(())
    });
    match ended {
        Ok(()) => done.into_iter().for_each(|(reply, outcome)| drop(reply.send(outcome))),
        Err(cause) => {
            warn!(%cause, units = done.len() + group.len(), "a group of units was not committed");
            let waiting = group.drain(..).map(|job| job.reply);
            done.into_iter().map(|(reply, _)| reply).chain(waiting).for_each(|reply| {
                drop(reply.send(Err(cause.clone())));
            });
        }
    }
}

fn in_transaction(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let transaction = |sql: &str| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map_err(|cause| unavailable(&cause))
    };
    transaction("BEGIN IMMEDIATE")?;
    let ended = work(connection).and_then(|()| transaction("COMMIT").map(drop));
    if ended.is_err() && !connection.is_autocommit() {
        transaction("ROLLBACK")?;
    }
    ended
}

/// A unit of one statement needs no savepoint: what fails or misses its expectation has changed nothing.
fn in_savepoint(connection: &Connection, statements: &[Statement]) -> Result<Outcome, StorageError> {
    if let [_] = statements {
        return run_all(connection, statements);
    }
    let savepoint = |sql: &str| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.raw_execute())
            .map_err(|cause| unavailable(&cause))
    };
    savepoint("SAVEPOINT unit")?;
    let outcome = run_all(connection, statements);
    if !matches!(outcome, Ok(Outcome::Committed(_))) && !connection.is_autocommit() {
        savepoint("ROLLBACK TO unit")?;
    }
    if !connection.is_autocommit() {
        savepoint("RELEASE unit")?;
    }
    outcome
}

fn run_all(connection: &Connection, statements: &[Statement]) -> Result<Outcome, StorageError> {
    let mut committed = Committed { answers: Vec::with_capacity(statements.len()) };
    for statement in statements {
        let answer = run(connection, statement)?;
        if !statement.expect.holds(answer.touched) {
            return Ok(Outcome::Refused(statement.name()));
        }
        committed.answers.push(answer);
    }
    Ok(Outcome::Committed(committed))
}

fn run(connection: &Connection, statement: &Statement) -> Result<Answer, StorageError> {
    execute(connection, statement).map_err(|cause| failed(statement.name(), &cause))
}

fn execute(connection: &Connection, statement: &Statement) -> rusqlite::Result<Answer> {
    let mut prepared = connection.prepare_cached(&numbered(statement.query.sql))?;
    for (place, value) in (1..).zip(&statement.values) {
        prepared.raw_bind_parameter(place, value)?;
    }
    let columns = prepared.column_count();
    if columns == 0 {
        let touched = prepared.raw_execute()?;
        return Ok(Answer { touched: touched as u64, rows: Vec::new() });
    }
    let mut rows = Vec::new();
    let mut cursor = prepared.raw_query();
    while let Some(row) = cursor.next()? {
        let values = (0..columns).map(|place| row.get_ref(place).map(owned)).collect::<Result<_, _>>()?;
        rows.push(Row::new(values));
    }
    Ok(Answer { touched: rows.len() as u64, rows })
}

/// SQLite gives `$1` a number by its first place in the text, `?1` the number it says.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        // No column is REAL; the reader of the row will refuse it as damaged.
        ValueRef::Real(value) => Value::Blob(value.to_be_bytes().to_vec()),
        ValueRef::Text(value) => String::from_utf8(value.to_vec()).map_or(Value::Null, Value::Text),
        ValueRef::Blob(value) => Value::Blob(value.to_vec()),
    }
}

fn open_for_writing(path: &Path) -> Result<Connection, StorageError> {
    create_private(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|cause| not_opened(&cause))?;
    prepare_connection(&connection, WRITER).and_then(|()| migrate(&connection))?;
    Ok(connection)
}

fn open_for_reading(path: &Path) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|cause| not_opened(&cause))?;
    prepare_connection(&connection, "PRAGMA query_only = ON;")?;
    Ok(connection)
}

fn prepare_connection(connection: &Connection, pragmas: &str) -> Result<(), StorageError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(BUSY).map_err(|cause| not_opened(&cause))?;
    connection.execute_batch(pragmas).map_err(|cause| not_opened(&cause))
}

/// Creates the file readable by its owner alone; SQLite gives its companions the same mode.
fn create_private(path: &Path) -> Result<(), StorageError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|cause| StorageError::Open(format!("{}: {cause}", path.display())))
}

/// Brings the schema up to date. BEGIN IMMEDIATE holds off every other process meanwhile.
fn migrate(connection: &Connection) -> Result<(), StorageError> {
    let sql = |text: &str| connection.execute_batch(text).map_err(|cause| not_opened(&cause));
    sql("BEGIN IMMEDIATE")?;
    sql(migration::CREATE_LEDGER)?;
    let ledger = ledger(connection).map_err(|cause| not_opened(&cause))?;
    for migration in migration::missing(MIGRATIONS, &ledger)? {
        sql(&migration.sql(&DIALECT))?;
        connection
            .execute(&numbered(migration::RECORD), (migration.number, migration.checksum()))
            .map_err(|cause| not_opened(&cause))?;
    }
    sql("COMMIT")
}

fn ledger(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut read = connection.prepare(migration::READ_LEDGER)?;
    let rows = read.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

fn not_opened(cause: &rusqlite::Error) -> StorageError {
    StorageError::Open(cause.to_string())
}

fn unavailable(cause: &rusqlite::Error) -> StorageError {
    StorageError::Unavailable(cause.to_string())
}

fn failed(statement: &'static str, cause: &rusqlite::Error) -> StorageError {
    StorageError::Statement { statement, message: cause.to_string() }
}
