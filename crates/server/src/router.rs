use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};

use crate::AuthorizationServer;
use crate::assets::serve_asset;
use crate::authorize::{authorize, decide, explain, log_in, show_consent, show_login};
use crate::health::{livez, readyz};
use crate::jwks::jwks;
use crate::landing::landing;
use crate::listen::{Limits, guard};
use crate::metadata::{self, metadata};
use crate::metrics::Metrics;
use crate::observe::observe;
use crate::push::push;
use crate::token::token;
use crate::userinfo::userinfo;

/// Two years, as the preload lists ask for; of sub-domains this server knows nothing.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Every address of the server, inside the limits, the headers and the log that all of them share.
///
/// The issuer's path comes before each of them; what the `Host` header says is never asked (ATK-RED-27).
pub(crate) fn router(server: AuthorizationServer, limits: Limits, metrics: Metrics) -> Router {
    let issuer = server.issuer().clone();
    let routes =
        at_origin(&server).merge(below(issuer.path(), endpoints())).fallback(async || StatusCode::NOT_FOUND);
    let guarded = guard(routes.with_state(server), limits, issuer.host());
    let protected = guarded.layer(from_fn_with_state(issuer.is_plain_http(), protect));
    observe(protected, metrics)
}

/// What the metadata names, and the pages.
fn endpoints() -> Router<AuthorizationServer> {
    Router::new()
        .route("/", get(landing))
        .route("/jwks", get(jwks))
        .route("/par", post(push))
        .route("/authorize", get(authorize).post(authorize))
        .route("/login", get(show_login).post(log_in))
        .route("/consent", get(show_consent).post(decide))
        .route("/error", get(explain))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo).post(userinfo))
}

/// What is not, or not only, below the issuer: its metadata, the assets, and the questions of whoever operates it.
fn at_origin(server: &AuthorizationServer) -> Router<AuthorizationServer> {
    let health = Router::new().route("/livez", get(livez)).route("/readyz", get(readyz));
    let described = metadata::paths(server.issuer())
        .iter()
        .fold(health, |routes, path| routes.route(path, metadata(server)));
    described.route("/assets/{name}", get(serve_asset))
}

fn below(path: &str, routes: Router<AuthorizationServer>) -> Router<AuthorizationServer> {
    if path.is_empty() { routes } else { Router::new().nest(path, routes) }
}

/// The headers of every answer, unless the answer has its own. None of them lets another origin read (NET-05): that is
/// for metadata and key set alone, which say so themselves (META-09).
async fn protect(State(plain_http): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if !plain_http {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    response
}
