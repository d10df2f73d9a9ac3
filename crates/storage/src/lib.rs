//! One repository per aggregate, over SQLite and PostgreSQL, written once.
//!
//! Reads are questions, one async function each. State changes are [`Statement`]s: single conditional SQL statements
//! with an expectation, composed in a [`Unit`] and committed together in one trip. A missed expectation (the code was
//! already redeemed, the `jti` already spent) refuses the whole unit, so single use is atomic on both engines, and
//! nothing is answered before it is durable.
//!
//! Every key starts with the issuer: one database serves several of them, and none sees a row of another.

pub mod authorization_code;
pub mod client;
pub mod consent;
pub mod evidence_key;
pub mod evidence_record;
pub mod evidence_tree;
pub mod interaction;
pub mod login_session;
pub mod pushed_request;
pub mod refresh_token;
pub mod replay;
pub mod signing_key;
pub mod throttle;
pub mod user;

mod digest;
mod engine;
mod error;
mod migration;
#[cfg(test)]
mod registry;
mod statement;
mod store;
mod sweep;
mod unit;
mod value;

pub use digest::Digest;
pub use error::StorageError;
pub use statement::{Expect, Statement};
pub use store::{Settings, Store};
pub use sweep::SweepReport;
pub use unit::{Committed, Outcome, Unit};
pub use value::{Row, Value};
