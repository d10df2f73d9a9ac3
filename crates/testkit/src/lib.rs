//! What tests share, and nothing but tests uses.

pub mod browser;
pub mod postgres;
