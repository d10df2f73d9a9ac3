//! The steps of the client, in the order a login walks: begin, push, redirect, receive, exchange.
//!
//! Each step is a type that only the one before it makes, so that the wrong order does not compile. The shell
//! sends what a step hands out and brings back what it got.

mod begin;
mod configuration;
mod pending;
mod tokens;

pub use begin::{Begun, PushRequest, Pushed};
pub use configuration::{ClientConfiguration, check_metadata};
pub use pending::{Granted, PendingLogin, Received};
pub use tokens::{TokenForm, Tokens, check_userinfo};
