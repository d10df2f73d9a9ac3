use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use countersign_protocol::reason::Reason;
use futures_util::FutureExt;
use serde_json::json;

use crate::observe::RequestId;
use crate::pages::{CONTENT_TYPE, ErrorPage, Language, page_headers};
use crate::refusal::Refused;

/// Keeps the panic of a handler to its own request (ATK-DOS-12). The peer learns nothing but the request's id.
///
/// Units of storage are carried out or not, whatever becomes of the handler that asked for them, and no state of
/// ours is held behind a lock across an await: there is nothing a panic could leave half done.
pub(super) async fn isolate(State(host): State<Arc<str>>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let for_a_person = wants_a_page(request.headers());
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("a handler panicked; only its own request failed");
            let reference = id.as_ref().map_or("", RequestId::as_str);
            let mut response = if for_a_person { page(&host, reference) } else { object(reference) };
            response.extensions_mut().insert(Refused(Reason::ServerFault));
            response
        }
    }
}

/// Browsers ask for HTML where they show what comes; clients do not.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn page(host: &str, reference: &str) -> Response {
    let page = ErrorPage {
        language: Language::default(),
        issuer: host.to_owned(),
        code: "server_error".to_owned(),
        explanation: Reason::ServerFault.wrong().to_owned(),
        rule: None,
        reference: reference.to_owned(),
        client: None,
    };
    let headers = page_headers().map(|(name, value)| (HeaderName::from_static(name), value));
    (StatusCode::INTERNAL_SERVER_ERROR, headers, [(header::CONTENT_TYPE, CONTENT_TYPE)], page.render())
        .into_response()
}

fn object(reference: &str) -> Response {
    let body = json!({
        "error": "server_error",
        "error_description": Reason::ServerFault.description(),
        "reference": reference,
    });
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, body.to_string()).into_response()
}
