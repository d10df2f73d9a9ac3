//! The two engines. Both carry out the same statements with the same meaning.

pub(crate) mod postgres;
pub(crate) mod sqlite;
