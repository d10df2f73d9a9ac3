//! The attack and requirement catalogue over real HTTP: a listening server, both databases, whole flows.
//!
//! Each case first runs its control, the same message without what is wrong with it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a surprise fails the test")]

mod authorization_response;
mod evidence;
mod front_channel;
mod gate;
mod login;
mod metadata;
mod par;
mod redirect;
mod request_object;
mod request_object_claims;
mod request_object_merging;
mod request_object_replay;
