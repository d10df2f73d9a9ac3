//! JWS, JWE, JWK and JWK sets for Countersign: strict, and over one cryptography library.
//!
//! What this crate refuses, and why it exists: duplicate JSON members at any depth, non-canonical base64url, every
//! `crit`, `b64`, `zip`, key locations in headers (`jku`, `x5u`, `x5c`, and `jwk` outside DPoP), `none`, HMAC, RSA1_5,
//! PBES2, encrypted content that is not itself signed, and every key that is weak or not on its curve. The algorithm is
//! pinned by the key, never chosen by the token. Keys are parsed once and then only used.
//!
//! No clock, no I/O, no global state: `now` is the caller's business and randomness arrives as [`Entropy`].

mod algorithm;
pub mod base64url;
pub mod compact;
mod crypto;
mod entropy;
mod jwk;
mod jwk_set;
mod key_error;
mod limits;
mod media_type;
mod pem;
mod private_key;
mod public_key;
mod signing_key;
mod thumbprint;
mod verifying_key;

pub mod json;
pub mod jwe;
pub mod jws;
pub mod seal;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use crypto::digest::{constant_time_eq, sha256};
pub use entropy::{Entropy, SystemEntropy};
pub use jwk::{Jwk, KeyUse};
pub use jwk_set::{JwkSet, JwkSetError, MAX_CANDIDATES};
pub use key_error::KeyError;
pub use limits::Limits;
pub use private_key::PrivateKey;
pub use public_key::Curve;
pub use signing_key::{SignError, Signer, SigningKey};
pub use thumbprint::{InvalidThumbprint, Thumbprint};
pub use verifying_key::VerifyingKey;
