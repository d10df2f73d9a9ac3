//! What tests share. Nothing but tests uses it.

pub mod postgres;
