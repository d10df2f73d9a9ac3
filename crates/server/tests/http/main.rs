//! What a peer can do to the server with HTTP alone, over real sockets.

mod limits;
mod operation;
mod relying_party;
mod routes;
mod running;
