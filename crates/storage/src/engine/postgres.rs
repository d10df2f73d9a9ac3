//! PostgreSQL: a pool of connections, one transaction per unit.
//!
//! Every state change is one conditional statement, so READ COMMITTED is enough: a second redemption waits for the
//! row of the first, sees what it did, and touches nothing.

use std::{pin::pin, str::FromStr};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use futures_util::{
    TryStreamExt,
    future::{join, join_all},
};
use tokio_postgres::{
    Client, NoTls,
    error::SqlState,
    types::{ToSql, Type},
};

use super::clear_text;
use crate::{
    Committed, Outcome, Row, Statement, StorageError, Value,
    migration::{self, Dialect, MIGRATIONS},
    unit::Answer,
};

const DIALECT: Dialect =
    Dialect { blob: "BYTEA", clustered: "", arrival: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY" };

/// Advisory lock that nodes take to migrate: the ASCII letters of "csign".
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(427859437422)";
/// How often a unit that lost a deadlock is carried out again.
const ATTEMPTS: usize = 4;

#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    pool: Pool,
}

impl Postgres {
    pub(crate) async fn open(url: &str, pool_size: usize) -> Result<Self, StorageError> {
        // The driver's error repeats parts of the URL; none of it is a password, but none of it is needed either.
        let config = tokio_postgres::Config::from_str(url)
            .map_err(|_| StorageError::Open("the PostgreSQL URL cannot be read".into()))?;
        clear_text::refuse(&config)?;
        let recycle = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycle))
            .max_size(pool_size.max(1))
            .build()
            .map_err(|cause| StorageError::Open(cause.to_string()))?;
        let mut client = pool.get().await.map_err(|cause| StorageError::Open(text(&cause)))?;
        migrate(&mut client).await?;
        drop(client);
        Ok(Self { pool })
    }

    /// On a task of its own: a caller that goes away cannot leave a connection inside a transaction.
    pub(crate) async fn carry_out(&self, statements: Vec<Statement>) -> Result<Outcome, StorageError> {
        let pool = self.pool.clone();
        tokio::spawn(async move {
            let client = pool.get().await.map_err(|cause| StorageError::Unavailable(text(&cause)))?;
            carry_out(client, &statements).await
        })
        .await
        .map_err(|stopped| StorageError::Unavailable(stopped.to_string()))?
    }

    pub(crate) async fn rows(&self, question: Statement) -> Result<Vec<Row>, StorageError> {
        let client = self.pool.get().await.map_err(|cause| StorageError::Unavailable(text(&cause)))?;
        let prepared = prepare(&client, &question).await.map_err(|cause| failed(&question, &cause))?;
        let answer = run(&client, &prepared, &question).await.map_err(|cause| failed(&question, &cause))?;
        Ok(answer.rows)
    }

    #[cfg(test)]
    pub(crate) async fn prepare(&self, query: crate::statement::Query) -> Result<(), StorageError> {
        let client = self.pool.get().await.map_err(|cause| StorageError::Unavailable(text(&cause)))?;
        let unfit = |message| StorageError::Statement { statement: query.name, message };
        let prepared = client.prepare_cached(query.sql).await.map_err(|cause| unfit(text(&cause)))?;
        let columns = prepared.columns().iter().map(|column| column.type_());
        // SQLite has no such types, so a reader that works there would fail here.
        match prepared.params().iter().chain(columns).find(|of_type| !<Value as ToSql>::accepts(of_type)) {
            Some(foreign) => Err(unfit(format!("{foreign} is neither BIGINT nor TEXT nor BYTEA"))),
            None => Ok(()),
        }
    }
}

/// How one attempt to carry out a unit ended, when not with an outcome.
enum Failure {
    /// Two units waited for each other and the server chose this one to go: it can simply be done again.
    Deadlock,
    Other(StorageError),
}

async fn carry_out(client: Object, statements: &[Statement]) -> Result<Outcome, StorageError> {
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in statements {
        prepared.push(prepare(&client, statement).await.map_err(|cause| failed(statement, &cause))?);
    }
    for _ in 0..ATTEMPTS {
        let attempt = match (&*prepared, statements) {
            // One statement is a transaction of its own, and saves two trips.
            ([prepared], [statement]) => alone(&client, prepared, statement).await,
            _ => together(&client, &prepared, statements).await,
        };
        match attempt {
            Ok(outcome) => return Ok(outcome),
            Err(Failure::Deadlock) => {}
            Err(Failure::Other(cause)) => {
                if matches!(cause, StorageError::Unavailable(_)) {
                    // Perhaps still inside a transaction: nobody else shall get this connection.
                    drop(Object::take(client));
                }
                return Err(cause);
            }
        }
    }
    Err(StorageError::Unavailable("the unit lost against others too often".into()))
}

async fn alone(
    client: &Client,
    prepared: &tokio_postgres::Statement,
    statement: &Statement,
) -> Result<Outcome, Failure> {
    let answer = run(client, prepared, statement).await.map_err(|cause| failure(statement, &cause))?;
    if !statement.expect.holds(answer.touched) {
        return Ok(Outcome::Refused(statement.name()));
    }
    Ok(Outcome::Committed(Committed { answers: vec![answer] }))
}

/// Two trips whatever the number of statements: all of them behind BEGIN, then the verdict.
async fn together(
    client: &Client,
    prepared: &[tokio_postgres::Statement],
    statements: &[Statement],
) -> Result<Outcome, Failure> {
    let work = prepared.iter().zip(statements).map(|(prepared, statement)| run(client, prepared, statement));
    let (begun, answers) = join(client.batch_execute("BEGIN"), join_all(work)).await;
    begun.map_err(|cause| Failure::Other(StorageError::Unavailable(text(&cause))))?;
    let outcome = judge(statements, answers);
    let verdict = if matches!(outcome, Ok(Outcome::Committed(_))) { "COMMIT" } else { "ROLLBACK" };
    client
        .batch_execute(verdict)
        .await
        .map_err(|cause| Failure::Other(StorageError::Unavailable(text(&cause))))?;
    outcome
}

/// The first statement that failed or missed its expectation decides; what came after it ran in vain.
fn judge(
    statements: &[Statement],
    answers: Vec<Result<Answer, tokio_postgres::Error>>,
) -> Result<Outcome, Failure> {
    let mut committed = Committed { answers: Vec::with_capacity(answers.len()) };
    for (statement, answer) in statements.iter().zip(answers) {
        let answer = answer.map_err(|cause| failure(statement, &cause))?;
        if !statement.expect.holds(answer.touched) {
            return Ok(Outcome::Refused(statement.name()));
        }
        committed.answers.push(answer);
    }
    Ok(Outcome::Committed(committed))
}

async fn prepare(
    client: &Object,
    statement: &Statement,
) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
    client.prepare_cached(statement.query.sql).await
}

async fn run(
    client: &Client,
    prepared: &tokio_postgres::Statement,
    statement: &Statement,
) -> Result<Answer, tokio_postgres::Error> {
    let mut stream = pin!(client.query_raw(prepared, &statement.values).await?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        let values = (0..row.len()).map(|place| value(&row, place)).collect::<Result<_, _>>()?;
        rows.push(Row::new(values));
    }
    Ok(Answer { touched: stream.rows_affected().unwrap_or(rows.len() as u64), rows })
}

fn value(row: &tokio_postgres::Row, place: usize) -> Result<Value, tokio_postgres::Error> {
    let column = row.columns()[place].type_();
    Ok(if *column == Type::INT8 {
        row.try_get::<_, Option<i64>>(place)?.into()
    } else if *column == Type::BYTEA {
        row.try_get::<_, Option<Vec<u8>>>(place)?.into()
    } else {
        row.try_get::<_, Option<String>>(place)?.into()
    })
}

/// Brings the schema up to date. DDL is transactional; the advisory lock lets one node in at a time.
async fn migrate(client: &mut Object) -> Result<(), StorageError> {
    let not_migrated = |cause: tokio_postgres::Error| StorageError::Open(text(&cause));
    let transaction = client.transaction().await.map_err(not_migrated)?;
    transaction.batch_execute(MIGRATION_LOCK).await.map_err(not_migrated)?;
    transaction.batch_execute(migration::CREATE_LEDGER).await.map_err(not_migrated)?;
    let ledger = transaction.query(migration::READ_LEDGER, &[]).await.map_err(not_migrated)?;
    let ledger = ledger
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<Vec<_>, tokio_postgres::Error>>()
        .map_err(not_migrated)?;
    for migration in migration::missing(MIGRATIONS, &ledger)? {
        transaction.batch_execute(&migration.sql(&DIALECT)).await.map_err(not_migrated)?;
        let record: [&(dyn ToSql + Sync); 2] = [&migration.number, &migration.checksum()];
        transaction.execute(migration::RECORD, &record).await.map_err(not_migrated)?;
    }
    transaction.commit().await.map_err(not_migrated)
}

fn failure(statement: &Statement, cause: &tokio_postgres::Error) -> Failure {
    match cause.code() {
        Some(code)
            if [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(code) =>
        {
            Failure::Deadlock
        }
        _ => Failure::Other(failed(statement, cause)),
    }
}

fn failed(statement: &Statement, cause: &tokio_postgres::Error) -> StorageError {
    StorageError::Statement { statement: statement.name(), message: text(cause) }
}

/// The driver says "db error" and keeps the reason for itself; detail lines, which hold values, stay out.
fn text(cause: &dyn std::error::Error) -> String {
    let reason = cause.source().and_then(|source| source.downcast_ref::<tokio_postgres::error::DbError>());
    match (reason, cause.source()) {
        (Some(reason), _) => format!("{} ({})", reason.message(), reason.code().code()),
        (None, Some(source)) => format!("{cause}: {source}"),
        (None, None) => cause.to_string(),
    }
}
