//! One repository per aggregate, over SQLite and PostgreSQL, written once.
//!
//! Reads are questions, one async function each. State changes are [`Statement`]s: single conditional SQL statements
//! with an expectation, composed in a [`Unit`] and committed together in one trip. A missed expectation (the code was
//! already redeemed, the `jti` already spent) refuses the whole unit, so single use is atomic on both engines, and
//! nothing is answered before it is durable.
//!
//! Every key starts with the issuer: one database serves several of them, and none sees a row of another.

mod engine;
mod error;
mod migration;
mod statement;
mod store;
mod unit;
mod value;

pub use error::StorageError;
pub use statement::{Expect, Statement};
pub use store::{Settings, Store};
pub use unit::{Committed, Outcome, Unit};
pub use value::{Row, Value};
