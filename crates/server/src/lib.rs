//! The authorization server: every endpoint, its pages, and the listener that answers them.
//!
//! An endpoint is one file and reads: extract, drive the core, store, respond. The core (`countersign-protocol`)
//! decides; nothing here judges a message. The authorization endpoint is a hall of its own, [`authorize`], whose
//! rooms stand in the order in which a request walks.

mod assets;
mod authorization_server;
mod authorize;
mod back_channel;
mod background;
#[cfg(test)]
mod bed;
mod clients;
mod clock;
mod cookies;
pub mod evidence;
mod form;
mod health;
mod jwks;
mod key_ring;
mod landing;
mod listen;
mod metadata;
mod metrics;
mod observe;
pub mod pages;
mod password;
mod push;
mod refusal;
mod router;
mod sealing;
mod serve;
mod settings;
mod throttle;
mod token;
mod userinfo;

pub use authorization_server::AuthorizationServer;
pub use clock::Clock;
pub use evidence::EvidenceKeeper;
pub use key_ring::{KeyRing, KeyRingError, Published, Rotation};
pub use listen::{Limits, TlsError, TlsFiles};
pub use password::{HashingFailed, hash_password};
pub use serve::{Listen, Listener, ServeError, serve};
pub use settings::{Lifetimes, ScopeText, Settings};
