//! The authorization endpoint, the hall of the house: a request walks through these rooms in this order.
//!
//! | room | in → out |
//! |---|---|
//! | [`receive`] | HTTP → raw parameters; duplicates refused |
//! | [`resolve`] | by value, by pushed reference or plain → a verified, validated request |
//! | [`interact`] | whose turn it is: login, consent, or nobody's; resumable, bound to one browser |
//! | [`login`], [`consent`] | the two pages |
//! | [`answer`] | a decision → a signed response, committed as one unit with its evidence |
//! | [`keep`] | a flow → the evidence of what was asked, decided, shown and answered |
//!
//! Verification is `countersign_protocol::request`, judging `countersign_protocol::policy`, countersigning
//! `countersign_protocol::response`.

mod answer;
mod browser;
mod consent;
mod error_page;
mod interact;
mod keep;
mod login;
mod receive;
mod resolve;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use countersign_protocol::reason::Reason;
use countersign_storage::StorageError;

pub(crate) use consent::{decide, show_consent};
pub(crate) use error_page::explain;
pub(crate) use login::{log_in, show_login};

use crate::AuthorizationServer;
use crate::cookies::Cookies;
use crate::refusal::Fault;
use browser::Browser;
use error_page::ErrorAnswer;

use resolve::Unanswerable;

/// `GET` and `POST /authorize` (RFC 6749 §3.1).
pub(crate) async fn authorize(
    State(server): State<AuthorizationServer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let browser = Browser::of(Cookies::read(&headers, server.issuer()));
    match walk(&server, &method, &uri, &headers, &body, &browser).await {
        Ok(response) if method == Method::POST && browser.is_new() => response,
        Ok(response) => browser.remember(&server, response),
        Err(stop) => stop.into_page(&server),
    }
}

async fn walk(
    server: &AuthorizationServer,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
    browser: &Browser,
) -> Result<Response, Stop> {
    let raw = receive::receive(method, uri, headers, body)?;
    match resolve::resolve(server, &raw, browser).await {
        Ok(_) if *method == Method::POST && browser.is_new() => receive::as_get(server, uri, body),
        Ok(resolved) => interact::begin(server, resolved, browser).await,
        Err(Unanswerable::Stop(stop)) => Err(stop),
        Err(Unanswerable::Refused(refused)) => answer::refuse(server, *refused).await,
    }
}

/// What ends a walk without an answer for the client: a page, and no redirect (RFC 6749 §4.1.2.1).
#[derive(Debug)]
pub(crate) struct Stop(Reason);

impl Stop {
    fn into_page(self, server: &AuthorizationServer) -> Response {
        ErrorAnswer::new(self.0).page(server)
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self(fault.reason())
    }
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Fault::from(error).into()
    }
}
