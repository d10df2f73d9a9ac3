use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::pages::{Asset, asset};

/// `GET /assets/…`: kept for a year, because its name changes with its bytes.
pub(crate) async fn serve_asset(uri: Uri) -> Response {
    let Some(found) = asset(uri.path()) else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [(header::CONTENT_TYPE, found.content_type), (header::CACHE_CONTROL, Asset::CACHE_CONTROL)];
    (headers, found.bytes).into_response()
}
