use std::sync::Arc;
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::reason::Reason;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// What an operator watches: requests, refusals, latency, connections and the work behind the scenes.
///
/// Labels have few values, none of them chosen by a peer. Clones share the figures.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Figures>);

struct Figures {
    registry: Registry,
    requests: Family<Answered, Counter>,
    refusals: Family<RefusedBy, Counter>,
    durations: Family<Route, Histogram>,
    connections: Gauge,
    failures: Family<Work, Counter>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Answered {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct RefusedBy {
    route: String,
    reason: &'static str,
    rule: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Work {
    work: &'static str,
}

impl Metrics {
    /// All figures at zero.
    pub(crate) fn new() -> Self {
        let requests = Family::default();
        let refusals = Family::default();
        let durations: Family<Route, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_5, 2.0, 15)));
        let connections = Gauge::default();
        let failures = Family::default();
        let mut registry = Registry::with_prefix("countersign");
        registry.register("requests", "Requests answered", requests.clone());
        registry.register("refusals", "Requests refused, by reason and rule", refusals.clone());
        let took = "Time from the head of a request to its answer";
        registry.register_with_unit("request_duration", took, Unit::Seconds, durations.clone());
        registry.register("connections", "Connections being served", connections.clone());
        registry.register("background_failures", "Rounds of background work that failed", failures.clone());
        Self(Arc::new(Figures { registry, requests, refusals, durations, connections, failures }))
    }

    /// A request was answered.
    pub(crate) fn count(
        &self,
        route: String,
        method: &'static str,
        status: StatusCode,
        reason: Option<Reason>,
        took: Duration,
    ) {
        let Figures { requests, refusals, durations, .. } = &*self.0;
        if let Some(reason) = reason {
            let labels = RefusedBy { route: route.clone(), reason: reason.name(), rule: reason.rule() };
            refusals.get_or_create(&labels).inc();
        }
        durations.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        requests.get_or_create(&Answered { route, method, status: status.as_u16() }).inc();
    }

    /// The number of connections being served.
    pub(crate) fn connections(&self) -> Gauge {
        self.0.connections.clone()
    }

    /// A round of background work failed.
    pub(crate) fn background_failed(&self, work: &'static str) {
        self.0.failures.get_or_create(&Work { work }).inc();
    }

    /// `GET /metrics`, in the OpenMetrics text format.
    pub(crate) fn exposition(&self) -> Response {
        let mut text = String::new();
        if encode(&mut text, &self.0.registry).is_err() {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        ([(header::CONTENT_TYPE, content_type)], text).into_response()
    }
}
