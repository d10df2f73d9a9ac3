//! Pushed authorization requests (attacks.md section E; par-pkce-binding.md section 1).

use countersign_protocol::client_auth::ASSERTION_TYPE;
use countersign_protocol::policy::ProfileName;
use countersign_testkit::house::{Engine, House, Party, Reply};
use countersign_testkit::on_both_databases;
use reqwest::Method;
use serde_json::{Value, json};

use crate::gate::{Gate, Way, assert_refused};

on_both_databases!(
    par_06_and_par_07_the_answer,
    par_01_the_message,
    par_02_and_par_03_who_pushes,
    par_05_validated_when_pushed,
    atk_par_08_another_client,
    atk_par_09_used_once,
    atk_par_10_tabs_and_browsers_at_once,
    atk_par_11_and_atk_par_12_prefetch_and_takeover,
    atk_par_13_and_atk_par_24_expiry,
    atk_par_14_guessing,
    atk_par_15_only_the_reference_counts,
    atk_par_18_sizes,
    atk_par_19_changed_after_the_push,
    atk_par_23_credentials_are_not_stored,
);

async fn fapi(house: &House) -> Party {
    house.register("fapi", ProfileName::Fapi2MessageSigning, json!({})).await
}

async fn par_06_and_par_07_the_answer(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let reply = party.push(&house, &party.object(&house, json!({}))).await;
    assert_eq!(reply.status, 201, "PAR-06: {reply}");
    let caching = reply.header("cache-control").unwrap();
    assert!(caching.contains("no-store") && caching.contains("no-cache"), "PAR-06/ATK-PAR-25: {caching}");
    assert!(reply.header("content-type").unwrap().starts_with("application/json"), "PAR-06");
    let lifetime = reply.json()["expires_in"].as_u64().unwrap();
    assert!((30..600).contains(&lifetime), "PAR-09: {lifetime}");
    let reference = reply.json()["request_uri"].as_str().unwrap().to_owned();
    let random = reference.strip_prefix("urn:ietf:params:oauth:request_uri:").expect("PAR-07: the URN");
    assert!(random.len() >= 43, "PAR-07: 256 bits");
    let refused = party.push(&house, "x.y.z").await;
    assert!(refused.header("cache-control").unwrap().contains("no-store"), "ATK-PAR-25: errors too");
    let stored = house.texts("SELECT * FROM pushed_request").await.join("\n");
    assert!(!stored.contains(random), "PAR-07: only a hash is stored");
}

async fn par_01_the_message(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    party.pushed(&house, json!({})).await;
    let before = house.census().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let reply = house.send(house.request(method.clone(), "/par")).await;
        assert_eq!(reply.status, 405, "ATK-PAR-04/PAR-01 {method}");
    }
    for content_type in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
        let object = party.object(&house, json!({}));
        let body = json!({ "client_id": "fapi", "request": object }).to_string();
        let request = house.request(Method::POST, "/par").body(body).header("content-type", content_type);
        assert_refused(&format!("ATK-PAR-05 {content_type}"), &house.send(request).await, "invalid_request");
    }
    let twice = format!("client_id=fapi&client_id=fapi&request={}", party.object(&house, json!({})));
    let request = house.request(Method::POST, "/par").body(twice);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert_refused("JAR-29 at PAR", &house.send(request).await, "invalid_request");
    let reference = [("request_uri", "urn:ietf:params:oauth:request_uri:x")];
    assert_refused("ATK-PAR-01/JAR-27", &party.post(&house, "/par", &reference).await, "invalid_request");
    let object = party.object(&house, json!({}));
    let both = [("request", &*object), reference[0]];
    assert_refused("ATK-PAR-01 beside", &party.post(&house, "/par", &both).await, "invalid_request");
    let inside = party.object(&house, json!({ "request_uri": "https://fapi.example/o" }));
    assert_refused("ATK-PAR-02/JAR-27", &party.push(&house, &inside).await, "invalid_request_object");
    assert!(house.census().await.changed(&before).is_empty());
}

async fn par_02_and_par_03_who_pushes(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let other = house.register("other", ProfileName::Fapi2MessageSigning, json!({})).await;
    party.pushed(&house, json!({})).await;
    other.pushed(&house, json!({})).await;
    let before = house.census().await;
    let object = party.object(&house, json!({}));
    let (assertion, proof) = (party.assertion(&house), party.proof(&house, "/par"));
    let authenticated = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &*assertion)];
    for (id, fields) in [
        ("ATK-PAR-03/PAR-04 none", vec![("client_id", "fapi")]),
        ("ATK-PAR-03 nobody", vec![]),
        ("ATK-PAR-06/PAR-03", [&authenticated[..], &[("client_id", "other")]].concat()),
    ] {
        let fields = [&fields[..], &[("request", &*object)]].concat();
        let reply = house.post("/par", &fields, Some(&proof)).await;
        assert_eq!((reply.status, reply.error().as_deref()), (401, Some("invalid_client")), "{id}: {reply}");
    }
    // PAR-02: authentication comes before everything about the request.
    let reply = house.post("/par", &[("client_id", "fapi"), ("request_uri", "x")], None).await;
    assert_eq!(reply.status, 401, "PAR-02: {reply}");
    let foreign = party.push(&house, &other.object(&house, json!({}))).await;
    assert_refused("ATK-PAR-07/JAR-26", &foreign, "invalid_request_object");
    assert!(house.census().await.changed(&before).is_empty());
    let unnamed = [&authenticated[..], &[("request", &*object)]].concat();
    let reply = house.post("/par", &unnamed, Some(&proof)).await;
    assert_eq!(reply.status, 201, "JAR-22: the assertion names the client: {reply}");
}

async fn par_05_validated_when_pushed(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::Pushed, "fapi", json!({})).await;
    for (id, change, error) in [
        ("ATK-PAR-20/PAR-17", json!({ "redirect_uri": null }), "invalid_request"),
        ("ATK-PAR-21/PAR-16", json!({ "redirect_uri": "https://evil.example/" }), "invalid_request"),
        ("ATK-PAR-22 token", json!({ "response_type": "token" }), "unsupported_response_type"),
        ("ATK-PAR-22/RED-08", json!({ "response_type": "code id_token" }), "unsupported_response_type"),
        ("PAR-05 scope", json!({ "scope": "openid admin" }), "invalid_scope"),
        ("ATK-PKCE-01/PAR-18", json!({ "code_challenge": null }), "invalid_request"),
        ("ATK-PKCE-02", json!({ "code_challenge_method": "plain" }), "invalid_request"),
        ("ATK-PKCE-02 omitted", json!({ "code_challenge_method": null }), "invalid_request"),
        ("ATK-PKCE-03", json!({ "code_challenge": "short" }), "invalid_request"),
        ("JARM-12", json!({ "response_mode": "query" }), "invalid_request"),
        ("JARM-12 none", json!({ "response_mode": null }), "invalid_request"),
        ("JARM-16/ATK-RED-19", json!({ "response_mode": "web_message" }), "invalid_request"),
        ("ATK-POP-13/DPOP-16", json!({ "dpop_jkt": "A".repeat(43) }), "invalid_request"),
        ("JAR-122", json!({ "state": "s".repeat(4096) }), "invalid_request"),
    ] {
        gate.refuses(id, &gate.party.object(&house, change), error).await;
    }
}

async fn atk_par_08_another_client(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let other = house.register("other", ProfileName::Fapi2MessageSigning, json!({})).await;
    let url = party.pushed(&house, json!({})).await;
    let before = house.census().await;
    let stolen = url.replace("client_id=fapi", &format!("client_id={}", other.id));
    assert_refused("ATK-PAR-08/PAR-08", &house.visitor().open(&stolen).await, "invalid_request_uri");
    assert!(house.census().await.changed(&before).is_empty(), "ATK-PAR-08");
    party.code(&house, &house.visitor().agree(&url).await).await;
}

async fn atk_par_09_used_once(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    for decision in ["deny", "allow"] {
        let url = party.pushed(&house, json!({})).await;
        let mut visitor = house.visitor();
        let page = visitor.reach_consent(&url).await;
        let answer = visitor.decide(&page, decision).await;
        assert_eq!(party.read(&house, &answer).await["code"].is_string(), decision == "allow", "the control");
        let before = house.census().await;
        assert_refused("ATK-PAR-09/JARM-78", &visitor.open(&url).await, "invalid_request_uri");
        assert_refused("ATK-PAR-09 elsewhere", &house.visitor().open(&url).await, "invalid_request_uri");
        assert!(house.census().await.changed(&before).is_empty(), "ATK-PAR-09 {decision}");
    }
}

async fn atk_par_10_tabs_and_browsers_at_once(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    // Two tabs of one browser decide at the same moment.
    for round in 0..5 {
        let url = party.pushed(&house, json!({ "prompt": "consent" })).await;
        let mut tab = house.visitor();
        let page = tab.reach_consent(&url).await;
        let mut other_tab = tab.clone();
        let codes = house.census().await.count("authorization_code");
        let second = if round % 2 == 0 { "allow" } else { "deny" };
        let answers: (Reply, Reply) =
            tokio::join!(tab.decide(&page, "allow"), other_tab.decide(&page, second));
        let answered = [&answers.0, &answers.1].iter().filter(|answer| answer.location().is_some()).count();
        assert_eq!(answered, 1, "ATK-PAR-10 tabs: {} {}", answers.0, answers.1);
        assert!(house.census().await.count("authorization_code") <= codes + 1, "ATK-PAR-10");
    }
    // Two browsers open one reference at the same moment.
    let url = party.pushed(&house, json!({})).await;
    let (mut one, mut two) = (house.visitor(), house.visitor());
    let opened: (Reply, Reply) = tokio::join!(one.open(&url), two.open(&url));
    let bound = [&opened.0, &opened.1].iter().filter(|reply| reply.status == 303).count();
    assert_eq!(bound, 1, "ATK-PAR-10/PAR-10 browsers: {} {}", opened.0, opened.1);
    // Two tabs with a remembered consent: both would be granted without a page.
    let mut tab = house.visitor();
    tab.agree(&party.pushed(&house, json!({})).await).await;
    let url = party.pushed(&house, json!({})).await;
    let mut other_tab = tab.clone();
    let codes = house.census().await.count("authorization_code");
    let granted: (Reply, Reply) = tokio::join!(tab.open(&url), other_tab.open(&url));
    let answered = [&granted.0, &granted.1].iter().filter(|reply| reply.status == 303).count();
    assert_eq!(answered, 1, "ATK-PAR-10 silent: {} {}", granted.0, granted.1);
    assert_eq!(house.census().await.count("authorization_code"), codes + 1, "ATK-PAR-10 silent");
}

async fn atk_par_11_and_atk_par_12_prefetch_and_takeover(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let url = party.pushed(&house, json!({})).await;
    let mut victim = house.visitor();
    let prefetched = victim.walk(&url).await;
    assert!(prefetched.body.contains("id=\"login-form\""), "ATK-PAR-11: {prefetched}");
    // Another browser knows the reference, and the address of the page.
    let mut attacker = house.visitor();
    assert_refused("ATK-PAR-12/PAR-10", &attacker.open(&url).await, "invalid_request_uri");
    let login = format!("{}?interaction={}", house.url("/login"), prefetched.field("interaction").unwrap());
    assert_refused("ATK-PAR-12 login", &attacker.open(&login).await, "invalid_request");
    let typed = attacker.try_password(&prefetched, &house.person().username, &house.person().password).await;
    assert_refused("ATK-PAR-12 the form", &typed, "invalid_request");
    let consent = victim.reach_consent(&url).await;
    let before = house.census().await;
    let address = format!("{}?interaction={}", house.url("/consent"), consent.field("interaction").unwrap());
    assert_refused("ATK-PAR-12 consent", &attacker.open(&address).await, "invalid_request");
    assert_refused("ATK-PAR-12 decides", &attacker.decide(&consent, "allow").await, "invalid_request");
    assert!(house.census().await.changed(&before).is_empty(), "ATK-PAR-12");
    party.code(&house, &victim.decide(&consent, "allow").await).await;
}

async fn atk_par_13_and_atk_par_24_expiry(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let url = party.pushed(&house, json!({})).await;
    house.advance(89);
    let mut visitor = house.visitor();
    let page = visitor.walk(&url).await;
    assert!(page.body.contains("id=\"login-form\""), "the control of ATK-PAR-13: {page}");
    house.advance(60);
    let consent = visitor.log_in(&page, house.person()).await;
    let answer = visitor.decide(&consent, "allow").await;
    party.code(&house, &answer).await;

    let url = party.pushed(&house, json!({})).await;
    let before = house.census().await;
    house.advance(90);
    assert_refused("ATK-PAR-13/PAR-09", &house.visitor().open(&url).await, "invalid_request_uri");
    assert!(house.census().await.changed(&before).is_empty(), "ATK-PAR-13");

    let soon = house.now().as_secs() + 20;
    let url = party.pushed(&house, json!({ "exp": soon })).await;
    house.advance(60);
    let answer = house.visitor().agree(&url).await;
    party.code(&house, &answer).await;
    assert!(house.now().as_secs() > soon, "ATK-PAR-24: the object itself has expired");
}

async fn atk_par_14_guessing(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let url = party.pushed(&house, json!({})).await;
    let before = house.census().await;
    let mut visitor = house.visitor();
    let reference = url.rsplit_once("%3A").unwrap().1.to_owned();
    let urn = "urn:ietf:params:oauth:request_uri:";
    for (id, guess) in [
        ("ATK-URI-21 case", format!("{urn}{}", reference.to_uppercase())),
        ("ATK-URI-21 prefix", format!("{}{reference}", urn.to_uppercase())),
        ("ATK-URI-21 blank", format!("{urn}{reference} ")),
        ("ATK-URI-21 longer", format!("{urn}{reference}A")),
        ("ATK-URI-21 empty", urn.to_owned()),
        ("ATK-URI-19", format!("{urn}{}", "A".repeat(9000))),
    ] {
        let url = party.url(&house, &[("request_uri", &guess)]);
        assert_refused(id, &visitor.open(&url).await, "invalid_request_uri");
    }
    for guess in 0..100 {
        let url = party.url(&house, &[("request_uri", &format!("{urn}{guess:0>43}"))]);
        assert_refused("ATK-PAR-14", &visitor.open(&url).await, "invalid_request_uri");
    }
    assert!(house.census().await.changed(&before).is_empty(), "ATK-PAR-14");
    party.code(&house, &visitor.agree(&url).await).await;
}

async fn atk_par_15_only_the_reference_counts(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let control = house.visitor().agree(&party.pushed(&house, json!({ "state": "pushed" })).await).await;
    assert_eq!(party.read(&house, &control).await["state"], "pushed", "the control");
    let url = party.pushed(&house, json!({ "state": "pushed" })).await;
    let url = format!(
        "{url}&redirect_uri=https%3A%2F%2Fevil.example%2F&scope=openid+profile&state=outer&response_mode=query&prompt=none"
    );
    let answer = house.visitor().agree(&url).await;
    assert!(answer.redirect().starts_with(&party.redirect_uri), "ATK-PAR-15/PAR-12: {answer}");
    let claims = party.read(&house, &answer).await;
    assert_eq!(claims["state"], "pushed", "ATK-PAR-15");
    let tokens = party.redeem(&house, claims["code"].as_str().unwrap()).await.json();
    assert_eq!(tokens["scope"], "openid", "ATK-PAR-15");
}

async fn atk_par_18_sizes(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let object = party.object(&house, json!({}));
    let before = house.census().await;
    let large = "x".repeat(10 << 20);
    let reply = party.post(&house, "/par", &[("request", &object), ("pad", &large)]).await;
    assert_eq!(reply.status, 413, "ATK-PAR-18/PAR-01/JARM-81: {reply}");
    let names: Vec<String> = (0..10_000).map(|number| format!("p{number}")).collect();
    let mut many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "")).collect();
    many.push(("request", &object));
    assert_refused("ATK-PAR-18/ATK-DOS-01", &party.post(&house, "/par", &many).await, "invalid_request");
    assert!(house.census().await.changed(&before).is_empty(), "ATK-PAR-18");
    assert_eq!(party.push(&house, &object).await.status, 201, "the control: the object itself is good");
}

async fn atk_par_19_changed_after_the_push(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let uris = json!([party.redirect_uri, "https://fapi.example/second"]);
    let mut metadata = party.metadata.clone();
    metadata["redirect_uris"] = uris;
    house.change(&party, &metadata).await;
    let second = json!({ "redirect_uri": "https://fapi.example/second" });
    let (url, late) = (party.pushed(&house, second.clone()).await, party.pushed(&house, second).await);
    let mut visitor = house.visitor();
    let page = visitor.reach_consent(&late).await;
    house.change(&party, &party.metadata).await;
    let before = house.census().await;
    assert_refused("ATK-PAR-19/PAR-13/JAR-63", &house.visitor().open(&url).await, "invalid_request");
    assert_refused("ATK-REG-13", &visitor.decide(&page, "allow").await, "invalid_request");
    assert!(house.census().await.changed(&before).is_empty(), "ATK-PAR-19");

    let url = party.pushed(&house, json!({})).await;
    house.disable(&party).await;
    let before = house.census().await;
    assert_refused("ATK-PAR-19 disabled", &house.visitor().open(&url).await, "invalid_client");
    assert!(house.census().await.changed(&before).is_empty(), "ATK-PAR-19 disabled");
}

async fn atk_par_23_credentials_are_not_stored(engine: Engine) {
    let house = House::open(engine).await;
    let party = house.register("baseline", ProfileName::Baseline, json!({})).await;
    let claims = party.claims(&house);
    let fields: Vec<(&str, &str)> = claims
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !["iss", "aud", "jti", "client_id"].contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let reply = party.post(&house, "/par", &fields).await;
    assert_eq!(reply.status, 201, "the control, plain parameters: {reply}");
    let secret = [&fields[..], &[("client_secret", "hush")]].concat();
    let reply = party.post(&house, "/par", &secret).await;
    assert_ne!(reply.status, 201, "ATK-AUTH-14: {reply}");
    let url = party.pushed_url(&house, &party.post(&house, "/par", &fields).await);
    let answer = house.visitor().agree(&url).await;
    party.code(&house, &answer).await;
    let convert =
        if engine == Engine::Sqlite { "CAST(request AS TEXT)" } else { "convert_from(request, 'UTF8')" };
    let mut stored = house.texts(&format!("SELECT {convert} FROM pushed_request")).await;
    stored.extend(house.texts(&format!("SELECT {convert} FROM interaction")).await);
    assert!(stored.iter().all(|request| request.contains("code_challenge")), "the control: {stored:?}");
    for request in &stored {
        assert!(
            !request.contains("client_assertion") && !request.contains("hush"),
            "ATK-PAR-23/PAR-21: {request}"
        );
        let request: Value = serde_json::from_str(request).unwrap();
        assert_eq!(request["client_id"], "baseline");
    }
}
