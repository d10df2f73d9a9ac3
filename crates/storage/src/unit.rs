//! Units: statements that happen together or not at all.

use crate::{Row, Statement, StorageError, Store};

/// Statements that are committed together in one trip, in the order given.
///
/// ```text
/// Unit::new().then(pushed_request::consume(..)).then(authorization_code::issue(..)).commit(&store).await?
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a unit does nothing until it is committed"]
pub struct Unit(Vec<Statement>);

/// What became of a unit. Either way it is final: the answer comes after the commit, never before.
#[derive(Debug)]
#[must_use = "a refused unit has changed nothing"]
pub enum Outcome {
    /// Every expectation held and everything is durable.
    Committed(Committed),
    /// The first statement whose expectation did not hold; nothing of the unit was kept.
    Refused(&'static str),
}

/// What the statements of a committed unit touched and returned.
#[derive(Debug, Default)]
pub struct Committed {
    pub(crate) answers: Vec<Answer>,
}

/// What one statement touched and returned.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) touched: u64,
    pub(crate) rows: Vec<Row>,
}

impl Unit {
    /// An empty unit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement after those already there.
    pub fn then(mut self, statement: Statement) -> Self {
        self.0.push(statement);
        self
    }

    /// Adds statements after those already there.
    pub fn then_all(mut self, statements: impl IntoIterator<Item = Statement>) -> Self {
        self.0.extend(statements);
        self
    }

    /// Carries the unit out, also when the caller stops waiting for it.
    ///
    /// # Errors
    /// The engine failed. The unit was rolled back, unless the connection broke during the commit itself:
    /// then it is whole or absent, and what it would spend must be taken as spent.
    pub async fn commit(self, store: &Store) -> Result<Outcome, StorageError> {
        store.carry_out(self.0).await
    }
}

impl From<Statement> for Unit {
    fn from(statement: Statement) -> Self {
        Self(vec![statement])
    }
}

impl Statement {
    /// Commits this statement as a unit of its own.
    ///
    /// # Errors
    /// As [`Unit::commit`].
    pub async fn commit(self, store: &Store) -> Result<Outcome, StorageError> {
        Unit::from(self).commit(store).await
    }
}

impl Outcome {
    /// Whether everything happened.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        matches!(self, Self::Committed(_))
    }

    /// Which statement refused, if one did.
    #[must_use]
    pub fn refused(&self) -> Option<&'static str> {
        match self {
            Self::Committed(_) => None,
            Self::Refused(statement) => Some(statement),
        }
    }
}

impl Committed {
    /// How many rows the statement at this place (from 0) touched or returned; 0 where there is none.
    #[must_use]
    pub fn touched(&self, place: usize) -> u64 {
        self.answers.get(place).map_or(0, |answer| answer.touched)
    }

    /// Takes the rows that the statement at this place (from 0) returned.
    #[must_use]
    pub fn take_rows(&mut self, place: usize) -> Vec<Row> {
        self.answers.get_mut(place).map(|answer| std::mem::take(&mut answer.rows)).unwrap_or_default()
    }
}
