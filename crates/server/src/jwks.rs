use axum::extract::State;
use axum::response::Response;

use crate::AuthorizationServer;
use crate::metadata::published;

/// `GET /jwks`: the public keys, those about to sign and those that signed what can still live included (JWKS-03).
pub(crate) async fn jwks(State(server): State<AuthorizationServer>) -> Response {
    published(server.keys().published().json.clone())
}
