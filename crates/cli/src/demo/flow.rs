//! One login from the first message to the last, over real HTTP, with a scripted person at the browser.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use countersign_protocol::policy::ProfileName;

use super::decoded::DecodedJwt;
use super::house::House;
use super::relying_party::{COOKIE, LoggedIn};
use super::report::{Check, Step};
use super::scripted_browser::ScriptedBrowser;

const fn check(rule: &'static str, by: &'static str, held: &'static str) -> Check {
    Check { rule, by, held }
}

const DISCOVERY_CHECKS: &[Check] = &[
    check("META-03", "client", "the metadata names the configured issuer"),
    check("JARM-85", "client", "signed answers, PAR, PKCE and DPoP are offered; there is no fall-back"),
];

/// What the server checks before it accepts a pushed request, in its order.
pub(crate) const PUSH_CHECKS: &[Check] = &[
    check("CAUTH-10", "server", "the client assertion is signed with a registered key"),
    check("CAUTH-08", "server", "it is meant for this issuer and nobody else"),
    check("CAUTH-13", "server", "its jti was never used before"),
    check("DPOP-02", "server", "the DPoP proof holds for this method and address"),
    check("JAR-49", "server", "the request object's algorithm is one the client may use"),
    check("JAR-51", "server", "its signature holds under a registered key of the client"),
    check("JAR-53", "server", "client_id is the same inside and outside"),
    check("JAR-55", "server", "aud is this issuer"),
    check("JAR-57", "server", "nbf and exp hold, and lie at most an hour apart"),
    check("JAR-105", "server", "the object was never used before"),
    check("RED-01", "server", "redirect_uri is registered, to the letter"),
    check("PKCE-01", "server", "a code challenge with S256 is bound to the request"),
    check("JARM-12", "server", "a signed answer was asked for"),
];

const BROWSER_CHECKS: &[Check] = &[
    check("PAR-08", "server", "the request_uri belongs to this client"),
    check("PAR-10", "server", "and, from now on, to this browser"),
];

const LOGIN_CHECKS: &[Check] = &[
    check("RED-12", "server", "the form came from the page this server showed"),
    check("ATK-RED-25", "server", "the login got a session id of its own"),
];

const CONSENT_CHECKS: &[Check] = &[
    check("JAR-114", "server", "what was shown came from inside the signed request only"),
    check("PAR-10", "server", "the request_uri is spent"),
];

/// What the client checks before it believes an answer, in its order.
pub(crate) const ANSWER_CHECKS: &[Check] = &[
    check("JARM-43", "client", "exactly one response parameter came, and nothing beside it"),
    check("JARM-47", "client", "iss is the server this login was sent to"),
    check("JARM-48", "client", "aud is this client"),
    check("JARM-49", "client", "the answer has not expired"),
    check("JARM-50", "client", "its signature holds under a published key of that server"),
    check("JARM-51", "client", "it is an authorization response and no other kind of JWT"),
    check("JARM-52", "client", "state is the one that was sent"),
    check("JARM-54", "client", "this login was not answered before"),
];

const TOKEN_CHECKS: &[Check] = &[
    check("CODE-04", "server", "the code was never redeemed before"),
    check("PKCE-05", "server", "the code verifier belongs to the code"),
    check("DPOP-15", "server", "the proof is signed with the key the request named"),
    check("IDT-05", "client", "the ID token is signed, for this client, with this login's nonce"),
    check("SCT-06", "client", "the access token is bound to the client's key"),
];

const USERINFO_CHECKS: &[Check] = &[
    check("DPOP-14", "server", "the token came with a proof of the key it is bound to"),
    check("UI-04", "client", "userinfo speaks of the person of the ID token"),
];

/// A flow that succeeded.
pub(crate) struct Flow {
    /// Its steps.
    pub(crate) steps: Vec<Step>,
    /// What it brought.
    pub(crate) login: Arc<LoggedIn>,
    /// The authorization address it used, to be tried again.
    pub(crate) authorization_url: String,
}

/// Logs the demo's person in, step by step; `print` is called with each step as it happened.
pub(crate) async fn run(house: &House, print: &mut dyn FnMut(&Step) -> Result<()>) -> Result<Flow> {
    let mut steps = Vec::new();
    let mut browser = house.browser()?;
    let mut record = |step: Step| -> Result<()> {
        print(&step)?;
        steps.push(step);
        Ok(())
    };
    record(discovery(house))?;

    let url = browser.get(&house.application_url("/start")).await?.redirect()?.to_owned();
    let cookie = browser.cookie(COOKIE).context("the relying party set no cookie")?.to_owned();
    record(push(house, &cookie)?)?;

    let login_url = browser.get(&url).await?.redirect()?.to_owned();
    record(step(
        "authorize",
        "browser → server",
        "The browser brings client_id and request_uri, nothing else",
        BROWSER_CHECKS,
    ))?;

    let consent_url = log_in(house, &mut browser, &login_url).await?;
    record(step("login", "person → server", "The person logs in", LOGIN_CHECKS))?;

    let callback = consent(house, &mut browser, &consent_url).await?;
    record(step(
        "consent",
        "person → server",
        "The person sees who asks, for what, where the answer goes, and allows it",
        CONSENT_CHECKS,
    ))?;

    let page = browser.get(&callback).await?;
    let Some(login) = house.application().logged_in(&cookie) else {
        bail!(
            "the relying party refused the answer: {} {}",
            page.status,
            page.text("error-rule").unwrap_or_default()
        );
    };
    let mut answer = step(
        "answer",
        "server → browser → client",
        "The server countersigns its answer; the client checks it",
        ANSWER_CHECKS,
    );
    answer.messages.push(login.answer.clone());
    record(answer)?;
    record(tokens(&login))?;
    record(userinfo(&login))?;
    Ok(Flow { steps, login, authorization_url: url })
}

/// Brings a browser from an authorization address to the answer: logs in, allows, and stops before the callback.
pub(crate) async fn answer_url(house: &House, browser: &mut ScriptedBrowser, url: &str) -> Result<String> {
    let next = browser.get(url).await?.redirect()?.to_owned();
    if next.starts_with(&house.callback()) {
        return Ok(next);
    }
    let consent_url = log_in(house, browser, &next).await?;
    let page = browser.get(&consent_url).await?;
    match page.location {
        Some(callback) => Ok(callback),
        None => consent(house, browser, &consent_url).await,
    }
}

fn discovery(house: &House) -> Step {
    let what = format!("The client reads the metadata of {}", house.issuer());
    step("discovery", "client → server", &what, DISCOVERY_CHECKS)
}

fn push(house: &House, cookie: &str) -> Result<Step> {
    let pushed = house.application().pushed(cookie).context("nothing was pushed")?;
    let mut push =
        step("push", "client → server, back channel", "The client pushes its signed request", PUSH_CHECKS);
    push.messages = vec![pushed.request, pushed.assertion, pushed.proof];
    Ok(push)
}

async fn log_in(house: &House, browser: &mut ScriptedBrowser, login_url: &str) -> Result<String> {
    let page = browser.get(login_url).await?;
    let (interaction, csrf) = (page.field("interaction")?, page.field("csrf")?);
    let person = house.person();
    let fields = [
        ("interaction", interaction.as_str()),
        ("csrf", csrf.as_str()),
        ("username", person.username.as_str()),
        ("password", person.password.as_str()),
    ];
    Ok(browser.post(&house.issuer().endpoint("/login"), &fields).await?.redirect()?.to_owned())
}

/// Allows what is asked. Returns where the answer goes.
async fn consent(house: &House, browser: &mut ScriptedBrowser, consent_url: &str) -> Result<String> {
    let page = browser.get(consent_url).await?;
    let (interaction, csrf) = (page.field("interaction")?, page.field("csrf")?);
    let fields = [("interaction", interaction.as_str()), ("csrf", csrf.as_str()), ("decision", "allow")];
    let answered = browser.post(&house.issuer().endpoint("/consent"), &fields).await?;
    Ok(answered.redirect()?.to_owned())
}

fn tokens(login: &LoggedIn) -> Step {
    let mut step = step(
        "token",
        "client → server, back channel",
        "The client redeems the code for tokens",
        TOKEN_CHECKS,
    );
    step.messages.push(DecodedJwt::of("access token", "the server", &login.tokens.access_token));
    step.messages.extend(
        login.tokens.id_token.as_deref().map(|token| DecodedJwt::of("ID token", "the server", token)),
    );
    step
}

fn userinfo(login: &LoggedIn) -> Step {
    let name = login.userinfo.get("name").and_then(serde_json::Value::as_str).unwrap_or("nobody");
    step("userinfo", "client → server", &format!("The client asks who it is: {name}"), USERINFO_CHECKS)
}

fn step(name: &'static str, parties: &'static str, what: &str, checks: &[Check]) -> Step {
    Step { name, parties, what: what.to_owned(), messages: Vec::new(), checks: checks.to_vec() }
}

/// The profile of the demo's client.
pub(crate) const PROFILE: ProfileName = ProfileName::Fapi2MessageSigning;
