use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_jose::SignError;
use countersign_protocol::oauth_error::OAuthError;
use countersign_protocol::reason::Reason;
use countersign_storage::StorageError;
use serde_json::json;

/// Why a back-channel request gets no success: a JSON answer (RFC 6749 §5.2, RFC 9126 §2.3).
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Reason);

/// Something of this server's own broke. Never told to the peer beyond `server_error` or `temporarily_unavailable`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("storage: {0}")]
    Storage(#[from] StorageError),
    #[error("signing: {0}")]
    Signing(#[from] SignError),
    #[error("{0}")]
    Internal(&'static str),
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self(fault.reason())
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Fault::from(error).into()
    }
}

impl From<SignError> for Refusal {
    fn from(error: SignError) -> Self {
        Fault::from(error).into()
    }
}

impl Fault {
    /// Logs the fault and gives the reason that the peer is told: fail closed, nothing issued.
    pub(crate) fn reason(&self) -> Reason {
        tracing::error!(fault = %self, "refused because of a fault of this server");
        match self {
            Self::Storage(_) => Reason::Overloaded,
            Self::Signing(_) | Self::Internal(_) => Reason::ServerFault,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(reason) = self;
        let told = reason.to_stranger();
        let error = told.oauth_error().unwrap_or(OAuthError::ServerError);
        tracing::info!(reason = reason.name(), rule = reason.rule(), %error, "refused");
        let body = json!({ "error": error.as_str(), "error_description": told.description() }).to_string();
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (status(error), headers, body).into_response();
        response.extensions_mut().insert(Refused(reason));
        response
    }
}

/// Marks a response with the reason of its refusal, for metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused(pub(crate) Reason);

fn status(error: OAuthError) -> StatusCode {
    match error {
        OAuthError::InvalidClient => StatusCode::UNAUTHORIZED,
        OAuthError::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        OAuthError::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}
