use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::parameter::{InteractionId, Scope};
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::request::AuthorizationRequest;
use countersign_storage::interaction::{Interaction, Login};
use countersign_storage::login_session::LoginSession;
use countersign_storage::user::User;
use countersign_storage::{
    Digest, Outcome, Statement, Unit, consent, interaction, login_session, pushed_request, replay, user,
};

use super::browser::Browser;
use super::resolve::Resolved;
use super::{Stop, answer};
use crate::AuthorizationServer;
use crate::refusal::Fault;

/// An authorization in progress, as every page of it finds it again: nothing of it lives in this process.
pub(super) struct Progress {
    /// Its name in the URLs.
    pub(super) id: InteractionId,
    /// What is stored of it.
    pub(super) stored: Interaction,
    /// What is asked.
    pub(super) request: AuthorizationRequest,
    /// Who asks.
    pub(super) client: Arc<Client>,
    /// What stores it, while it is not stored yet; without a page it never is.
    opening: Vec<Statement>,
}

impl Progress {
    /// Whether a page of it was shown.
    pub(super) fn is_stored(&self) -> bool {
        self.opening.is_empty()
    }
}

/// A person who is logged in, in this browser.
pub(super) struct Person {
    pub(super) user: User,
    pub(super) session: LoginSession,
    pub(super) login: Login,
}

/// Whose turn it is.
pub(super) enum Turn {
    /// The person must log in.
    Login,
    /// The person must decide.
    Consent(Box<Person>),
    /// Nobody's: it is decided already.
    Granted(Box<Person>),
    /// Nobody's: a page is needed and none may be shown.
    Refused(Reason),
}

/// Opens the interaction of a resolved request, or finds it open, and takes the first turn.
pub(super) async fn begin(
    server: &AuthorizationServer,
    resolved: Resolved,
    browser: &Browser,
) -> Result<Response, Stop> {
    let progress = match find(server, &resolved.interaction, browser).await? {
        Some(progress) if progress.request.presented == resolved.request.presented => progress,
        // Another request under an identifier that was used before.
        Some(_) => return Err(Stop(Reason::RequestObjectReplayed)),
        None => open(server, resolved, browser)?,
    };
    proceed(server, progress, browser).await
}

/// Takes the turn that is due: shows a page by its address, or answers.
pub(super) async fn proceed(
    server: &AuthorizationServer,
    progress: Progress,
    browser: &Browser,
) -> Result<Response, Stop> {
    match turn(server, &progress, browser).await? {
        Turn::Login => page(server, progress, "/login").await,
        Turn::Consent(_) => page(server, progress, "/consent").await,
        Turn::Granted(person) => answer::grant_silently(server, progress, browser, *person).await,
        Turn::Refused(reason) => answer::deny(server, progress, browser, reason, None).await,
    }
}

/// The interaction that a page of this browser belongs to.
///
/// # Errors
/// [`Reason::InteractionUnknown`]: finished, expired, or begun in another browser (ATK-PAR-12, ATK-RED-30).
pub(super) async fn resume(
    server: &AuthorizationServer,
    raw: Option<&str>,
    browser: &Browser,
) -> Result<Progress, Stop> {
    let id: InteractionId = raw.and_then(|raw| raw.parse().ok()).ok_or(Reason::InteractionUnknown)?;
    find(server, &id, browser).await?.ok_or(Stop(Reason::InteractionUnknown))
}

async fn find(
    server: &AuthorizationServer,
    id: &InteractionId,
    browser: &Browser,
) -> Result<Option<Progress>, Stop> {
    let (store, issuer, now) = (server.store(), server.issuer(), server.now());
    let Some(stored) = interaction::find(store, issuer, id.hash(), browser.key().hash(), now).await? else {
        return Ok(None);
    };
    let client = server.client(&stored.client_id).await?.ok_or(Reason::ClientUnknown)?;
    let request = serde_json::from_slice(&stored.request)
        .map_err(|_| Fault::Internal("a stored interaction does not read"))?;
    Ok(Some(Progress { id: id.clone(), stored, request, client, opening: Vec::new() }))
}

/// Prepares to store a new interaction; a pushed request is bound to it, and so to this browser (PAR-10).
fn open(server: &AuthorizationServer, resolved: Resolved, browser: &Browser) -> Result<Progress, Stop> {
    let Resolved { client, request, transaction, interaction: id, pushed, replay } = resolved;
    let now = server.now();
    let expires_at = now.plus(server.settings().lifetimes.interaction);
    let stored = Interaction {
        browser: browser.key().hash().into(),
        client_id: client.id().clone(),
        transaction_id: transaction,
        request: serde_json::to_vec(&request).map_err(|_| Fault::Internal("a request does not serialize"))?,
        pushed_reference: pushed,
        replay,
        created_at: now,
        expires_at,
        login: None,
    };
    let bind = pushed
        .map(|hash| pushed_request::bind(server.issuer(), client.id(), hash, id.hash(), expires_at, now));
    let opening = bind.into_iter().chain([interaction::open(server.issuer(), id.hash(), &stored)]).collect();
    Ok(Progress { id, stored, request, client, opening })
}

/// Decides whose turn it is, from what is stored now.
pub(super) async fn turn(
    server: &AuthorizationServer,
    progress: &Progress,
    browser: &Browser,
) -> Result<Turn, Stop> {
    let asked = progress.request.prompt;
    let Some(person) = person(server, progress, browser).await? else {
        return Ok(if asked.none { Turn::Refused(Reason::LoginRequired) } else { Turn::Login });
    };
    let granted = consented(server, progress, &person).await?;
    let known = !asked.consent && granted.is_some_and(|granted| progress.request.scope.is_subset(&granted));
    Ok(match (known, asked.none) {
        (true, _) => Turn::Granted(Box::new(person)),
        (false, true) => Turn::Refused(Reason::ConsentRequired),
        (false, false) => Turn::Consent(Box::new(person)),
    })
}

/// The person of this browser's session, if the login is as fresh as the request wants it (IDT-08).
async fn person(
    server: &AuthorizationServer,
    progress: &Progress,
    browser: &Browser,
) -> Result<Option<Person>, Stop> {
    let (store, issuer, now) = (server.store(), server.issuer(), server.now());
    let Some(id) = browser.session() else { return Ok(None) };
    let Some(session) = login_session::find_live(store, issuer, id.hash(), now).await? else {
        return Ok(None);
    };
    let too_old =
        progress.request.max_age.is_some_and(|seconds| now.since(session.authenticated_at) > seconds);
    let again = progress.request.prompt.login || progress.request.max_age == Some(0);
    let before = session.authenticated_at < progress.stored.created_at;
    if before && (again || too_old) {
        return Ok(None);
    }
    let Some(user) = user::find(store, issuer, &session.subject).await? else { return Ok(None) };
    if user.disabled_at.is_some() {
        return Ok(None);
    }
    let login = Login { subject: user.subject.clone(), session: Digest::from(id.hash()) };
    Ok(Some(Person { user, session, login }))
}

/// What the person granted this client before, if anything.
pub(super) async fn consented(
    server: &AuthorizationServer,
    progress: &Progress,
    person: &Person,
) -> Result<Option<Scope>, Stop> {
    let found =
        consent::find(server.store(), server.issuer(), &person.user.subject, progress.client.id()).await?;
    Ok(found.and_then(|consent| consent.scopes.parse().ok()))
}

/// Stores the interaction, if it is new, and sends the browser to a page of it.
async fn page(server: &AuthorizationServer, mut progress: Progress, path: &str) -> Result<Response, Stop> {
    let opening = std::mem::take(&mut progress.opening);
    if let Outcome::Refused(statement) = Unit::new().then_all(opening).commit(server.store()).await? {
        return Err(refused_opening(statement));
    }
    let address = format!("{}?interaction={}", server.issuer().endpoint(path), progress.id.expose());
    see_other(&address)
}

/// A request that is bound to another browser, or was answered before, is not opened again.
pub(super) fn refused_opening(statement: &'static str) -> Stop {
    match statement {
        pushed_request::BIND_REFUSED | pushed_request::CONSUME_REFUSED => Stop(Reason::RequestUriUnknown),
        interaction::OPEN_REFUSED
        | interaction::ATTACH_LOGIN_REFUSED
        | interaction::GRANT_REFUSED
        | interaction::REFUSE_REFUSED => Stop(Reason::InteractionUnknown),
        spent if replay::spent_before(spent).is_some() => Stop(Reason::RequestObjectReplayed),
        other => Fault::Internal(other).into(),
    }
}

/// 303, never 307: what the person typed stays here (JARM-10, ATK-RED-20).
pub(super) fn see_other(address: &str) -> Result<Response, Stop> {
    let location =
        HeaderValue::try_from(address).map_err(|_| Fault::Internal("an address is no header value"))?;
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
