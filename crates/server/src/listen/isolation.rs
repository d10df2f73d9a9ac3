use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use serde_json::json;

use crate::observe::RequestId;

/// Keeps the panic of a handler to its own request (ATK-DOS-12). The peer learns nothing but the request's id.
///
/// Units of storage are carried out or not, whatever becomes of the handler that asked for them, and no state of
/// ours is held behind a lock across an await: there is nothing a panic could leave half done.
pub(super) async fn isolate(request: Request, next: Next) -> Response {
    let reference = request.extensions().get::<RequestId>().cloned();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("a handler panicked; only its own request failed");
            failure(reference.as_ref())
        }
    }
}

fn failure(reference: Option<&RequestId>) -> Response {
    let description = "Something went wrong on this server; nothing was issued.";
    let reference = reference.map(RequestId::as_str);
    let body = json!({ "error": "server_error", "error_description": description, "reference": reference })
        .to_string();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, body).into_response()
}
