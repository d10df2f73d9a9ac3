use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::oauth_error::OAuthError;
use countersign_protocol::parameter::Scope;
use countersign_protocol::policy::{Control, Profile};
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::replay::Spends;
use countersign_protocol::request::RawParameters;
use countersign_protocol::time::UnixTime;
use countersign_protocol::token::{VerifiedAccessToken, verify_access_token};
use countersign_storage::user::User;
use countersign_storage::{Outcome, Unit, authorization_code, replay, user};
use serde_json::{Map, Value, json};

use crate::AuthorizationServer;
use crate::back_channel::{refused_unit, verify_proof};
use crate::refusal::{Refusal, Refused};

/// Why a resource request gets no resource: a status and challenges (RFC 6750 §3, RFC 9449 §7.1).
pub(crate) struct ResourceRefusal {
    reason: Reason,
    floor: &'static Profile,
}

/// An access token as it was presented.
struct Presented<'a> {
    scheme: Scheme,
    token: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Dpop,
    Bearer,
}

/// `GET` and `POST /userinfo`: what a client may know about the person behind its token (OpenID Connect Core §5.3).
pub(crate) async fn userinfo(
    State(server): State<AuthorizationServer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ResourceRefusal> {
    let floor = server.settings().minimum_profile.profile();
    let answered = answer(&server, &method, &uri, &headers, &body).await;
    answered.map_err(|Refusal(reason)| ResourceRefusal { reason, floor })
}

async fn answer(
    server: &AuthorizationServer,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Refusal> {
    let now = server.now();
    let presented = present(uri, headers, body)?;
    let keys = server.keys().published();
    let issuer = server.issuer();
    let token = verify_access_token(presented.token, &keys.set, issuer, issuer.as_str(), now)?;
    let client = server.client(&token.claims().client_id).await?.ok_or(Reason::AccessTokenInvalid)?;
    let spends = verify_binding(server, method, headers, &presented, &token, &client, now)?;
    let person = person(server, &token).await?;
    if !token.claims().scope.contains("openid") {
        return Err(Reason::AccessTokenScope.into());
    }
    spend(server, &spends, now).await?;
    Ok(claims_response(&person, &token.claims().scope))
}

/// Finds the token: in one Authorization header and nowhere else (RS-01, RS-02). Where a token could hide in
/// parameters that do not read, the request is refused for them.
fn present<'a>(uri: &Uri, headers: &'a HeaderMap, body: &Bytes) -> Result<Presented<'a>, Reason> {
    let parameters = RawParameters::parse_all(&[uri.query().unwrap_or_default().as_bytes(), body])?;
    if parameters.get("access_token").is_some() {
        return Err(Reason::AccessTokenInQuery);
    }
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Reason::AccessTokenMissing)?;
    if values.next().is_some() {
        return Err(Reason::AuthorizationRepeated);
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(Reason::AccessTokenMissing)?;
    let scheme = match scheme {
        scheme if scheme.eq_ignore_ascii_case("DPoP") => Scheme::Dpop,
        scheme if scheme.eq_ignore_ascii_case("Bearer") => Scheme::Bearer,
        _ => return Err(Reason::AccessTokenMissing),
    };
    Ok(Presented { scheme, token: token.trim_start_matches(' ') })
}

/// A bound token comes as DPoP with a proof of its key, an unbound one as Bearer (DPOP-14, ATK-POP-12).
fn verify_binding(
    server: &AuthorizationServer,
    method: &Method,
    headers: &HeaderMap,
    presented: &Presented<'_>,
    token: &VerifiedAccessToken,
    client: &Client,
    now: UnixTime,
) -> Result<Spends, Reason> {
    match (presented.scheme, token.bound_to()) {
        (Scheme::Bearer, None) if !client.binds_tokens() => Ok(Spends::default()),
        (Scheme::Dpop, Some(bound)) => {
            let url = server.issuer().endpoint("/userinfo");
            let proof =
                verify_proof(headers, &url, method.as_str(), Some(presented.token), client.profile(), now)?;
            let (proof, spends) = proof.ok_or(Reason::AccessTokenScheme)?.into_parts();
            if proof.key() == bound { Ok(spends) } else { Err(Reason::ProofOtherKey) }
        }
        _ => Err(Reason::AccessTokenScheme),
    }
}

/// Whom the token is about, if it was not revoked with its family (CODE-05) and the person was not locked out.
async fn person(server: &AuthorizationServer, token: &VerifiedAccessToken) -> Result<User, Refusal> {
    let (store, issuer, claims) = (server.store(), server.issuer(), token.claims());
    if !authorization_code::family_is_live(store, issuer, &claims.txn).await? {
        return Err(Reason::AccessTokenInvalid.into());
    }
    let person = user::find(store, issuer, &claims.sub).await?;
    let person = person.filter(|person| person.disabled_at.is_none());
    Ok(person.ok_or(Reason::AccessTokenInvalid)?)
}

/// A proof is used once (DPOP-06); without one there is nothing to spend and nothing to write.
async fn spend(server: &AuthorizationServer, spends: &Spends, now: UnixTime) -> Result<(), Refusal> {
    if spends.keys().is_empty() {
        return Ok(());
    }
    let unit = Unit::new().then_all(replay::spend_all(server.issuer(), spends, now));
    match unit.commit(server.store()).await? {
        Outcome::Committed(_) => Ok(()),
        Outcome::Refused(statement) => Err(refused_unit(statement)),
    }
}

/// UI-02: `sub` always, the rest by scope; what is not known is left out.
fn claims_response(person: &User, scope: &Scope) -> Response {
    let mut claims = Map::from_iter([("sub".to_owned(), Value::from(person.subject.as_str()))]);
    let mut add = |name: &str, value: Option<&str>| {
        claims.extend(value.map(|value| (name.to_owned(), Value::from(value))));
    };
    if scope.contains("profile") {
        add("name", person.name.as_deref());
        add("preferred_username", Some(&person.username));
    }
    if scope.contains("email") {
        add("email", person.email.as_deref());
    }
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::OK, headers, Value::Object(claims).to_string()).into_response()
}

impl IntoResponse for ResourceRefusal {
    fn into_response(self) -> Response {
        let Self { reason, floor } = self;
        let error = reason.oauth_error().unwrap_or(OAuthError::ServerError);
        tracing::info!(reason = reason.name(), rule = reason.rule(), %error, "refused");
        let mut response = (status(error), [(header::CACHE_CONTROL, "no-store")]).into_response();
        // Who brought no token only hears which kinds are taken (RS-03).
        let told = (reason != Reason::AccessTokenMissing).then_some(error);
        for challenge in challenges(told.map(|error| (error, reason)), floor) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(error) = told {
            let body = json!({ "error": error.as_str(), "error_description": reason.description() });
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *response.body_mut() = body.to_string().into();
        }
        response.extensions_mut().insert(Refused(reason));
        response
    }
}

/// One challenge for each scheme that is taken (RFC 9449 §7.1); none where nobody's credentials are at fault.
fn challenges(told: Option<(OAuthError, Reason)>, floor: &Profile) -> Vec<HeaderValue> {
    if told.is_some_and(|(error, _)| status(error).is_server_error()) {
        return Vec::new();
    }
    let fault = told
        .map(|(error, reason)| format!("error=\"{error}\", error_description=\"{}\"", reason.description()));
    let algorithms: Vec<&str> = floor.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    let algorithms = format!("algs=\"{}\"", algorithms.join(" "));
    let dpop = [Some(algorithms), fault.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let bearer = (!floor.demands(Control::SenderConstrainedTokens)).then(|| match fault {
        Some(fault) => format!("Bearer {fault}"),
        None => "Bearer".to_owned(),
    });
    let challenges = [Some(format!("DPoP {dpop}")), bearer].into_iter().flatten();
    challenges.filter_map(|challenge| HeaderValue::try_from(challenge).ok()).collect()
}

/// RS-03.
fn status(error: OAuthError) -> StatusCode {
    match error {
        OAuthError::InsufficientScope => StatusCode::FORBIDDEN,
        OAuthError::InvalidToken | OAuthError::InvalidDpopProof => StatusCode::UNAUTHORIZED,
        OAuthError::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        OAuthError::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests;
