use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;

use crate::back_channel::check_form;

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
