use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use countersign_protocol::metadata::GrantType;
use countersign_protocol::parameter::Scope;
use countersign_protocol::reason::Reason;
use countersign_protocol::request::{Presented, RawParameters};
use countersign_storage::interaction;

use super::browser::Browser;
use super::error_page::html;
use super::interact::{Person, Progress, Turn, proceed, resume, turn};
use super::{Stop, answer};
use crate::AuthorizationServer;
use crate::cookies::Cookies;
use crate::form::parse_form;
use crate::pages::{Account, ClientIdentity, ConsentPage, Language, Permission};

/// `GET /consent`: may this client have this? What is shown is what will be granted, to whom it is shown.
pub(crate) async fn show_consent(
    State(server): State<AuthorizationServer>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let browser = Browser::of(Cookies::read(&headers, server.issuer()));
    let shown = show(&server, &browser, query.as_deref().unwrap_or_default()).await;
    shown.unwrap_or_else(|stop| stop.into_page(&server))
}

/// `POST /consent`: the person's decision. Both decisions end the interaction, once (ATK-RED-30).
pub(crate) async fn decide(
    State(server): State<AuthorizationServer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let browser = Browser::of(Cookies::read(&headers, server.issuer()));
    let answer = decision(&server, &browser, &headers, &body).await;
    answer.unwrap_or_else(|stop| stop.into_page(&server))
}

async fn show(server: &AuthorizationServer, browser: &Browser, query: &str) -> Result<Response, Stop> {
    let query = RawParameters::parse(query.as_bytes())?;
    let progress = resume(server, query.get("interaction"), browser).await?;
    let person = match turn(server, &progress, browser).await? {
        Turn::Consent(person) => person,
        _ => return proceed(server, progress, browser).await,
    };
    let attached = interaction::attach_login(
        server.issuer(),
        progress.id.hash(),
        browser.key().hash(),
        &person.login,
        server.now(),
    );
    if attached.commit(server.store()).await?.refused().is_some() {
        return Err(Stop(Reason::InteractionUnknown));
    }
    let mut page = page(server, &progress, &person);
    let token = browser.csrf_of_page(&progress.id, &page.render());
    page.interaction = progress.id.expose().to_owned();
    page.csrf = token.map(|token| token.expose().to_owned()).unwrap_or_default();
    page.switch_account =
        format!("{}?interaction={}&switch=1", server.issuer().endpoint("/login"), progress.id.expose());
    Ok(html(StatusCode::OK, page.render()))
}

async fn decision(
    server: &AuthorizationServer,
    browser: &Browser,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Stop> {
    let form = parse_form(headers, body)?;
    let progress = resume(server, form.get("interaction"), browser).await?;
    let person = match turn(server, &progress, browser).await? {
        Turn::Consent(person) | Turn::Granted(person) => person,
        _ => return Err(Stop(Reason::FormForged)),
    };
    // The page as it would be shown now: only who saw exactly this one has its token.
    let shown = page(server, &progress, &person).render();
    let token = browser.csrf_of_page(&progress.id, &shown);
    if !token.is_some_and(|token| token.matches(form.get("csrf").unwrap_or_default())) {
        return Err(Stop(Reason::FormForged));
    }
    match form.get("decision") {
        Some("allow") => answer::grant(server, progress, browser, *person, shown).await,
        Some("deny") => {
            let declined = answer::Declined { person: *person, shown };
            answer::deny(server, progress, browser, Reason::AccessDenied, Some(declined)).await
        }
        _ => Err(Stop(Reason::FormForged)),
    }
}

/// The page for this person, without the secrets of the form: this is also what is kept as shown.
fn page(server: &AuthorizationServer, progress: &Progress, person: &Person) -> ConsentPage {
    let renewable = progress.client.may_use(GrantType::RefreshToken);
    ConsentPage {
        language: Language::default(),
        issuer: server.issuer().host().to_owned(),
        client: ClientIdentity {
            name: progress.client.name().to_owned(),
            redirect_host: progress.request.redirect_uri.host(),
        },
        account: Account {
            name: person.user.name.clone().unwrap_or_else(|| person.user.username.clone()),
            username: person.user.username.clone(),
        },
        switch_account: String::new(),
        permissions: permissions(server, &progress.request.scope),
        access_seconds: server.settings().lifetimes.access_token,
        renewable_seconds: renewable.then_some(server.settings().lifetimes.refresh_token),
        request_signed: matches!(progress.request.presented, Presented::Signed { .. }),
        answer_signed: progress.request.delivery.signed,
        interaction: String::new(),
        csrf: String::new(),
    }
}

/// Who you are comes first, everything else in the order of its words.
fn permissions(server: &AuthorizationServer, scope: &Scope) -> Vec<Permission> {
    let (identity, others): (Vec<&str>, Vec<&str>) = scope.words().partition(|word| *word == "openid");
    identity.into_iter().chain(others).map(|word| permission(server, word)).collect()
}

/// A scope word in the operator's words; the page knows those of the standard ones.
fn permission(server: &AuthorizationServer, word: &str) -> Permission {
    let known = server.settings().scopes.iter().find(|scope| scope.word == word);
    Permission {
        scope: word.to_owned(),
        words: known.and_then(|scope| scope.meaning.clone()),
        details: Vec::new(),
    }
}
