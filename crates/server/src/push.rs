use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_jose::SystemEntropy;
use countersign_protocol::parameter::{RequestReference, TransactionId};
use countersign_protocol::registration::Client;
use countersign_protocol::replay::Spends;
use countersign_protocol::request::{AuthorizationRequest, Presented};
use countersign_protocol::server;
use countersign_storage::{Outcome, Unit, pushed_request, replay};
use serde_json::json;

use crate::AuthorizationServer;
use crate::back_channel::{Received, receive, refused_unit};
use crate::refusal::{Fault, Refusal};

/// `POST /par`: a client leaves its authorization request before it sends the browser (RFC 9126).
pub(crate) async fn push(
    State(server): State<AuthorizationServer>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let now = server.now();
    let Received { form, client, proof, spends } = receive(&server, "/par", &headers, &body, now).await?;
    let request = server::push(&form, &client, proof, server.issuer(), now)?;
    let (request, request_spends) = request.into_parts();
    archive_key(&server, &client, &request).await?;
    keep(&server, &request, spends.join(request_spends)).await
}

/// The client's key counts from here on: it may leave the registration before the person decides (EVD-39).
async fn archive_key(
    server: &AuthorizationServer,
    client: &Client,
    request: &AuthorizationRequest,
) -> Result<(), Refusal> {
    if let Presented::Signed { key, algorithm, .. } = request.presented {
        server.evidence().client_key(client, key, algorithm, server.now()).await?;
    }
    Ok(())
}

/// Spends what the request brought and stores it: all of it, or nothing happened.
async fn keep(
    server: &AuthorizationServer,
    request: &AuthorizationRequest,
    spends: Spends,
) -> Result<Response, Refusal> {
    let now = server.now();
    let reference = RequestReference::generate(&mut SystemEntropy);
    let lifetime = server.settings().lifetimes.pushed_request;
    let row = pushed_request::PushedRequest {
        client_id: request.client_id.clone(),
        transaction_id: TransactionId::generate(now, &mut SystemEntropy),
        request: serde_json::to_vec(request).map_err(|_| Fault::Internal("a request does not serialize"))?,
        dpop_jkt: request.dpop_jkt.map(|key| key.to_string()),
        expires_at: now.plus(lifetime),
        interaction: None,
    };
    let outcome = Unit::new()
        .then_all(replay::spend_all(server.issuer(), &spends, now))
        .then(pushed_request::push(server.issuer(), reference.hash(), &row))
        .commit(server.store())
        .await?;
    match outcome {
        Outcome::Committed(_) => Ok(created(&reference, lifetime)),
        Outcome::Refused(statement) => Err(refused_unit(statement)),
    }
}

/// PAR-06.
fn created(reference: &RequestReference, lifetime: u64) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache, no-store")];
    let body = json!({ "request_uri": reference.to_request_uri(), "expires_in": lifetime }).to_string();
    (StatusCode::CREATED, headers, body).into_response()
}
