use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use countersign_jose::Algorithm;
use countersign_protocol::metadata::{Offer, ServerMetadata};
use countersign_protocol::parameter::Issuer;
use serde_json::Value;

use crate::AuthorizationServer;
use crate::Settings;
use crate::key_ring::CACHE_TIME;

/// Where the metadata is found: appended to the issuer for OpenID, between host and path for RFC 8414 (META-01).
pub(crate) fn paths(issuer: &Issuer) -> [String; 2] {
    let path = issuer.path();
    [
        format!("{path}/.well-known/openid-configuration"),
        format!("/.well-known/oauth-authorization-server{path}"),
    ]
}

/// `GET` of either discovery document (RFC 8414 §3, OpenID Connect Discovery §4): the same bytes, written once.
pub(crate) fn metadata(server: &AuthorizationServer) -> MethodRouter<AuthorizationServer> {
    let document = Bytes::from(write(server.settings()));
    get(move || async move { published(document.clone()) })
}

/// A document for everybody, scripts of other origins included (META-09), to be kept as long as the key set.
pub(crate) fn published(document: Bytes) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, cache_control()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    (headers, document).into_response()
}

fn cache_control() -> HeaderValue {
    let value = HeaderValue::try_from(format!("public, max-age={CACHE_TIME}"));
    value.unwrap_or(HeaderValue::from_static("no-store"))
}

/// What is enforced, as JSON; empty lists are left out (META-02).
fn write(settings: &Settings) -> String {
    let scopes: Vec<String> = settings.scopes.iter().map(|scope| scope.word.clone()).collect();
    let metadata = ServerMetadata::of(&Offer {
        issuer: &settings.issuer,
        floor: settings.minimum_profile,
        signing_algorithms: &offered(settings),
        scopes: &scopes,
    });
    let mut document = serde_json::to_value(metadata).unwrap_or_default();
    if let Value::Object(members) = &mut document {
        members.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    }
    document.to_string()
}

/// No algorithm that the weakest profile forbids (META-06): no client could register it.
fn offered(settings: &Settings) -> Vec<Algorithm> {
    let allowed = settings.minimum_profile.profile().algorithms;
    settings.signing_algorithms.iter().copied().filter(|algorithm| allowed.contains(algorithm)).collect()
}

#[cfg(test)]
mod tests;
