//! The one place that touches the cryptography library. Everything above speaks in keys, octets and [`Refused`].

pub(crate) mod aead;
pub(crate) mod agreement;
pub(crate) mod cbc;
mod der;
pub(crate) mod digest;
pub(crate) mod key_wrap;
pub(crate) mod oaep;
pub(crate) mod private_key;
pub(crate) mod public_key;
pub(crate) mod signature;

/// The library refused. It never says why, and neither do we: the reason could be an oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

impl From<aws_lc_rs::error::Unspecified> for Refused {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

impl From<aws_lc_rs::error::KeyRejected> for Refused {
    fn from(_: aws_lc_rs::error::KeyRejected) -> Self {
        Self
    }
}
