//! The token endpoint's messages, and the tokens themselves, one kind of JWT a file.

mod access_token;
mod id_token;
mod token_request;
mod token_response;

pub use access_token::{AccessTokenClaims, Confirmation, VerifiedAccessToken, verify_access_token};
pub use id_token::{ExpectedIdToken, IdTokenClaims, VerifiedIdToken, verify_id_token};
pub use token_request::TokenRequest;
pub use token_response::{TokenResponse, TokenType};
