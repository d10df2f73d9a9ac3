//! The demo's relying party: a small web application that logs people in with signed messages only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use countersign_client::{ClientError, ErrorAnswer, RelyingParty};
use countersign_jose::SystemEntropy;
use countersign_protocol::client::{Begun, PendingLogin, PushRequest, Received, Tokens};
use countersign_protocol::parameter::{Encoding, SessionId};
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;
use countersign_protocol::response::ReceivedResponse;
use countersign_server::pages::{CONTENT_TYPE, asset, page_headers};
use serde_json::{Map, Value};

use super::clock::AdjustableClock;
use super::decoded::{DecodedJwt, members, shortened};
use super::flow::{ANSWER_CHECKS, PUSH_CHECKS};
use super::pages::{
    Check, DEMO_STYLESHEET_PATH, DeniedPage, HomePage, Member, RefusedPage, ResultPage, SignedMessage,
    demo_stylesheet,
};
use super::person::Person;

/// The application: one client, and the logins its browsers wait for.
#[derive(Clone)]
pub(crate) struct DemoApplication(Arc<Inner>);

struct Inner {
    party: RelyingParty,
    clock: AdjustableClock,
    person: Person,
    logins: Mutex<HashMap<String, Login>>,
    finished: Mutex<HashMap<String, Arc<LoggedIn>>>,
}

/// A login of one browser.
#[derive(Clone)]
struct Login {
    /// Answers that come at the same moment are judged one after the other, so that a forged one cannot displace the
    /// honest one (JARM-44).
    pending: Arc<tokio::sync::Mutex<PendingLogin>>,
    push: PushRequest,
}

/// What a login brought.
pub(crate) struct LoggedIn {
    /// The signed request that travelled, with what authenticated it.
    pub(crate) pushed: Pushed,
    /// The signed answer that travelled.
    pub(crate) answer: DecodedJwt,
    /// The tokens.
    pub(crate) tokens: Tokens,
    /// What the server says about the person.
    pub(crate) userinfo: Map<String, Value>,
}

/// What an answer that held came to.
enum Finished {
    /// Somebody is logged in.
    LoggedIn,
    /// The server says no, and signed it.
    Denied { error: String, description: String, answer: Box<DecodedJwt> },
}

/// What the client pushed.
#[derive(Clone)]
pub(crate) struct Pushed {
    /// The request object.
    pub(crate) request: DecodedJwt,
    /// What authenticated the client.
    pub(crate) assertion: DecodedJwt,
    /// What binds the code to a key.
    pub(crate) proof: DecodedJwt,
}

/// The cookie that ties a login to a browser.
pub(crate) const COOKIE: &str = "demo-session";
const NAME: &str = "Harbour Savings";
const ANSWER_TRAVELLED: &str = "in the query of the redirect, through the browser";

impl DemoApplication {
    /// An application that logs in at the party's issuer.
    pub(crate) fn new(party: RelyingParty, person: Person) -> Self {
        let clock = AdjustableClock::default();
        Self(Arc::new(Inner { party, clock, person, logins: Mutex::default(), finished: Mutex::default() }))
    }

    /// The client it is.
    pub(crate) fn party(&self) -> &RelyingParty {
        &self.0.party
    }

    /// Its clock.
    pub(crate) fn clock(&self) -> &AdjustableClock {
        &self.0.clock
    }

    /// Its pages.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/", get(home))
            .route("/start", get(start))
            .route("/callback", get(callback))
            .route("/welcome", get(welcome))
            .route(DEMO_STYLESHEET_PATH, get(|| async { stylesheet() }))
            .route("/assets/{name}", get(server_asset))
            .with_state(self)
    }

    /// Begins a login for a browser: where to send it, and its cookie.
    async fn begin(&self) -> Result<(String, SessionId), ClientError> {
        let now = self.0.clock.now();
        let party = &self.0.party;
        let (own, metadata) = (party.configuration(), party.metadata());
        let begun = Begun::new(own, metadata, &mut SystemEntropy)?;
        let push = begun.push(own, metadata, now, &mut SystemEntropy)?;
        let pushed = begun.pushed(&party.send_push(&push).await?)?;
        let (url, pending) = pushed.redirect(own, metadata);
        let browser = SessionId::generate(&mut SystemEntropy);
        let pending = Arc::new(tokio::sync::Mutex::new(pending));
        self.logins().insert(browser.expose().to_owned(), Login { pending, push });
        Ok((url, browser))
    }

    /// Believes an answer, or does not; a refused one leaves the login waiting (JARM-44, JARM-59).
    async fn finish(&self, browser: &str, query: &str) -> Result<Finished, ClientError> {
        let now = self.0.clock.now();
        let response = ReceivedResponse::parse(query.as_bytes(), Encoding::Query)?;
        let login = self.logins().get(browser).cloned();
        let Login { pending, push } = login.ok_or(Reason::ResponseNotExpected)?;
        let received = self.0.party.receive(&mut *pending.lock().await, &response, now).await?;
        let answer = DecodedJwt::of("authorization response", "the server", &answer_jwt(query));
        let granted = match received {
            Received::Granted(granted) => granted,
            Received::Refused { error, description } => {
                let (description, answer) = (description.unwrap_or_default(), Box::new(answer));
                return Ok(Finished::Denied { error, description, answer });
            }
        };
        let tokens = self.0.party.exchange(granted, now, &mut SystemEntropy).await?;
        let userinfo = self.0.party.userinfo(&tokens, now, &mut SystemEntropy).await?;
        let login = Arc::new(LoggedIn { pushed: Pushed::of(&push), answer, tokens, userinfo });
        lock(&self.0.finished).insert(browser.to_owned(), login);
        Ok(Finished::LoggedIn)
    }

    /// What this browser's login pushed.
    pub(crate) fn pushed(&self, browser: &str) -> Option<Pushed> {
        self.logins().get(browser).map(|login| Pushed::of(&login.push))
    }

    /// What this browser's login brought, once it succeeded.
    pub(crate) fn logged_in(&self, browser: &str) -> Option<Arc<LoggedIn>> {
        lock(&self.0.finished).get(browser).cloned()
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<String, Login>> {
        lock(&self.0.logins)
    }

    fn issuer_host(&self) -> String {
        self.0.party.configuration().issuer.host().to_owned()
    }
}

impl Pushed {
    fn of(push: &PushRequest) -> Self {
        let field =
            |name: &str| push.form.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value);
        Self {
            request: DecodedJwt::of("request object", "the client", field("request")),
            assertion: DecodedJwt::of("client assertion", "the client", field("client_assertion")),
            proof: DecodedJwt::of("DPoP proof", "the key it carries", &push.proof),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The signed answer in a callback's query.
pub(crate) fn answer_jwt(query: &str) -> String {
    let parameters = RawParameters::parse(query.as_bytes()).unwrap_or_default();
    parameters.get("response").unwrap_or_default().to_owned()
}

async fn home(State(demo): State<DemoApplication>) -> Response {
    let Person { username, password, .. } = demo.0.person.clone();
    let issuer = demo.issuer_host();
    let page =
        HomePage { relying_party: NAME.to_owned(), issuer, start: "/start".to_owned(), username, password };
    html(StatusCode::OK, page.render())
}

async fn start(State(demo): State<DemoApplication>) -> Response {
    match demo.begin().await {
        Ok((url, browser)) => {
            let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", browser.expose());
            ([(header::SET_COOKIE, cookie)], Redirect::to(&url)).into_response()
        }
        Err(error) => refused(&demo, &error, None),
    }
}

async fn callback(
    State(demo): State<DemoApplication>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let browser = cookie(&headers).unwrap_or_default();
    match demo.finish(&browser, &query).await {
        // A clean address: the answer does not stay in the history (JARM-65).
        Ok(Finished::LoggedIn) => Redirect::to("/welcome").into_response(),
        Ok(Finished::Denied { error, description, answer }) => denied(&demo, error, description, &answer),
        Err(error) => refused(&demo, &error, Some(&query)),
    }
}

async fn welcome(State(demo): State<DemoApplication>, headers: HeaderMap) -> Response {
    match demo.logged_in(&cookie(&headers).unwrap_or_default()) {
        Some(login) => html(StatusCode::OK, result_page(&demo, &login).render()),
        None => Redirect::to("/").into_response(),
    }
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

fn result_page(demo: &DemoApplication, login: &LoggedIn) -> ResultPage {
    let LoggedIn { pushed, answer, tokens, userinfo } = login;
    let checks = PUSH_CHECKS.iter().chain(ANSWER_CHECKS).map(shown);
    let person = userinfo.get("name").or_else(|| userinfo.get("sub")).and_then(Value::as_str);
    ResultPage {
        relying_party: NAME.to_owned(),
        issuer: demo.issuer_host(),
        person: person.unwrap_or_default().to_owned(),
        request: signed_message(&pushed.request, NAME, "pushed to /par over the back channel"),
        answer: signed_message(answer, &demo.issuer_host(), ANSWER_TRAVELLED),
        checks: checks.collect(),
        tokens: token_members(tokens),
        userinfo: members(userinfo),
        attempts: Vec::new(),
    }
}

/// The page for an answer that held and says no. It is no error of this application: status 200.
fn denied(demo: &DemoApplication, code: String, explanation: String, answer: &DecodedJwt) -> Response {
    let page = DeniedPage {
        relying_party: NAME.to_owned(),
        issuer: demo.issuer_host(),
        code,
        explanation,
        answer: signed_message(answer, &demo.issuer_host(), ANSWER_TRAVELLED),
        checks: ANSWER_CHECKS.iter().map(shown).collect(),
    };
    html(StatusCode::OK, page.render())
}

fn shown(check: &super::report::Check) -> Check {
    Check { requirement: check.rule.to_owned(), by: check.by.to_owned(), held: check.held.to_owned() }
}

fn token_members(tokens: &Tokens) -> Vec<Member> {
    let member = |name: &str, value: &str, meaning: &str| Member {
        name: name.to_owned(),
        value: shortened(value, 24),
        meaning: meaning.to_owned(),
    };
    let seconds = tokens.expires_in.map(|seconds| seconds.to_string()).unwrap_or_default();
    let mut list = vec![
        member("access_token", &tokens.access_token, "of use only together with the key it is bound to"),
        member("expires_in", &seconds, "seconds"),
        member("scope", tokens.scope.as_deref().unwrap_or_default(), "granted"),
    ];
    list.extend(tokens.id_token.as_deref().map(|token| member("id_token", token, "who logged in")));
    list.extend(
        tokens.refresh_token.as_deref().map(|token| member("refresh_token", token, "to get another")),
    );
    list
}

fn signed_message(jwt: &DecodedJwt, signer: &str, travelled: &str) -> SignedMessage {
    let header = |name: &str| jwt.header.get(name).and_then(Value::as_str).unwrap_or_default();
    SignedMessage {
        kind: jwt.kind.to_owned(),
        signer: signer.to_owned(),
        travelled: format!("{travelled}, {} bytes", jwt.compact.len()),
        header: members(&jwt.header),
        claims: members(&jwt.claims),
        signature: format!("{} by key {}, held", header("alg"), shortened(header("kid"), 8)),
        signature_holds: true,
        compact: jwt.parts(),
    }
}

/// The page for a refused answer; the text of an unverified one is never shown (JARM-44).
fn refused(demo: &DemoApplication, error: &ClientError, query: Option<&str>) -> Response {
    let (code, explanation) = match error {
        ClientError::Answered(ErrorAnswer { error, description, .. }) => {
            (error.clone().unwrap_or_default(), description.clone().unwrap_or_default())
        }
        ClientError::Refused(reason) => ("refused by the client".to_owned(), reason.wrong().to_owned()),
        other => ("refused by the client".to_owned(), other.to_string()),
    };
    tracing::info!(code, explanation, answered = query.is_some(), "the client refused");
    let rule = error.reason();
    let text = |part: Option<&'static str>| part.unwrap_or("-").to_owned();
    let page = RefusedPage {
        relying_party: NAME.to_owned(),
        issuer: demo.issuer_host(),
        code,
        explanation,
        requirement: text(rule.map(Reason::rule)),
        section: text(rule.map(Reason::section)),
        would_pass: text(rule.map(Reason::passes)),
        answer: None,
    };
    html(StatusCode::BAD_REQUEST, page.render())
}

async fn server_asset(axum::extract::Path(name): axum::extract::Path<String>) -> Response {
    match asset(&format!("/assets/{name}")) {
        Some(found) => ([(header::CONTENT_TYPE, found.content_type)], found.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn stylesheet() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], demo_stylesheet()).into_response()
}

fn html(status: StatusCode, body: String) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response();
    for (name, value) in page_headers() {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
