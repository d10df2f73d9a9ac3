//! The steps of the server, one message a file. The shell extracts, drives these, stores and responds.

mod authorize;
mod push;
mod redeem;

pub use authorize::{Reference, named_client, resolve, signer_of, validate_plain, verify_by_value};
pub use push::push;
pub use redeem::{CodeFacts, refreshed_scope, verify_redemption};
