//! The two engines. Both carry out the same statements with the same meaning.

mod clear_text;
pub(crate) mod postgres;
pub(crate) mod sqlite;
