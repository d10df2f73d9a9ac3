//! The storage contract: every test runs on SQLite and on PostgreSQL, and must not be able to tell them apart.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod authorization_code;
mod bed;
mod client;
mod consent;
mod evidence;
mod interaction;
mod kill;
mod login_session;
mod pushed_request;
mod refresh_token;
mod replay;
mod signing_key;
mod store;
mod sweep;
mod throttle;
mod user;
