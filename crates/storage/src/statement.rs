//! SQL texts with names, and statements: a text, its values and what must come of it.

use crate::Value;

/// A registered SQL text. Every text of this crate is one, so that a test can prepare them all on both engines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query {
    /// `aggregate.what_happens`; tells which rule refused a [`Unit`](crate::Unit).
    pub(crate) name: &'static str,
    /// Portable SQL with parameters `$1`, `$2`, …
    pub(crate) sql: &'static str,
}

impl Query {
    /// A statement of this text. `values` stand in the order of the parameters.
    pub(crate) fn with<const N: usize>(self, expect: Expect, values: [Value; N]) -> Statement {
        Statement { query: self, values: values.into(), expect }
    }
}

/// How many rows a statement must touch (or return). Anything else refuses the whole unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Exactly one: the condition of a single use held. Only for texts whose condition names a whole key.
    One,
    /// Any number, none included.
    Any,
}

impl Expect {
    pub(crate) fn holds(self, touched: u64) -> bool {
        match self {
            Self::One => touched == 1,
            Self::Any => true,
        }
    }
}

/// One conditional state change (or one question), not yet carried out.
#[derive(Debug, Clone)]
#[must_use = "a statement does nothing until its unit is committed"]
pub struct Statement {
    pub(crate) query: Query,
    pub(crate) values: Vec<Value>,
    pub(crate) expect: Expect,
}

impl Statement {
    /// The registered name, as [`Outcome::Refused`](crate::Outcome) reports it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.query.name
    }
}

/// Declares the SQL texts of an aggregate as constants, and `QUERIES`, the list of them all for `registry`.
macro_rules! queries {
    ($($vis:vis $constant:ident = $name:literal: $sql:literal;)+) => {
        $($vis const $constant: crate::statement::Query = crate::statement::Query { name: $name, sql: $sql };)+
        #[cfg(test)]
        pub(crate) const QUERIES: &[crate::statement::Query] = &[$($constant),+];
    };
}
pub(crate) use queries;
