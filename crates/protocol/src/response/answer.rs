use countersign_jose::{SignError, Signer};

use super::jarm::ResponseJwt;
use crate::parameter::{AuthorizationCode, ClientId, Delivery, Encoding, Issuer, RedirectUri};
use crate::reason::Reason;
use crate::rejection::ReturnAddress;
use crate::time::UnixTime;

/// What the server decided about a request: the one thing the client is told.
#[derive(Debug)]
pub enum Outcome {
    /// Granted: a code to redeem.
    Code(AuthorizationCode),
    /// Refused.
    Refused(Reason),
}

/// An authorization response before it is encoded (RFC 6749 §4.1.2).
///
/// Success and error take the same way out, so that an error is as signed as a success (JARM-18, JARM-76).
#[derive(Debug)]
pub struct AuthorizationResponse {
    address: ReturnAddress,
    outcome: Outcome,
}

/// A response as it leaves: the parameters that travel, and where to.
#[derive(Clone, Debug)]
pub struct Answer {
    redirect_uri: RedirectUri,
    delivery: Delivery,
    parameters: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    /// Answers at this address.
    pub fn new(address: ReturnAddress, outcome: Outcome) -> Self {
        Self { address, outcome }
    }

    /// Encodes the response by its response mode: one signed `response` (JARM 2.1), or plain parameters with `iss`
    /// (RFC 9207 §2).
    ///
    /// `signer` has the algorithm that the client registered; `lifetime` is in seconds (JARM-20).
    ///
    /// # Errors
    /// When signing fails: the caller shows an error page, and never falls back to a plain answer (JARM-75).
    pub fn encode(
        self,
        issuer: &Issuer,
        client: &ClientId,
        signer: &dyn Signer,
        now: UnixTime,
        lifetime: u64,
    ) -> Result<Answer, SignError> {
        let parameters = if self.address.delivery().signed {
            let jwt = ResponseJwt::sign(&self, issuer, client, signer, now, lifetime)?;
            vec![("response", jwt.into_string())]
        } else {
            let mut plain = self.parameters();
            plain.push(("iss", issuer.to_string()));
            plain
        };
        let delivery = self.address.delivery();
        Ok(Answer { redirect_uri: self.address.redirect_uri().clone(), delivery, parameters })
    }

    /// The response parameters, in a fixed order (JARM-21..23).
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = match &self.outcome {
            Outcome::Code(code) => vec![("code", code.expose().to_owned())],
            Outcome::Refused(reason) => {
                let error = reason.oauth_error().unwrap_or(crate::oauth_error::OAuthError::ServerError);
                vec![("error", error.to_string()), ("error_description", reason.description())]
            }
        };
        if let Some(state) = self.address.state() {
            parameters.push(("state", state.to_string()));
        }
        parameters
    }
}

impl Answer {
    /// How it travels.
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Where it goes.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// What travels: one `response`, or the plain parameters (JARM-11).
    pub fn parameters(&self) -> &[(&'static str, String)] {
        &self.parameters
    }

    /// The message itself, for evidence: the signed JWT, or the plain parameters in form encoding.
    pub fn message(&self) -> String {
        match self.parameters.as_slice() {
            [("response", jwt)] => jwt.clone(),
            plain => encode(plain),
        }
    }

    /// The address to redirect to. A query that was registered stays as it is (JARM-07, JARM-08).
    pub fn location(&self) -> String {
        let uri = self.redirect_uri.as_str();
        let separator = match self.delivery.encoding {
            Encoding::Fragment => '#',
            Encoding::Query | Encoding::FormPost if uri.ends_with('?') => {
                return format!("{uri}{}", encode(&self.parameters));
            }
            Encoding::Query | Encoding::FormPost if uri.contains('?') => '&',
            Encoding::Query | Encoding::FormPost => '?',
        };
        format!("{uri}{separator}{}", encode(&self.parameters))
    }
}

fn encode(parameters: &[(&'static str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}
