//! What a peer can do to the server with HTTP alone, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod limits;
mod logs;
mod operation;
mod relying_party;
mod routes;
mod running;
