use countersign_jose::{SignError, Signer, jws};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::AuthorizationResponse;
use crate::parameter::{ClientId, Issuer};
use crate::time::UnixTime;

/// Seconds an answer lives unless configured otherwise (JARM-20).
pub const DEFAULT_LIFETIME: u64 = 120;

/// An authorization response as a signed JWT (JARM 2.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResponseJwt(String);

/// The claims: written once from typed values, in a fixed order, and those bytes are signed (JARM-33).
struct Claims<'a> {
    issuer: &'a Issuer,
    audience: &'a ClientId,
    issued_at: UnixTime,
    expires: UnixTime,
    parameters: Vec<(&'static str, String)>,
}

impl ResponseJwt {
    /// Signs a response: `iss`, `aud`, `exp` and `iat` with every response parameter, success and error alike
    /// (JARM-18..28).
    pub(super) fn sign(
        response: &AuthorizationResponse,
        issuer: &Issuer,
        client: &ClientId,
        signer: &dyn Signer,
        now: UnixTime,
        lifetime: u64,
    ) -> Result<Self, SignError> {
        let claims = Claims {
            issuer,
            audience: client,
            issued_at: now,
            expires: now.plus(lifetime),
            parameters: response.parameters(),
        };
        jws::sign(signer, Some("JWT"), &claims).map(Self)
    }

    /// The compact JWS.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("iss", self.issuer)?;
        map.serialize_entry("aud", self.audience)?;
        map.serialize_entry("exp", &self.expires)?;
        map.serialize_entry("iat", &self.issued_at)?;
        for (name, value) in &self.parameters {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
