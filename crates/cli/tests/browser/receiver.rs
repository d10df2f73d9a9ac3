//! A client's callback on loopback, which keeps what browsers bring, and a page that frames others.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::Html;
use axum::routing::{any, get};

/// What a browser brought.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    pub(crate) method: Method,
    pub(crate) query: String,
    pub(crate) body: String,
    pub(crate) referrer: bool,
}

#[derive(Clone)]
pub(crate) struct Receiver {
    port: u16,
    brought: Arc<Mutex<Vec<Brought>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = Self { port, brought: Arc::default() };
        let router = Router::new()
            .route("/callback", any(callback))
            .route("/inside", get(|| async { Html("<p id=inside>This page may be framed.</p>") }))
            .route("/frame", get(frame))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    pub(crate) fn callback(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// A page of the same site as the server, so that no cookie is held back from what it frames.
    pub(crate) fn framing(&self, address: &str) -> String {
        format!("http://localhost:{}/frame?{address}", self.port)
    }

    /// Everything that was brought, as soon as it is this much.
    pub(crate) async fn brought(&self, count: usize) -> Vec<Brought> {
        for _ in 0..1_000 {
            let brought = self.brought.lock().unwrap().clone();
            if brought.len() >= count {
                return brought;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the browser brought nothing");
    }
}

async fn callback(
    State(receiver): State<Receiver>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: String,
) -> Html<&'static str> {
    let query = query.unwrap_or_default();
    let brought = Brought { method, query, body, referrer: headers.contains_key("referer") };
    receiver.brought.lock().unwrap().push(brought);
    Html(
        "<!doctype html><title>Client</title><link rel=icon href=\"data:,\"><p id=received>The client has its answer.</p>",
    )
}

async fn frame(RawQuery(query): RawQuery) -> Html<String> {
    let framed = query.unwrap_or_default();
    Html(format!(
        "<!doctype html><title>Frames</title><iframe src=\"/inside\"></iframe><iframe src=\"{framed}\"></iframe>"
    ))
}
