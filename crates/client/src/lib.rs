//! The relying party: discovery, then `begin → push → redirect → receive → exchange` over HTTP.
//!
//! The steps and their checks are `countersign_protocol::client`; this crate carries the messages. Once a signed
//! answer was asked for, nothing else is believed, and no answer is acted on before every check held.

mod discovery;
mod error;
mod http;
mod relying_party;

pub use discovery::discover;
pub use error::ClientError;
pub use http::{Body, HttpClient};
pub use relying_party::RelyingParty;
