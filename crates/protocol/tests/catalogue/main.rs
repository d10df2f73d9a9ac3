//! The catalogue against the core: every manipulation that needs no HTTP, no database and no browser.
//!
//! Each table first runs its control, the same message without the manipulation; then the manipulation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod authorization_response;
mod client_assertion;
mod client_steps;
mod confusion;
mod desk;
mod dpop_proof;
mod properties;
mod redemption;
mod registration;
mod request_object;
mod scenario;
mod tokens;
