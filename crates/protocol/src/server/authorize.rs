use crate::parameter::{ClientId, Issuer, RequestReference};
use crate::policy::Control;
use crate::reason::Reason;
use crate::registration::Client;
use crate::rejection::Rejection;
use crate::replay::Unspent;
use crate::request::{
    AuthorizationRequest, Carriage, Expectations, MOST_BY_VALUE, RawParameters, RequestObject,
    VerifiedRequest,
};
use crate::time::UnixTime;

/// Where the request of an authorization URL is to be found (JAR-42).
#[derive(Debug)]
pub enum Reference<'a> {
    /// Pushed before: look it up.
    Pushed(RequestReference),
    /// A request object in the URL.
    ByValue(&'a str),
    /// Plain parameters.
    Plain,
}

/// Reads which client an authorization URL names (JAR-41): only the outer `client_id` counts.
///
/// # Errors
/// [`Reason::ClientIdMissing`] or [`Reason::ClientUnknown`], on a page.
pub fn named_client(raw: &RawParameters) -> Result<ClientId, Reason> {
    let named = raw.get("client_id").ok_or(Reason::ClientIdMissing)?;
    named.parse().map_err(|_| Reason::ClientUnknown)
}

/// Decides where the request is to be found, and whether this client may carry it so (JAR-42..44; PAR-14).
///
/// # Errors
/// A reason for a page: nothing is known yet about where an answer could go.
pub fn resolve<'a>(raw: &'a RawParameters, client: &Client) -> Result<Reference<'a>, Reason> {
    match (raw.get("request"), raw.get("request_uri")) {
        (Some(_), Some(_)) => Err(Reason::RequestTwice),
        (None, Some(uri)) if uri.starts_with(RequestReference::URN) => {
            RequestReference::from_request_uri(uri)
                .map(Reference::Pushed)
                .map_err(|_| Reason::RequestUriUnknown)
        }
        (None, Some(uri)) if uri.starts_with("https:") => Err(Reason::RequestUriNotSupported),
        (None, Some(_)) => Err(Reason::RequestUriUnknown),
        _ if client.demands(Control::PushedRequest) => Err(Reason::PushedRequestRequired),
        (Some(object), None) => Ok(Reference::ByValue(object)),
        (None, None) if client.demands(Control::SignedRequest) => Err(Reason::SignedRequestRequired),
        (None, None) => Ok(Reference::Plain),
    }
}

/// Verifies a request object from the URL; the parameters beside it are ignored (JAR-114).
///
/// The object is spent when the flow is answered, so that a reload before that still works (JAR-105).
///
/// # Errors
/// The reason, for a page: neither redirect URI nor response mode is authenticated (JAR-125).
pub fn verify_by_value(
    object: &str,
    client: &Client,
    issuer: &Issuer,
    now: UnixTime,
) -> Result<Unspent<VerifiedRequest>, Reason> {
    RequestObject::parse(object, MOST_BY_VALUE)?.verify(client, Expectations { issuer, now })
}

/// Validates what a verified object from the URL asks for.
///
/// # Errors
/// On a page until the redirect URI is matched; by the response mode afterwards (JAR-126).
pub fn validate_signed(
    verified: VerifiedRequest,
    client: &Client,
    now: UnixTime,
) -> Result<AuthorizationRequest, Rejection> {
    Carriage::Signed(Box::new(verified)).into_request(client, false, None, now)
}

/// Validates a plain request.
///
/// # Errors
/// On a page until the redirect URI is matched; by the response mode afterwards.
pub fn validate_plain(
    raw: &RawParameters,
    client: &Client,
    now: UnixTime,
) -> Result<AuthorizationRequest, Rejection> {
    Carriage::Plain(raw).into_request(client, false, None, now)
}
