use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;

/// Reads a form-urlencoded body (PAR-01, TOK-01).
///
/// # Errors
/// Another content type, or parameters that are malformed or repeated.
pub(crate) fn parse_form(headers: &HeaderMap, body: &Bytes) -> Result<RawParameters, Reason> {
    check_form(headers)?;
    RawParameters::parse(body)
}

/// Whether the body is declared to be a form.
///
/// # Errors
/// [`Reason::ContentTypeWrong`].
pub(crate) fn check_form(headers: &HeaderMap) -> Result<(), Reason> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if form { Ok(()) } else { Err(Reason::ContentTypeWrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn par_01_only_what_is_declared_to_be_a_form_is_read_as_one() {
        let body = Bytes::from_static(b"a=b");
        let with = |content_type: Option<&'static str>| {
            let named = content_type.map(|value| (header::CONTENT_TYPE, value.parse().unwrap()));
            parse_form(&HeaderMap::from_iter(named), &body)
        };
        for good in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded ; charset=UTF-8"]
        {
            assert_eq!(with(Some(good)).unwrap().get("a"), Some("b"), "{good}");
        }
        for bad in [None, Some("application/json"), Some("application/x-www-form-urlencodedx"), Some("")] {
            assert_eq!(with(bad).err(), Some(Reason::ContentTypeWrong), "{bad:?}");
        }
    }
}
