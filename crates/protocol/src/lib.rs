//! The OAuth messages that Countersign protects, as decisions: JAR, JARM, PAR, PKCE, DPoP, client authentication,
//! metadata and policy, for both parties.
//!
//! Nothing here does I/O: no socket, no store, no clock, no async. `now` and `entropy` are arguments, so every path
//! can run in a unit test. A value that exists is a value that holds; verified is another type than received.

mod audience;
pub mod client;
pub mod client_auth;
pub mod dpop;
pub mod metadata;
mod numeric_date;
pub mod oauth_error;
pub mod parameter;
pub mod pkce;
pub mod policy;
pub mod reason;
pub mod registration;
pub mod rejection;
pub mod replay;
pub mod request;
pub mod response;
pub mod server;
pub mod time;
pub mod token;
