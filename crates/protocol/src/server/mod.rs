//! The steps of the server, one message a file. The shell extracts, drives these, stores and responds.

mod authorize;
mod push;
mod redeem;

pub use authorize::{Reference, named_client, resolve, validate_plain, validate_signed, verify_by_value};
pub use push::push;
pub use redeem::{CodeFacts, refreshed_scope, verify_redemption};
