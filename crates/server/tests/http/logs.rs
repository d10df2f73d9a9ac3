use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::running::Running;

/// Writes down every field of every span and event, at every level.
#[derive(Clone, Default)]
struct Listening(Arc<Mutex<String>>);

struct Writing<'a>(&'a mut String);

impl Visit for Writing<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Listening {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("countersign")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Writing(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Writing(&mut self.0.lock().unwrap()));
    }
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Writing(&mut self.0.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn tok_10_the_log_has_routes_and_reasons_and_nothing_that_was_sent() {
    let log = Listening::default();
    // For the whole process: what the other tests log meanwhile must not have been sent by this one either.
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let running = Running::start().await;
    let sent =
        "client_id=hidden-1&state=hidden-2&code=hidden-3&client_assertion=hidden-4&code_verifier=hidden-5";
    let login = "interaction=hidden-6&csrf=hidden-7&username=hidden-8&password=hidden-9";
    for path in ["/par", "/token", "/authorize", "/hidden-10"] {
        running.post(path, sent.as_bytes()).await;
        running
            .send("GET", &format!("{path}?{sent}"), &["authorization: DPoP hidden-11", "dpop: hidden-12"])
            .await;
    }
    running.post("/login", login.as_bytes()).await;
    running.send("GET", "/userinfo", &["authorization: DPoP hidden-11", "dpop: hidden-12"]).await;
    let text = log.0.lock().unwrap().clone();
    for expected in
        ["route=\"/par\"", "route=\"unknown\"", "method=\"POST\"", "status=401", "reason=\"", "micros="]
    {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("hidden"), "{text}");
}
