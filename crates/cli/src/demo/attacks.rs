//! An attacker against the running server and client: each attempt says who refused it, by which rule.

use anyhow::{Context, Result};
use countersign_client::{ClientError, ErrorAnswer};
use countersign_jose::{Algorithm, Signer, SigningKey, SystemEntropy, base64url, jws};
use countersign_protocol::client::{Begun, Granted, PushRequest, Received};
use countersign_protocol::parameter::Encoding;
use countersign_protocol::response::ReceivedResponse;
use serde_json::{Value, json};
use url::Url;

use super::decoded::DecodedJwt;
use super::flow::{Flow, answer_url};
use super::house::House;
use super::relying_party::{COOKIE, answer_jwt};
use super::report::Attack;
use super::scripted_browser::ScriptedBrowser;

/// What was seen when an attack was tried.
struct Seen {
    refused_by: &'static str,
    rule: String,
    answer: String,
}

/// Tries everything; `print` is called with each attempt as it was made.
pub(crate) async fn run(
    house: &House,
    flow: &Flow,
    print: &mut dyn FnMut(&Attack) -> Result<()>,
) -> Result<Vec<Attack>> {
    let mut attacks = Vec::new();
    let mut record = |attack: Attack| -> Result<()> {
        print(&attack)?;
        attacks.push(attack);
        Ok(())
    };
    record(tampered_request(house).await?)?;
    record(outer_parameter(house).await?)?;
    record(replayed_request(house).await?)?;
    record(replayed_request_uri(house, flow).await?)?;
    record(swapped_code(house).await?)?;
    for attack in forged_answers(house).await? {
        record(attack)?;
    }
    Ok(attacks)
}

/// ATK-JAR-02: the redirect URI inside the object is changed, the signature kept.
async fn tampered_request(house: &House) -> Result<Attack> {
    let (_, mut push) = prepare(house)?;
    let request = field_mut(&mut push, "request")?;
    *request = tampered(request, "redirect_uri", "https://attacker.example/callback");
    let seen = push_refused(house, &push).await?;
    Ok(attack("ATK-JAR-02", "a request object with another redirect_uri inside", "JAR-51", seen))
}

/// ATK-PAR-15: parameters beside the request_uri. They are not refused but ignored, so a whole flow is run.
async fn outer_parameter(house: &House) -> Result<Attack> {
    let (url, mut pending) = house.party().begin(house.now(), &mut SystemEntropy).await?;
    let state = pending.state().clone();
    let url = format!(
        "{url}&redirect_uri=https%3A%2F%2Fattacker.example%2F&state=evil&scope=openid+admin&response_mode=query"
    );
    let mut browser = house.browser()?;
    let callback = answer_url(house, &mut browser, &url).await?;
    let jwt = DecodedJwt::of("answer", "the server", &answer_jwt(query(&callback)));
    let response = ReceivedResponse::parse(query(&callback).as_bytes(), Encoding::Query)?;
    let received = house.party().receive(&mut pending, &response, house.now()).await;
    let ignored = callback.starts_with(&house.callback())
        && jwt.claim("state") == state.as_str()
        && matches!(received, Ok(Received::Granted(_)));
    let seen = Seen {
        refused_by: "server",
        rule: if ignored { "JAR-114".to_owned() } else { "-".to_owned() },
        answer:
            "ignored: the answer went to the registered address, signed, with the state of the signed request"
                .to_owned(),
    };
    Ok(attack(
        "ATK-PAR-15",
        "redirect_uri, state, scope and response_mode added outside the signed request",
        "JAR-114",
        seen,
    ))
}

/// ATK-JAR-57: the same object again, with fresh client authentication.
async fn replayed_request(house: &House) -> Result<Attack> {
    let (begun, first) = prepare(house)?;
    begun.pushed(&house.party().send_push(&first).await?)?;
    let (_, mut second) = prepare(house)?;
    let captured = first.form.iter().find(|(name, _)| *name == "request").map(|(_, jwt)| jwt.clone());
    *field_mut(&mut second, "request")? = captured.context("no request object was pushed")?;
    let seen = push_refused(house, &second).await?;
    Ok(attack("ATK-JAR-57", "a captured request object pushed again", "JAR-105", seen))
}

/// ATK-PAR-09: the request_uri of a finished flow.
async fn replayed_request_uri(house: &House, flow: &Flow) -> Result<Attack> {
    let mut browser = house.browser()?;
    let page = browser.get(&flow.authorization_url).await?;
    let refused = page.status == 400 && page.location.is_none();
    let rule = page.text("error-rule").filter(|_| refused).unwrap_or_default();
    let answer = format!("page {} {}", page.status.as_u16(), page.text("error-code").unwrap_or_default());
    Ok(attack(
        "ATK-PAR-09",
        "the request_uri of the finished login used again",
        "JAR-44",
        Seen { refused_by: "server", rule, answer },
    ))
}

/// ATK-PKCE-09: the attacker's own code in the victim's login.
async fn swapped_code(house: &House) -> Result<Attack> {
    let victim = granted(house).await?;
    let attacker = granted(house).await?;
    let (own, metadata) = (house.party().configuration(), house.party().metadata());
    let mut request = victim.exchange(own, metadata, house.now(), &mut SystemEntropy)?;
    let stolen = attacker.exchange(own, metadata, house.now(), &mut SystemEntropy)?;
    let code = stolen.form.iter().find(|(name, _)| *name == "code").map(|(_, code)| code.clone());
    let place = request.form.iter_mut().find(|(name, _)| *name == "code").context("no code")?;
    place.1 = code.context("no code")?;
    let refused = house.party().send_token_form(&request).await.err();
    Ok(attack("ATK-PKCE-09", "the code of another login put into this one", "PKCE-05", server_seen(refused)))
}

/// Everything that can be brought to the callback instead of the honest answer. The login must survive all of it.
async fn forged_answers(house: &House) -> Result<Vec<Attack>> {
    let mut browser = house.browser()?;
    let url = browser.get(&house.application_url("/start")).await?.redirect()?.to_owned();
    let honest = answer_url(house, &mut browser, &url).await?;
    let jwt = DecodedJwt::of("answer", "the server", &answer_jwt(query(&honest)));
    let state = jwt.claim("state").to_owned();
    let forge = Forge::new(&jwt)?;
    let mut attacks = Vec::new();
    for (case, tried, expected, forged) in [
        (
            "ATK-JARM-09",
            "an answer with a code of the attacker's, signed with the attacker's key",
            "JARM-50",
            response(&forge.sign(json!({ "code": "stolen" }))?),
        ),
        (
            "ATK-JARM-10",
            "an answer of another issuer, validly signed by that issuer",
            "JARM-47",
            response(&forge.sign(json!({ "iss": "https://other.example" }))?),
        ),
        (
            "ATK-JARM-02",
            "a plain code beside the honest signed answer",
            "JARM-43",
            format!("{}&code=stolen&state={state}", query(&honest)),
        ),
        (
            "ATK-JARM-24",
            "a plain error=access_denied instead of an answer",
            "JARM-44",
            format!("error=access_denied&state={state}"),
        ),
        (
            "ATK-JARM-25",
            "a signed error, forged with the attacker's key",
            "JARM-50",
            response(&forge.sign_error()?),
        ),
    ] {
        let seen = callback_refused(house, &mut browser, &forged).await?;
        attacks.push(attack(case, tried, expected, seen));
    }
    let mut stranger = house.browser()?;
    let seen = callback_refused(house, &mut stranger, query(&honest)).await?;
    attacks.push(attack("ATK-JARM-18", "the honest answer, delivered to another browser", "JARM-42", seen));
    attacks.push(expired_answer(house, &mut browser, &honest).await?);
    attacks.push(replayed_answer(house, &mut browser, &honest).await?);
    Ok(attacks)
}

/// ATK-JARM-13: the honest answer, ten minutes late by the client's clock.
async fn expired_answer(house: &House, browser: &mut ScriptedBrowser, honest: &str) -> Result<Attack> {
    house.application().clock().set_ahead(600);
    let seen = callback_refused(house, browser, query(honest)).await;
    house.application().clock().set_ahead(0);
    Ok(attack("ATK-JARM-13", "the honest answer, delivered ten minutes late", "JARM-49", seen?))
}

/// ATK-JARM-16: the honest answer is still accepted after all that, and then never again.
async fn replayed_answer(house: &House, browser: &mut ScriptedBrowser, honest: &str) -> Result<Attack> {
    let accepted = browser.get(honest).await?;
    let cookie = browser.cookie(COOKIE).unwrap_or_default().to_owned();
    let survived =
        accepted.location.as_deref() == Some("/welcome") && house.application().logged_in(&cookie).is_some();
    let mut seen = callback_refused(house, browser, query(honest)).await?;
    if !survived {
        seen.rule = "-".to_owned();
        seen.answer = "the honest answer was not accepted any more".to_owned();
    }
    Ok(attack(
        "ATK-JARM-16",
        "the honest answer, accepted once after all of these, delivered a second time",
        "JARM-54",
        seen,
    ))
}

/// An attacker who knows everything about an answer but the server's private key.
struct Forge {
    key: SigningKey,
    claims: serde_json::Map<String, Value>,
}

impl Forge {
    fn new(honest: &DecodedJwt) -> Result<Self> {
        let kid = honest.header.get("kid").and_then(Value::as_str).unwrap_or_default();
        let key = SigningKey::generate(Algorithm::ES256)?.with_key_id(kid);
        Ok(Self { key, claims: honest.claims.clone() })
    }

    fn sign(&self, changes: Value) -> Result<String> {
        let mut claims = self.claims.clone();
        claims.extend(changes.as_object().cloned().unwrap_or_default());
        Ok(jws::sign(&self.key as &dyn Signer, Some("JWT"), &claims)?)
    }

    fn sign_error(&self) -> Result<String> {
        let mut claims = self.claims.clone();
        claims.remove("code");
        claims.insert("error".to_owned(), json!("access_denied"));
        Ok(jws::sign(&self.key as &dyn Signer, Some("JWT"), &claims)?)
    }
}

async fn granted(house: &House) -> Result<Granted> {
    let (url, mut pending) = house.party().begin(house.now(), &mut SystemEntropy).await?;
    let mut browser = house.browser()?;
    let callback = answer_url(house, &mut browser, &url).await?;
    let response = ReceivedResponse::parse(query(&callback).as_bytes(), Encoding::Query)?;
    match house.party().receive(&mut pending, &response, house.now()).await? {
        Received::Granted(granted) => Ok(granted),
        Received::Refused { error, .. } => anyhow::bail!("the login was refused: {error}"),
    }
}

/// A login that is begun and signed, and not sent.
fn prepare(house: &House) -> Result<(Begun, PushRequest)> {
    let (own, metadata) = (house.party().configuration(), house.party().metadata());
    let begun = Begun::new(own, metadata, &mut SystemEntropy)?;
    let push = begun.push(own, metadata, house.now(), &mut SystemEntropy)?;
    Ok((begun, push))
}

async fn push_refused(house: &House, push: &PushRequest) -> Result<Seen> {
    Ok(server_seen(house.party().send_push(push).await.err()))
}

async fn callback_refused(house: &House, browser: &mut ScriptedBrowser, query: &str) -> Result<Seen> {
    let page = browser.get(&format!("{}?{query}", house.callback())).await?;
    let rule = page.text("error-rule").filter(|_| page.status == 400).unwrap_or_default();
    Ok(Seen {
        refused_by: "client",
        rule,
        answer: format!("page {}, nothing of it was acted on", page.status.as_u16()),
    })
}

/// What the server said; the rule stands in its own description.
fn server_seen(refused: Option<ClientError>) -> Seen {
    let Some(ClientError::Answered(ErrorAnswer { status, error, description })) = refused else {
        let answer = if refused.is_some() { "no answer" } else { "accepted" };
        return Seen { refused_by: "other side", rule: String::new(), answer: answer.to_owned() };
    };
    let description = description.unwrap_or_default();
    let rule = description.rsplit_once('(').and_then(|(_, rest)| rest.split_once(',')).map(|(rule, _)| rule);
    let answer = format!("{status} {}", error.unwrap_or_default());
    Seen { refused_by: "server", rule: rule.unwrap_or_default().to_owned(), answer }
}

fn attack(case: &'static str, tried: &'static str, expected: &str, seen: Seen) -> Attack {
    let Seen { refused_by, rule, answer } = seen;
    let held = rule == expected;
    Attack { case, tried, refused_by, rule, answer, held }
}

fn field_mut<'a>(push: &'a mut PushRequest, name: &str) -> Result<&'a mut String> {
    let field = push.form.iter_mut().find(|(own, _)| *own == name);
    field.map(|(_, value)| value).with_context(|| format!("the form has no {name}"))
}

/// The token with one claim changed and everything else, the signature too, as it was.
fn tampered(compact: &str, claim: &str, value: &str) -> String {
    let [header, payload, signature] = DecodedJwt::of("", "", compact).parts();
    let mut claims: serde_json::Map<String, Value> =
        serde_json::from_slice(&base64url::decode(&payload).unwrap_or_default()).unwrap_or_default();
    claims.insert(claim.to_owned(), json!(value));
    let payload = base64url::encode(Value::Object(claims).to_string());
    format!("{header}.{payload}.{signature}")
}

fn response(jwt: &str) -> String {
    format!("response={jwt}")
}

fn query(url: &str) -> &str {
    Url::parse(url).ok().and(url.split_once('?')).map_or("", |(_, query)| query)
}
