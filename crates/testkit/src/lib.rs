//! (to be written)

pub mod browser;
