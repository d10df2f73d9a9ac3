use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;

use super::Stop;
use super::interact::see_other;
use crate::AuthorizationServer;
use crate::form::check_form;

/// Takes the parameters of an authorization request from the query, and from the body of a POST (JAR-28, JAR-40).
///
/// # Errors
/// What is malformed, repeated within or across query and body, or not a form.
pub(super) fn receive(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<RawParameters, Reason> {
    let query = uri.query().unwrap_or_default().as_bytes();
    if *method != Method::POST {
        return RawParameters::parse(query);
    }
    check_form(headers)?;
    RawParameters::parse_all(&[query, body])
}

/// Sends the browser to the same request by GET (303).
///
/// A form that another site sends comes without our cookies. Answering it would give the browser a new key and so
/// make every interaction it has open unknown; the GET that follows brings the cookies (PAR-10).
///
/// # Errors
/// A body that is no text.
pub(super) fn as_get(server: &AuthorizationServer, uri: &Uri, body: &Bytes) -> Result<Response, Stop> {
    let form = std::str::from_utf8(body).map_err(|_| Reason::ParametersMalformed)?;
    let parameters = [uri.query().unwrap_or_default(), form].join("&");
    see_other(&format!("{}?{}", server.issuer().endpoint("/authorize"), parameters.trim_matches('&')))
}
