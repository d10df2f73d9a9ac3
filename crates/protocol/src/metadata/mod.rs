//! What each party publishes about itself: registrations of clients, documents of servers.

mod client;
mod server;

pub use client::{ApplicationType, AuthenticationMethod, ClientMetadata, GrantType, NotOffered};
pub use server::{Offer, ServerMetadata};
