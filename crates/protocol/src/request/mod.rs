//! The authorization request: raw parameters, the request object and its verification, and what is left to trust.

mod assemble;
mod authorization_request;
mod parameters;
mod raw;
mod request_object;
mod verified;

pub use assemble::Carriage;
pub use authorization_request::{AuthorizationRequest, Presented, Prompt};
pub use parameters::RequestParameters;
pub use raw::RawParameters;
pub use request_object::{Expectations, MOST_BY_VALUE, MOST_PUSHED, RequestObject, TYPE};
pub use verified::VerifiedRequest;
