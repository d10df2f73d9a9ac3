use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use countersign_jose::SystemEntropy;
use countersign_protocol::parameter::SessionId;
use countersign_protocol::request::RawParameters;
use countersign_storage::login_session::LoginSession;
use countersign_storage::user::User;
use countersign_storage::{Unit, login_session, user};

use super::browser::Browser;
use super::error_page::html;
use super::interact::{Progress, Turn, proceed, resume, see_other, turn};
use super::{Stop, interact};
use crate::AuthorizationServer;
use crate::cookies::{Cookies, set_session};
use crate::form::parse_form;
use crate::pages::{ClientIdentity, Language, LoginPage, LoginProblem};
use crate::password;
use crate::refusal::Fault;
use crate::throttle::{self, ClientAddress};

/// `GET /login`: who are you? A person who is logged in already is sent on, unless they want another account.
pub(crate) async fn show_login(
    State(server): State<AuthorizationServer>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let browser = Browser::of(Cookies::read(&headers, server.issuer()));
    let shown = show(&server, &browser, query.as_deref().unwrap_or_default()).await;
    shown.unwrap_or_else(|stop| stop.into_page(&server))
}

/// `POST /login`: checks the password, starts a new session and goes on (ATK-RED-23, ATK-RED-25, ATK-DOS-11).
pub(crate) async fn log_in(
    State(server): State<AuthorizationServer>,
    address: ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let browser = Browser::of(Cookies::read(&headers, server.issuer()));
    let answer = attempt(&server, &browser, address, &headers, &body).await;
    answer.unwrap_or_else(|stop| stop.into_page(&server))
}

async fn show(server: &AuthorizationServer, browser: &Browser, query: &str) -> Result<Response, Stop> {
    let query = RawParameters::parse(query.as_bytes())?;
    let progress = resume(server, query.get("interaction"), browser).await?;
    let another_account = query.get("switch").is_some();
    if !another_account && !matches!(turn(server, &progress, browser).await?, Turn::Login) {
        return proceed(server, progress, browser).await;
    }
    let hint = progress.request.login_hint.clone().unwrap_or_default();
    Ok(page(server, browser, &progress, hint, None))
}

async fn attempt(
    server: &AuthorizationServer,
    browser: &Browser,
    address: ClientAddress,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Stop> {
    let form = parse_form(headers, body)?;
    let progress = resume(server, form.get("interaction"), browser).await?;
    let username = form.get("username").unwrap_or_default().to_owned();
    let again = |problem: LoginProblem| Ok(page(server, browser, &progress, username.clone(), Some(problem)));
    if !browser.csrf(&progress.id).matches(form.get("csrf").unwrap_or_default()) {
        return again(LoginProblem::StaleForm);
    }
    if let Err(throttled) = throttle::admit(server, &username, address).await? {
        return again(LoginProblem::Throttled { wait_seconds: throttled.wait_seconds });
    }
    let Some(user) = check_password(server, &username, form.get("password").unwrap_or_default()).await?
    else {
        return again(LoginProblem::Credentials);
    };
    throttle::forgive(server, &username, address).await?;
    start_session(server, browser, &progress, &user).await
}

/// The active user of this name, if the password is theirs. An unknown name takes as long as a wrong password.
async fn check_password(
    server: &AuthorizationServer,
    username: &str,
    given: &str,
) -> Result<Option<User>, Stop> {
    let found = user::find_by_name(server.store(), server.issuer(), username).await?;
    let found = found.filter(|user| user.disabled_at.is_none());
    let stored = found.as_ref().map(|user| user.password_hash.clone());
    let right = password::check(given, stored).await?;
    Ok(found.filter(|_| right))
}

/// A login gets a new session id, whatever the browser brought; the old session ends (ATK-RED-25).
async fn start_session(
    server: &AuthorizationServer,
    browser: &Browser,
    progress: &Progress,
    user: &User,
) -> Result<Response, Stop> {
    let (issuer, now) = (server.issuer(), server.now());
    let lifetime = server.settings().lifetimes.session;
    let session = SessionId::generate(&mut SystemEntropy);
    let login = LoginSession {
        subject: user.subject.clone(),
        authenticated_at: now,
        amr: r#"["pwd"]"#.to_owned(),
        created_at: now,
        expires_at: now.plus(lifetime),
    };
    let ended = match browser.session() {
        Some(old) => login_session::find_live(server.store(), issuer, old.hash(), now)
            .await?
            .map(|_| login_session::end(issuer, old.hash(), now)),
        None => None,
    };
    let started = login_session::start(issuer, session.hash(), &login);
    let changed = Unit::new().then_all(ended).then(started).commit(server.store()).await?;
    if let Some(statement) = changed.refused() {
        return Err(interact::refused_opening(statement));
    }
    let mut response =
        see_other(&format!("{}?interaction={}", issuer.endpoint("/consent"), progress.id.expose()))?;
    let cookie =
        set_session(&session, issuer, lifetime).ok_or(Fault::Internal("a cookie is no header value"))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

fn page(
    server: &AuthorizationServer,
    browser: &Browser,
    progress: &Progress,
    username: String,
    problem: Option<LoginProblem>,
) -> Response {
    let status = match problem {
        None => StatusCode::OK,
        Some(LoginProblem::Throttled { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let page = LoginPage {
        language: Language::default(),
        issuer: server.issuer().host().to_owned(),
        client: Some(ClientIdentity {
            name: progress.client.name().to_owned(),
            redirect_host: progress.request.redirect_uri.host(),
        }),
        interaction: progress.id.expose().to_owned(),
        csrf: browser.csrf(&progress.id).expose().to_owned(),
        username,
        problem,
    };
    html(status, page.render())
}
