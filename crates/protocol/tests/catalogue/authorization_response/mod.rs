//! JARM: what the client makes of an answer, and what the server makes of a decision.

mod carriage;
mod claims;
mod counter;
mod production;
mod signature;

pub(crate) use counter::judge;
