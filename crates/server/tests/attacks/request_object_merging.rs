//! What stands beside a request object, or instead of it (attacks.md section B, ATK-JAR-72 to ATK-JAR-95).

use countersign_protocol::policy::ProfileName;
use countersign_testkit::house::{Engine, House, Reply};
use countersign_testkit::on_both_databases;
use reqwest::Method;
use serde_json::{Value, json};

use crate::gate::{Gate, Way, assert_refused};

on_both_databases!(
    jar_114_only_what_is_inside_counts,
    what_is_only_outside_is_missing,
    atk_jar_79_and_atk_jar_81_answered_as_asked,
    atk_jar_82_and_atk_jar_83_one_request_once,
    atk_jar_84_to_86_what_must_be_signed_and_pushed,
    atk_jar_90_a_disabled_client,
    atk_jar_91_and_atk_jar_92_text_stays_text,
);

/// A whole flow with parameters beside the object: at PAR and in the URL, or in the URL. Returns the answer.
async fn flow(gate: &Gate<'_>, inside: Value, beside: &[(&str, &str)]) -> Reply {
    let object = gate.party.object(gate.house, inside);
    let mut fields = vec![("request", &*object)];
    fields.extend_from_slice(beside);
    let url = match gate.way {
        Way::ByValue => gate.party.url(gate.house, &fields),
        Way::Pushed => {
            let reply = gate.party.post(gate.house, "/par", &fields).await;
            assert_eq!(reply.status, 201, "{reply}");
            let reference = reply.json()["request_uri"].as_str().unwrap().to_owned();
            let mut fields = vec![("request_uri", &*reference)];
            fields.extend_from_slice(beside);
            gate.party.url(gate.house, &fields)
        }
    };
    gate.house.visitor().agree(&url).await
}

async fn jar_114_only_what_is_inside_counts(engine: Engine) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        let gate = Gate::open(&house, way, &format!("{way:?}").to_lowercase(), json!({})).await;
        let control = flow(&gate, json!({ "state": "inner" }), &[]).await;
        assert_eq!(gate.party.read(&house, &control).await["state"], "inner", "the control");
        for (id, name, value) in [
            ("ATK-JAR-72", "scope", "openid profile email admin"),
            ("ATK-JAR-75", "redirect_uri", "https://evil.example/"),
            ("ATK-JAR-76", "state", "outer"),
            ("ATK-JAR-76", "nonce", "outer"),
            ("ATK-JAR-78", "response_mode", "query"),
            ("ATK-JAR-79", "code_challenge", "outer"),
            ("ATK-JAR-80", "prompt", "none"),
            ("ATK-JAR-80", "max_age", "0"),
            ("ATK-JAR-80", "claims", "{"),
            ("ATK-JAR-80", "acr_values", "gold"),
            ("ATK-JAR-80", "login_hint", "mallory"),
            ("ATK-JAR-80", "id_token_hint", "e30.e30.e30"),
            ("ATK-JAR-80", "authorization_details", "[{\"type\":\"payment\"}]"),
            ("ATK-JAR-80", "resource", "https://evil.example/"),
            ("ATK-JAR-80", "dpop_jkt", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ("JAR-114", "response_type", "code id_token"),
        ] {
            let answer = flow(&gate, json!({ "state": "inner", "nonce": "inner" }), &[(name, value)]).await;
            let place = answer.redirect();
            assert!(place.starts_with(&format!("{}?response=", gate.party.redirect_uri)), "{id}: {answer}");
            assert_eq!(answer.parameter("code"), None, "{id}: nothing plain beside the signed answer");
            let claims = gate.party.read(&house, &answer).await;
            assert_eq!(claims["state"], "inner", "{id} {name}");
            let tokens = gate.party.redeem(&house, claims["code"].as_str().unwrap()).await;
            assert_eq!(tokens.status, 200, "{id} {name}: {tokens}");
            let tokens = tokens.json();
            assert_eq!(tokens["scope"], "openid", "{id} {name}");
            let identity = house.verified(tokens["id_token"].as_str().unwrap()).await;
            assert_eq!(identity["nonce"], "inner", "{id} {name}");
        }
    }
}

async fn what_is_only_outside_is_missing(engine: Engine) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        let gate = Gate::open(&house, way, &format!("{way:?}").to_lowercase(), json!({})).await;

        let answer = flow(&gate, json!({ "state": null }), &[("state", "outer")]).await;
        assert_eq!(gate.party.read(&house, &answer).await["state"], Value::Null, "ATK-JAR-77");

        let answer = flow(&gate, json!({ "scope": null }), &[("scope", "openid")]).await;
        let code = gate.party.code(&house, &answer).await;
        let tokens = gate.party.redeem(&house, &code).await.json();
        assert_eq!(tokens["id_token"], Value::Null, "ATK-JAR-73: no openid, no ID token: {tokens}");

        let object = gate.party.object(&house, json!({ "redirect_uri": null }));
        let beside = [("request", &*object), ("redirect_uri", &*gate.party.redirect_uri)];
        let before = house.census().await;
        let reply = match way {
            Way::ByValue => house.visitor().open(&gate.party.url(&house, &beside)).await,
            Way::Pushed => gate.party.post(&house, "/par", &beside).await,
        };
        assert_refused("ATK-JAR-74/RED-05", &reply, "invalid_request");
        assert!(house.census().await.changed(&before).is_empty(), "ATK-JAR-74");
    }
}

async fn atk_jar_79_and_atk_jar_81_answered_as_asked(engine: Engine) {
    let house = House::open(engine).await;
    let beside = [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")];
    for (id, change, error) in [
        ("ATK-JAR-79/ATK-PKCE-01", json!({ "code_challenge": null }), "invalid_request"),
        ("ATK-JAR-81", json!({ "authorization_details": "[{\"type\":\"payment\"}]" }), "invalid_request"),
        ("JAR-126", json!({ "scope": "openid admin" }), "invalid_scope"),
        ("JAR-126", json!({ "response_type": "token" }), "unsupported_response_type"),
    ] {
        let name = id.to_lowercase().replace('/', "-") + error;
        let gate = Gate::open(&house, Way::ByValue, &format!("v-{name}"), json!({})).await;
        gate.accepts(&format!("the control of {id}"), &gate.honest()).await;
        let object = gate.party.object(&house, change.clone());
        let before = house.census().await;
        let url = gate.party.url(&house, &[("request", &object), beside[0]]);
        let answer = house.visitor().open(&url).await;
        let claims = gate.party.read(&house, &answer).await;
        assert_eq!(claims["error"], error, "{id}: {answer}");
        assert_eq!(claims["code"], Value::Null, "{id}");
        let changed = house.census().await.changed(&before);
        let kept = |table: &&str| table.starts_with("evidence") || *table == "replay";
        assert!(changed.iter().all(kept), "{id}: {changed:?}");
        let again = house.visitor().open(&url).await;
        assert_refused(&format!("JAR-105 after {id}"), &again, "invalid_request_object");

        let gate = Gate::open(&house, Way::Pushed, &format!("p-{name}"), json!({})).await;
        gate.refuses(id, &gate.party.object(&house, change), error).await;
    }
}

async fn atk_jar_82_and_atk_jar_83_one_request_once(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::ByValue, "baseline", json!({})).await;
    let (good, other) = (gate.honest(), gate.honest());
    let bad = other.replace('.', ".A");
    let pushed = gate.party.pushed(&house, json!({})).await;
    let reference = pushed.rsplit_once("request_uri=").unwrap().1;
    let before = house.census().await;
    for (id, query) in [
        ("ATK-JAR-82/JAR-21", format!("request={good}&request_uri={reference}")),
        ("ATK-JAR-82 bad object", format!("request={bad}&request_uri={reference}")),
        ("ATK-JAR-83/JAR-29 good bad", format!("request={good}&request={bad}")),
        ("ATK-JAR-83 bad good", format!("request={bad}&request={good}")),
        ("ATK-JAR-83 the same", format!("request={good}&request={good}")),
    ] {
        let url = format!("{}?client_id=baseline&{query}", house.url("/authorize"));
        assert_refused(id, &house.visitor().open(&url).await, "invalid_request");
    }
    let post = |query: &str, body: &str| {
        let request = house.request(Method::POST, &format!("/authorize?{query}")).body(body.to_owned());
        request.header("content-type", "application/x-www-form-urlencoded")
    };
    let both = post(&format!("request={good}"), &format!("client_id=baseline&request={good}"));
    assert_refused("ATK-JAR-83/JAR-28 query and body", &house.send(both).await, "invalid_request");
    let both = post("client_id=baseline", &format!("client_id=baseline&request={good}"));
    assert_refused("JAR-28 client_id in both", &house.send(both).await, "invalid_request");
    assert!(house.census().await.changed(&before).is_empty(), "ATK-JAR-82: neither was evaluated");

    // A form of another site comes without cookies: it is asked again by GET, and gives the browser no new key.
    let reply = house.send(post("", &format!("client_id=baseline&request={good}"))).await;
    assert!(reply.headers.get("set-cookie").is_none(), "PAR-10: {reply}");
    let again = reply.redirect();
    assert!(again.contains("/authorize?"), "the control, posted (JAR-28): {reply}");
    let reply = house.visitor().open(&again).await;
    assert!(reply.redirect().contains("/login?"), "the control, by GET: {reply}");
    let reply = house.visitor().open(&pushed).await;
    assert!(reply.redirect().contains("/login?"), "the reference of ATK-JAR-82 was not touched: {reply}");
}

async fn atk_jar_84_to_86_what_must_be_signed_and_pushed(engine: Engine) {
    let house = House::open(engine).await;
    let free = house.register("free", ProfileName::Baseline, json!({})).await;
    let reply = house.visitor().open(&free.plain(&house, json!({}))).await;
    assert!(reply.redirect().contains("/login?"), "the control, plain: {reply}");
    let demands = json!({ "require_signed_request_object": true });
    let signs = Gate::open(&house, Way::ByValue, "signs", demands).await;
    signs.accepts("the control, signed", &signs.honest()).await;
    let fapi = Gate::open(&house, Way::Pushed, "fapi", json!({})).await;
    fapi.accepts("the control, pushed", &fapi.honest()).await;
    let push_demand = json!({ "require_pushed_authorization_requests": true });
    let pushes = house.register("pushes", ProfileName::Baseline, push_demand).await;

    let before = house.census().await;
    let plain = |party: &countersign_testkit::house::Party| party.plain(&house, json!({}));
    for (id, url, error) in [
        ("ATK-JAR-84/JAR-101", plain(&signs.party), "invalid_request"),
        ("ATK-JAR-84/ATK-PAR-16", plain(&fapi.party), "invalid_request"),
        ("PAR-14/ATK-PAR-16", plain(&pushes), "invalid_request"),
        ("ATK-JAR-86/ATK-PAR-17", fapi.party.by_value(&house, &fapi.honest()), "invalid_request"),
        (
            "ATK-JAR-86/JAR-32",
            fapi.party.url(&house, &[("request_uri", "https://fapi.example/object")]),
            "request_uri_not_supported",
        ),
        (
            "JAR-43/JAR-131",
            free.url(&house, &[("request_uri", "https://free.example/object")]),
            "request_uri_not_supported",
        ),
        (
            "ATK-URI-21 guess",
            free.url(&house, &[("request_uri", "urn:ietf:params:oauth:request_uri:guess")]),
            "invalid_request_uri",
        ),
        ("ATK-URI-01", free.url(&house, &[("request_uri", "http://127.0.0.1/")]), "invalid_request_uri"),
        ("ATK-URI-02", free.url(&house, &[("request_uri", "file:///etc/passwd")]), "invalid_request_uri"),
    ] {
        assert_refused(id, &house.visitor().open(&url).await, error);
    }
    let claims = signs.party.claims(&house);
    let fields: Vec<(&str, &str)> =
        ["response_type", "redirect_uri", "scope", "code_challenge", "response_mode"]
            .iter()
            .map(|name| (*name, claims[*name].as_str().unwrap()))
            .chain([("code_challenge_method", "S256")])
            .collect();
    let fapi_fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|&(name, value)| (name, if name == "redirect_uri" { &*fapi.party.redirect_uri } else { value }))
        .collect();
    let reply = fapi.party.post(&house, "/par", &fapi_fields).await;
    assert_refused("ATK-JAR-85/JAR-103", &reply, "invalid_request");
    let reply = signs.party.post(&house, "/par", &fields).await;
    assert_refused("ATK-JAR-85/JAR-101", &reply, "invalid_request");
    assert!(house.census().await.changed(&before).is_empty());
}

async fn atk_jar_90_a_disabled_client(engine: Engine) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        let gate = Gate::open(&house, way, &format!("{way:?}").to_lowercase(), json!({})).await;
        gate.accepts("the control of ATK-JAR-90", &gate.honest()).await;
        let url = match way {
            Way::ByValue => gate.party.by_value(&house, &gate.honest()),
            Way::Pushed => gate.party.pushed(&house, json!({})).await,
        };
        let mut visitor = house.visitor();
        let page = visitor.reach_consent(&url).await;
        house.disable(&gate.party).await;
        let before = house.census().await;
        let reply = gate.send(&gate.honest()).await;
        let status = if way == Way::Pushed { 401 } else { 400 };
        assert_eq!((reply.status, reply.error().as_deref()), (status, Some("invalid_client")), "{reply}");
        assert_eq!(reply.location(), None);
        let late = visitor.decide(&page, "allow").await;
        assert_refused("ATK-JAR-90 in the middle of a flow", &late, "invalid_client");
        assert!(house.census().await.changed(&before).is_empty(), "ATK-JAR-90");
    }
}

async fn atk_jar_91_and_atk_jar_92_text_stays_text(engine: Engine) {
    let house = House::open(engine).await;
    let markup = "\"><script>alert(1)</script><b x='";
    let name = json!({ "client_name": markup });
    let gate = Gate::open(&house, Way::ByValue, "markup", name).await;
    let hinted =
        gate.party.object(&house, json!({ "login_hint": markup, "state": markup, "x_name": markup }));
    let mut visitor = house.visitor();
    let login = visitor.walk(&gate.party.by_value(&house, &hinted)).await;
    assert_eq!(login.status, 200, "{login}");
    assert!(login.body.contains("&#34;&#62;&#60;script&#62;"), "ATK-JAR-91: the name is shown, escaped");
    assert!(login.body.contains("name=\"username\""), "the control");
    let consent = visitor.log_in(&login, house.person()).await;
    for page in [&login, &consent] {
        assert!(!page.body.contains("<script") && !page.body.contains("<b x"), "ATK-JAR-91: {}", page.body);
    }
    let answer = visitor.decide(&consent, "allow").await;
    assert_eq!(gate.party.read(&house, &answer).await["state"], markup, "ATK-JARM-53: returned unchanged");

    let plain = gate
        .party
        .object(&house, json!({ "state": "a\r\nSet-Cookie: x=y\r\n\u{2028}", "response_mode": "query" }));
    let answer = house.visitor().agree(&gate.party.by_value(&house, &plain)).await;
    assert_eq!(answer.parameter("state").as_deref(), Some("a\r\nSet-Cookie: x=y\r\n\u{2028}"), "ATK-RED-15");
    assert!(answer.header("set-cookie").is_none_or(|cookies| !cookies.contains("x=y")), "ATK-RED-08");

    let split = gate.party.object(&house, json!({ "login_hint": "ada\r\nSet-Cookie: x=y" }));
    let reply = house.visitor().walk(&gate.party.by_value(&house, &split)).await;
    assert_eq!(reply.status, 200, "ATK-JAR-92: {reply}");
    assert!(reply.header("set-cookie").is_none_or(|cookies| !cookies.contains("x=y")), "ATK-JAR-92");
    let large = Gate::open(&house, Way::Pushed, "large", json!({})).await;
    let hint = large.party.object(&house, json!({ "login_hint": "a".repeat(1 << 20) }));
    assert_eq!(large.send(&hint).await.status, 413, "ATK-JAR-92");
    let ignored = large.party.pushed(&house, json!({ "login_hint": "a".repeat(4096) })).await;
    let page = house.visitor().walk(&ignored).await;
    assert_eq!(page.field("username"), None, "ATK-JAR-92: a long hint is ignored");
    assert!(!page.body.contains(&"a".repeat(4096)));
}
