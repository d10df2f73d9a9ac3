//! JAR: what a request object may be, and what it is believed.

mod assembly;
mod claims;
mod errors;
mod header;
mod keys;
mod replay;
mod signature;
mod spelling;
mod times;
