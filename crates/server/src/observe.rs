use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use countersign_jose::{Entropy, SystemEntropy, base64url};
use tracing::{Instrument, Span, field};

use crate::metrics::Metrics;
use crate::refusal::Refused;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names one request in the logs, in its answer (`x-request-id`) and on error pages. Handlers find it as an
/// extension of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// A fresh one; what the peer calls its request is not asked.
    pub(crate) fn generate(entropy: &mut impl Entropy) -> Self {
        Self(base64url::encode(entropy.array::<12>()))
    }

    /// 16 characters of base64url.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names, logs and counts every request of an application.
///
/// The log has the route, never the path and query, so no secret, token, code or state can get into it (TOK-10). The
/// client is added once it is looked up ([`client_is`]).
pub(crate) fn observe(app: Router, metrics: Metrics) -> Router {
    app.layer(from_fn_with_state(metrics, observed))
}

/// Adds the client that a request names, proven or not, to the log lines of that request.
pub(crate) fn client_is(client_id: impl std::fmt::Display) {
    Span::current().record("client_id", field::display(client_id));
}

async fn observed(State(metrics): State<Metrics>, mut request: Request, next: Next) -> Response {
    let id = RequestId::generate(&mut SystemEntropy);
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", id = id.as_str(), method, route, client_id = field::Empty);
    request.extensions_mut().insert(id.clone());
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = begun.elapsed();
    span.in_scope(|| log(&response, took));
    let reason = response.extensions().get::<Refused>().map(|Refused(reason)| *reason);
    metrics.count(route, method, response.status(), reason, took);
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

fn log(response: &Response, took: Duration) {
    let status = response.status().as_u16();
    let reason = response.extensions().get::<Refused>().map(|Refused(reason)| reason.name());
    tracing::info!(status, micros = took.as_micros() as u64, reason, "answered");
}

/// Methods of our own choosing only: a label or a log field that the peer writes would never stop growing.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
