use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::time::timeout;

use crate::AuthorizationServer;

/// How long the store may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /livez`: the process answers.
pub(crate) async fn livez() -> &'static str {
    "live\n"
}

/// `GET /readyz`: a request would find its store and its keys. The cause of a no stands in the log only.
pub(crate) async fn readyz(State(server): State<AuthorizationServer>) -> (StatusCode, &'static str) {
    match timeout(PATIENCE, server.store().ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            return (StatusCode::SERVICE_UNAVAILABLE, "not ready: storage\n");
        }
        Err(_) => return (StatusCode::SERVICE_UNAVAILABLE, "not ready: storage\n"),
    }
    let mut algorithms = server.settings().signing_algorithms.iter();
    if algorithms.all(|algorithm| server.keys().signer(*algorithm).is_ok()) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: signing keys\n")
    }
}
