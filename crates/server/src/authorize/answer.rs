use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_evidence::decision::{Decision, Outcome as DecisionOutcome};
use countersign_jose::{Entropy, SystemEntropy, base64url};
use countersign_protocol::parameter::{AuthorizationCode, Encoding, Scope, TransactionId};
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::rejection::ReturnAddress;
use countersign_protocol::request::Presented;
use countersign_protocol::response::{Answer, AuthorizationResponse, Outcome as Decided};
use countersign_storage::interaction::Ending;
use countersign_storage::{
    Outcome, Statement, Unit, authorization_code, consent, interaction, pushed_request, replay,
};

use super::Stop;
use super::browser::Browser;
use super::interact::{Person, Progress, consented, refused_opening, see_other};
use super::keep::{self, Kept};
use super::resolve::Refused;
use crate::AuthorizationServer;
use crate::pages::{CONTENT_TYPE, ClientIdentity, FormPostPage, Language};
use crate::refusal::{Fault, Refused as RefusedReason};

/// A person's refusal: who refused, and what they were shown.
pub(super) struct Declined {
    pub(super) person: Person,
    pub(super) shown: String,
}

/// The person agreed: remembers the consent and answers with a code.
pub(super) async fn grant(
    server: &AuthorizationServer,
    progress: Progress,
    browser: &Browser,
    person: Person,
    shown: String,
) -> Result<Response, Stop> {
    let granted = Granted { person, shown: Some(shown), outcome: DecisionOutcome::Granted };
    answer_with_code(server, progress, browser, granted).await
}

/// The person agreed before: answers with a code without asking again.
pub(super) async fn grant_silently(
    server: &AuthorizationServer,
    progress: Progress,
    browser: &Browser,
    person: Person,
) -> Result<Response, Stop> {
    let granted = Granted { person, shown: None, outcome: DecisionOutcome::GrantedBefore };
    answer_with_code(server, progress, browser, granted).await
}

struct Granted {
    person: Person,
    shown: Option<String>,
    outcome: DecisionOutcome,
}

async fn answer_with_code(
    server: &AuthorizationServer,
    progress: Progress,
    browser: &Browser,
    granted: Granted,
) -> Result<Response, Stop> {
    let code = AuthorizationCode::generate(&mut SystemEntropy);
    let address = ReturnAddress::of(&progress.request, &progress.client)?;
    let issued = issue(server, &progress, &granted.person, &code);
    let answer = encode(server, &progress.client, address, Decided::Code(code))?;
    let decision =
        decision(&progress, Some(&granted.person), granted.outcome, progress.request.scope.clone());
    let kept =
        Kept { progress: &progress, decision: &decision, shown: granted.shown.as_deref(), answer: &answer };
    let evidence = keep::flow(server, &kept).await?;
    let remembered = match granted.shown {
        Some(_) => Some(remember(server, &progress, &granted.person).await?),
        None => None,
    };
    let attached = granted.shown.is_none().then(|| attach(server, &progress, browser, &granted.person));
    let unit = Unit::new()
        .then_all(attached.flatten())
        .then_all(finish(server, &progress, browser, Ending::Granted(&granted.person.login)))
        .then(issued)
        .then_all(remembered)
        .then_all(evidence);
    commit(server, unit).await?;
    tracing::info!(client_id = %progress.client.id(), transaction = %progress.stored.transaction_id, "granted");
    deliver(server, &progress.client, &answer)
}

/// The request is refused, by the person or by a rule: the client is told, as signed as a success (JARM-76).
pub(super) async fn deny(
    server: &AuthorizationServer,
    progress: Progress,
    browser: &Browser,
    reason: Reason,
    declined: Option<Declined>,
) -> Result<Response, Stop> {
    let address = ReturnAddress::of(&progress.request, &progress.client)?;
    let answer = encode(server, &progress.client, address, Decided::Refused(reason))?;
    let (person, shown) = declined.map(|declined| (declined.person, declined.shown)).unzip();
    let outcome = if person.is_some() { DecisionOutcome::Denied } else { DecisionOutcome::Refused };
    let decision = decision(&progress, person.as_ref(), outcome, Scope::default());
    let kept = Kept { progress: &progress, decision: &decision, shown: shown.as_deref(), answer: &answer };
    let nobody_signed = matches!(progress.request.presented, Presented::Plain { .. });
    let unasked = nobody_signed && !progress.request.facts.pushed_request && !progress.is_stored();
    let evidence = if unasked { Vec::new() } else { keep::flow(server, &kept).await? };
    let unit = Unit::new().then_all(finish(server, &progress, browser, Ending::Refused)).then_all(evidence);
    commit(server, unit).await?;
    mark(deliver(server, &progress.client, &answer)?, reason)
}

/// A request that does not hold, from a client that can be told (JAR-126): no interaction, nothing but the answer.
///
/// A signed one is spent with it, and kept: the same object is not answered twice (JAR-105).
pub(super) async fn refuse(server: &AuthorizationServer, refused: Refused) -> Result<Response, Stop> {
    let Refused { client, address, reason, presented } = refused;
    let answer = encode(server, &client, address, Decided::Refused(reason))?;
    if let Some(signed) = presented {
        let transaction = TransactionId::generate(server.now(), &mut SystemEntropy);
        let spent = replay::spend(server.issuer(), &signed.replay, server.now());
        let evidence = keep::refusal(server, &client, &transaction, &signed, reason, &answer)?;
        commit(server, Unit::new().then(spent).then_all(evidence)).await?;
    }
    mark(deliver(server, &client, &answer)?, reason)
}

/// Everything that makes the flow single use, in one place: the object, the pushed reference, the interaction.
///
/// An interaction that no page ever showed is not stored at all: spending what the request came with is enough.
fn finish(
    server: &AuthorizationServer,
    progress: &Progress,
    browser: &Browser,
    ending: Ending<'_>,
) -> Vec<Statement> {
    let (issuer, now, id) = (server.issuer(), server.now(), progress.id.hash());
    let spent = progress.stored.replay.as_ref().map(|key| replay::spend(issuer, key, now));
    let consumed = progress
        .stored
        .pushed_reference
        .map(|reference| pushed_request::consume(issuer, progress.client.id(), reference, id, now));
    let completed =
        progress.is_stored().then(|| interaction::complete(issuer, id, browser.key().hash(), ending, now));
    spent.into_iter().chain(consumed).chain(completed).collect()
}

/// Where no consent page tied a person to a stored interaction, the session of this moment does.
fn attach(
    server: &AuthorizationServer,
    progress: &Progress,
    browser: &Browser,
    person: &Person,
) -> Option<Statement> {
    let (id, key, now) = (progress.id.hash(), browser.key().hash(), server.now());
    progress.is_stored().then(|| interaction::attach_login(server.issuer(), id, key, &person.login, now))
}

/// The code's row: what the code is bound to (CODE-03).
fn issue(
    server: &AuthorizationServer,
    progress: &Progress,
    person: &Person,
    code: &AuthorizationCode,
) -> Statement {
    let now = server.now();
    let request = &progress.request;
    let expires_at = now.plus(progress.client.profile().code_lifetime);
    let row = authorization_code::AuthorizationCode {
        client_id: progress.client.id().clone(),
        transaction_id: progress.stored.transaction_id.clone(),
        subject: person.user.subject.clone(),
        redirect_uri: request.redirect_uri.to_string(),
        code_challenge: Some(request.code_challenge.to_string()),
        dpop_jkt: request.dpop_jkt.map(|key| key.to_string()),
        scope: request.scope.to_string(),
        nonce: request.nonce.as_ref().map(ToString::to_string),
        auth_time: person.session.authenticated_at,
        session: Some(person.login.session),
        granted: String::new(),
        issued_at: now,
        expires_at,
    };
    authorization_code::issue(server.issuer(), code.hash(), &row, expires_at.plus(600))
}

/// What was granted now stands beside what was granted before: agreeing to less takes nothing back (IDT-07).
async fn remember(
    server: &AuthorizationServer,
    progress: &Progress,
    person: &Person,
) -> Result<Statement, Stop> {
    let before = consented(server, progress, person).await?.unwrap_or_default();
    let scopes = before.union(&progress.request.scope).to_string();
    let granted = consent::Consent { scopes, granted_at: server.now() };
    Ok(consent::remember(server.issuer(), &person.user.subject, progress.client.id(), &granted))
}

fn decision(
    progress: &Progress,
    person: Option<&Person>,
    outcome: DecisionOutcome,
    scope: Scope,
) -> Decision {
    let transaction = progress.stored.transaction_id.clone();
    let mut decision = Decision::new(transaction, progress.client.id().clone(), outcome, scope);
    decision.subject = person.map(|person| person.user.subject.clone());
    decision.authenticated_at = person.map(|person| person.session.authenticated_at);
    decision
}

/// Countersigns: success and error through the one encoder, with the algorithm of this client (JARM-29).
fn encode(
    server: &AuthorizationServer,
    client: &Client,
    address: ReturnAddress,
    outcome: Decided,
) -> Result<Answer, Stop> {
    let signer = server.keys().signer(client.response_algorithm())?;
    let lifetime = server.settings().lifetimes.answer;
    let response = AuthorizationResponse::new(address, outcome);
    let answer = response.encode(server.issuer(), client.id(), signer.as_ref(), server.now(), lifetime);
    Ok(answer.map_err(Fault::from)?)
}

async fn commit(server: &AuthorizationServer, unit: Unit) -> Result<(), Stop> {
    match unit.commit(server.store()).await? {
        Outcome::Committed(_) => Ok(()),
        Outcome::Refused(statement) => Err(refused_opening(statement)),
    }
}

/// Sends the answer on its way: a redirect, or a form that posts itself (JARM-07..11, JARM-70).
fn deliver(server: &AuthorizationServer, client: &Client, answer: &Answer) -> Result<Response, Stop> {
    match answer.delivery().encoding {
        Encoding::Query | Encoding::Fragment => see_other(&answer.location()),
        Encoding::FormPost => form_post(server, client, answer),
    }
}

fn form_post(server: &AuthorizationServer, client: &Client, answer: &Answer) -> Result<Response, Stop> {
    let mut random = [0; 16];
    SystemEntropy.fill(&mut random);
    let page = FormPostPage {
        language: Language::default(),
        issuer: server.issuer().host().to_owned(),
        client: ClientIdentity {
            name: client.name().to_owned(),
            redirect_host: answer.redirect_uri().host(),
        },
        action: answer.redirect_uri().to_string(),
        parameters: answer
            .parameters()
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        nonce: base64url::encode(random),
    };
    let mut response =
        (StatusCode::OK, [(header::CONTENT_TYPE, CONTENT_TYPE)], page.render()).into_response();
    for (name, value) in page.headers() {
        let value =
            HeaderValue::try_from(value).map_err(|_| Fault::Internal("a header of the form_post page"))?;
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(response)
}

fn mark(mut response: Response, reason: Reason) -> Result<Response, Stop> {
    response.extensions_mut().insert(RefusedReason(reason));
    Ok(response)
}
