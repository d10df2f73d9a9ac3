//! What was asked, decided and answered, kept so that a third party can verify it offline, years and key rotations
//! later.
//!
//! A [`record`] says what happened and holds salted digests of the bytes ([`digest`]); records and archived public
//! keys ([`key_archive`]) are leaves of one Merkle tree for each issuer ([`tree`], [`tile`], [`log`]), whose root is
//! signed in checkpoints ([`checkpoint`]) and to which every leaf can be tied by a proof ([`proof`]). A [`bundle`] is
//! one file with everything about one transaction; its verification needs no server, network or clock, and
//! [`report`] says in words what is proven and what is not.
//!
//! The crate does no I/O: it names the tiles it needs and returns the ones that changed. `docs/evidence.md` describes
//! the formats for those who read them with other tools.

pub mod bundle;
pub mod checkpoint;
pub mod decision;
pub mod digest;
pub mod key_archive;
pub mod log;
pub mod note;
pub mod proof;
pub mod record;
pub mod report;
pub mod tile;
pub mod tree;
mod utc;
mod verify;
