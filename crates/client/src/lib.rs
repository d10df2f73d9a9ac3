//! The relying party: begin, push, redirect, receive, exchange.
//!
//! The steps and every check are those of [`countersign_protocol::client`]; this crate carries their messages. It
//! follows no redirect, waits no longer than five seconds, reads no answer larger than 512 KiB, and never retries:
//! what it sends is good once.

mod client_error;
mod discovery;
mod http_client;
mod published_keys;
mod relying_party;

pub use client_error::{ClientError, ErrorAnswer};
pub use discovery::{discover, fetch_keys};
pub use http_client::{Answer, HttpClient, Trust};
pub use published_keys::PublishedKeys;
pub use relying_party::RelyingParty;
