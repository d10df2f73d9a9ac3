//! What each party publishes about itself: registrations of clients, documents of servers.

mod client;

pub use client::{ApplicationType, AuthenticationMethod, ClientMetadata, GrantType};
