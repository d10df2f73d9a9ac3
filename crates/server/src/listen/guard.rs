use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{Limits, isolation};

/// Puts the limits of a request around an application: size of target and body, time for body and answer, and a
/// wall around each handler that panics.
///
/// A handler behind it finds the whole body in memory and never more than [`Limits::body_bytes`] of it. `host` is the
/// name by which people know the server, for the page they see when a handler fails.
pub(crate) fn guard(app: Router, limits: Limits, host: &str) -> Router {
    let host: Arc<str> = host.into();
    let gate = Gate { limits, memory: Arc::new(Semaphore::new(limits.bodies_bytes)) };
    app.layer(from_fn_with_state(host, isolation::isolate)).layer(from_fn_with_state(gate, admit))
}

/// What every request of an application passes.
#[derive(Clone)]
struct Gate {
    limits: Limits,
    /// A permit for each byte of a body that is in memory.
    memory: Arc<Semaphore>,
}

async fn admit(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let version = request.version();
    let limits = gate.limits;
    match receive(request, &gate).await {
        Err(excess) => excess.answer(version),
        // The memory is held until the answer: so long the handler may keep the body.
        Ok((request, _memory)) => match timeout(limits.request, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Excess::AnswerSlow.answer(version),
        },
    }
}

/// Why a request is not handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Excess {
    TargetLong,
    LengthUnknown,
    BodyLarge(usize),
    BodySlow,
    BodyBroken,
    MemoryFull,
    AnswerSlow,
}

/// Reads the body of a request, as far as it may go.
async fn receive(request: Request, gate: &Gate) -> Result<(Request, Option<OwnedSemaphorePermit>), Excess> {
    let limits = &gate.limits;
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.uri_bytes {
        return Err(Excess::TargetLong);
    }
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Err(Excess::LengthUnknown);
    }
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return Ok((Request::from_parts(parts, body), None));
    }
    if body.size_hint().lower() > limits.body_bytes as u64 {
        if !parts.headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(Excess::BodyLarge(limits.body_bytes));
    }
    let (whole, memory) =
        timeout(limits.body_read, collect(body, gate)).await.map_err(|_| Excess::BodySlow)??;
    Ok((Request::from_parts(parts, Body::from(whole)), memory))
}

/// Memory is taken as the bytes come: who announces much and sends nothing takes nothing from others.
async fn collect(mut body: Body, gate: &Gate) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Excess> {
    let mut whole = BytesMut::new();
    let mut memory: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Excess::BodyBroken)?.into_data() else { continue };
        let most = gate.limits.body_bytes;
        if data.len() > most - whole.len() {
            return Err(Excess::BodyLarge(most));
        }
        let more = u32::try_from(data.len()).map_err(|_| Excess::BodyLarge(most))?;
        let more = gate.memory.clone().try_acquire_many_owned(more).map_err(|_| Excess::MemoryFull)?;
        match &mut memory {
            Some(memory) => memory.merge(more),
            None => memory = Some(more),
        }
        whole.extend_from_slice(&data);
    }
    Ok((whole.freeze(), memory))
}

/// Throws some of a body away that is too large, keeping none of it: a peer that is still sending would otherwise
/// see its connection break, and never the answer that says why.
async fn discard(mut body: Body) {
    const AT_MOST: usize = 16 * 1024 * 1024;
    let reading = async {
        let mut seen = 0;
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, |data| data.len());
            if seen > AT_MOST {
                break;
            }
        }
    };
    let _ = timeout(Duration::from_secs(2), reading).await;
}

impl Excess {
    fn answer(self, version: Version) -> Response {
        let (status, wrong) = match self {
            Self::TargetLong => (StatusCode::URI_TOO_LONG, "The request target is too long.".to_owned()),
            Self::LengthUnknown => (
                StatusCode::LENGTH_REQUIRED,
                "The request has a Transfer-Encoding. What would pass: a Content-Length.".to_owned(),
            ),
            Self::BodyLarge(most) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The body is too large. What would pass: at most {most} bytes (PAR-01)."),
            ),
            Self::BodySlow => (StatusCode::REQUEST_TIMEOUT, "The body came too slowly.".to_owned()),
            Self::BodyBroken => (StatusCode::BAD_REQUEST, "The body broke off.".to_owned()),
            Self::MemoryFull => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many bodies are being read right now. What would pass: the same in a moment.".to_owned(),
            ),
            Self::AnswerSlow => (StatusCode::SERVICE_UNAVAILABLE, "The answer took too long.".to_owned()),
        };
        tracing::info!(excess = ?self, "cut off");
        let ours = matches!(self, Self::MemoryFull | Self::AnswerSlow);
        let error = if ours { "temporarily_unavailable" } else { "invalid_request" };
        let body = json!({ "error": error, "error_description": wrong }).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self != Self::AnswerSlow && version <= Version::HTTP_11 {
            // What follows on this connection cannot be told from the rest of the body.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
