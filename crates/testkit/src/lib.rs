//! What tests share, and nothing but tests uses.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness that cannot do its work fails the test that asked"
)]

pub mod browser;
pub mod entropy;
pub mod forge;
pub mod house;
pub mod keys;
pub mod pair;
pub mod parties;
pub mod postgres;
