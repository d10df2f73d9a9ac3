//! The authorization response: success and error through one encoder, signed where it was asked for.

mod answer;
mod jarm;
mod verified;

pub use answer::{Answer, AuthorizationResponse, Outcome};
pub use jarm::{DEFAULT_LIFETIME, ResponseJwt};
pub use verified::{ExpectedResponse, PLAIN_PARAMETERS, ReceivedResponse, VerifiedOutcome, VerifiedResponse};
