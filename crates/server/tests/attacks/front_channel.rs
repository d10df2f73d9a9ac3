//! Pages, cookies, tabs: what an attacker makes of the person's browser (attacks.md sections G and O).

use countersign_protocol::policy::ProfileName;
use countersign_testkit::house::{Engine, House, Party, Person, Reply};
use countersign_testkit::on_both_databases;
use reqwest::Method;
use serde_json::{Value, json};

use crate::gate::assert_refused;

on_both_databases!(
    red_12_pages_cannot_be_framed_or_read,
    atk_red_20_redirects_are_303,
    atk_red_23_forms_of_other_origins,
    atk_red_25_session_fixation,
    atk_red_27_the_host_header,
    atk_red_30_the_back_button,
    atk_oidc_08_switching_accounts,
    atk_oidc_09_parallel_tabs,
);

async fn bookshop(house: &House) -> Party {
    house.register("bookshop", ProfileName::Baseline, json!({})).await
}

async fn red_12_pages_cannot_be_framed_or_read(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    let login = visitor.walk(&party.plain(&house, json!({}))).await;
    let wrong = visitor.try_password(&login, "ada", "wrong").await;
    let consent = visitor.log_in(&login, house.person()).await;
    let error = visitor.open(&house.url("/authorize")).await;
    let explained = visitor.open(&house.url("/error?reason=RequestUriUnknown")).await;
    for page in [&login, &wrong, &consent, &error, &explained] {
        let header = |name: &str| page.header(name).unwrap_or_default();
        assert_eq!(header("x-frame-options"), "DENY", "ATK-RED-21: {page}");
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "ATK-RED-21: {page}");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "RED-12: {policy}");
        assert_eq!(header("referrer-policy"), "no-referrer", "ATK-RED-24: {page}");
        assert!(header("cache-control").contains("no-store"), "RED-12: {page}");
        assert_eq!(header("x-content-type-options"), "nosniff", "RED-12: {page}");
        for load in ["src=\"", "<link rel=\"stylesheet\" href=\""] {
            for address in page.body.split(load).skip(1) {
                assert!(
                    !address.starts_with("http") && !address.starts_with("//"),
                    "ATK-RED-24: {address:.60}"
                );
            }
        }
        assert!(!page.body.contains("<script") && !page.body.contains("onclick="), "RED-12");
    }
    assert!(consent.body.contains("Client bookshop"), "RED-12: who asks");
    assert!(consent.body.contains("bookshop.example"), "RED-12: where the answer goes");
    assert!(consent.body.contains("<code class=\"scope\">openid</code>"), "RED-12: what is granted");
    let preflight = |path: &str| {
        let request = house.request(Method::OPTIONS, path).header("origin", "https://evil.example");
        request.header("access-control-request-method", "POST")
    };
    for path in ["/authorize", "/login", "/consent", "/par", "/token"] {
        let reply = house.send(preflight(path)).await;
        let allowed = reply.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
        assert!(!allowed, "ATK-RED-22 {path}: {reply}");
    }
    let public = house.send(house.request(Method::GET, "/jwks").header("origin", "https://a.example")).await;
    assert_eq!(public.header("access-control-allow-origin").as_deref(), Some("*"), "the control (META-09)");
}

async fn atk_red_20_redirects_are_303(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    let first = visitor.open(&party.plain(&house, json!({}))).await;
    let login = visitor.open(&first.redirect()).await;
    let posted = visitor.try_password(&login, &house.person().username, &house.person().password).await;
    let consent = visitor.open(&posted.redirect()).await;
    let answer = visitor.decide(&consent, "allow").await;
    let denied = visitor.open(&party.plain(&house, json!({ "prompt": "none login" }))).await;
    for (id, reply) in [("begin", first), ("login", posted), ("answer", answer), ("error", denied)] {
        assert_eq!(reply.status, 303, "ATK-RED-20/JARM-10 {id}: {reply}");
        assert!(reply.header("cache-control").unwrap().contains("no-store"), "{id}: {reply}");
        assert_eq!(reply.header("referrer-policy").as_deref(), Some("no-referrer"), "{id}");
    }
    for url in [house.url("/login"), house.url("/consent"), house.url("/login?interaction=AAAA")] {
        assert_refused("RED-12: a page of no request", &visitor.open(&url).await, "invalid_request");
    }
}

async fn atk_red_23_forms_of_other_origins(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    let url = party.plain(&house, json!({}));
    let login = visitor.walk(&url).await;
    let interaction = login.field("interaction").unwrap();
    let ada = house.person().clone();
    let mut other = house.visitor();
    let foreign = other.reach_consent(&party.plain(&house, json!({}))).await.field("csrf").unwrap();
    let before = house.census().await;
    for (id, csrf) in [("missing", None), ("empty", Some("")), ("foreign", Some(&*foreign))] {
        let mut fields =
            vec![("interaction", &*interaction), ("username", &*ada.username), ("password", &*ada.password)];
        fields.extend(csrf.map(|csrf| ("csrf", csrf)));
        let reply = visitor.submit("/login", &fields).await;
        assert_eq!((reply.status, reply.location()), (400, None), "ATK-RED-23 login {id}: {reply}");
    }
    assert!(house.census().await.changed(&before).is_empty(), "ATK-RED-23 login");
    let consent = visitor.log_in(&login, &ada).await;
    let interaction = consent.field("interaction").unwrap();
    let before = house.census().await;
    for (id, csrf) in [("missing", None), ("empty", Some("")), ("foreign", Some(&*foreign))] {
        for decision in ["allow", "deny"] {
            let mut fields = vec![("interaction", &*interaction), ("decision", decision)];
            fields.extend(csrf.map(|csrf| ("csrf", csrf)));
            let reply = visitor.submit("/consent", &fields).await;
            assert_refused(&format!("ATK-RED-23 consent {id} {decision}"), &reply, "invalid_request");
        }
    }
    assert_refused("ATK-RED-23 neither", &visitor.decide(&consent, "maybe").await, "invalid_request");
    let crossed =
        visitor.open(&format!("{}?interaction={interaction}&decision=allow", house.url("/consent"))).await;
    assert_eq!(crossed.status, 200, "ATK-RED-23: a link decides nothing: {crossed}");
    assert!(house.census().await.changed(&before).is_empty(), "ATK-RED-23 consent");
    party.code(&house, &visitor.decide(&consent, "allow").await).await;
}

async fn atk_red_25_session_fixation(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let cookie = "countersign-session";
    let planted = "A".repeat(43);
    let mut victim = house.visitor();
    victim.plant(cookie, &planted);
    let page = victim.walk(&party.plain(&house, json!({}))).await;
    victim.log_in(&page, house.person()).await;
    let fresh = victim.session().unwrap().to_owned();
    assert_ne!(fresh, planted, "ATK-RED-25: the session id changes at login");
    let mut attacker = house.visitor();
    attacker.plant(cookie, &planted);
    let page = attacker.walk(&party.plain(&house, json!({}))).await;
    assert!(page.body.contains("id=\"login-form\""), "ATK-RED-25: the planted one is worth nothing: {page}");

    // The attacker's own live session, planted into the victim's browser.
    let charles = Person::charles();
    house.admit(&charles).await;
    let page = attacker.walk(&party.plain(&house, json!({}))).await;
    attacker.log_in(&page, &charles).await;
    let own = attacker.session().unwrap().to_owned();
    let mut victim = house.visitor();
    victim.plant(cookie, &own);
    let page = victim.walk(&party.plain(&house, json!({ "prompt": "login" }))).await;
    house.advance(1);
    let page = if page.body.contains("id=\"login-form\"") {
        page
    } else {
        victim.walk(&party.plain(&house, json!({ "prompt": "login" }))).await
    };
    victim.log_in(&page, house.person()).await;
    assert_ne!(victim.session(), Some(&*own), "ATK-RED-25");
    let ended = attacker.walk(&party.plain(&house, json!({}))).await;
    assert!(ended.body.contains("id=\"login-form\""), "ATK-RED-25: the old session has ended: {ended}");
    let stored = house.texts("SELECT * FROM login_session").await.join("\n");
    assert!(!stored.contains(&fresh), "only a hash of a session id is stored");
}

async fn atk_red_27_the_host_header(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let spoofed = |path: &str| {
        let request = house.request(Method::GET, path).header("host", "evil.example");
        let request = request.header("x-forwarded-host", "evil.example").header("x-forwarded-proto", "https");
        request.header("forwarded", "host=evil.example;proto=https")
    };
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let reply = house.send(spoofed(path)).await;
        assert_eq!(reply.json()["issuer"], house.issuer().as_str(), "ATK-RED-27/META-02");
        assert!(!reply.body.contains("evil"), "ATK-RED-27: {}", reply.body);
    }
    let url = party.plain(&house, json!({}));
    let path = url.strip_prefix(house.issuer().as_str()).unwrap();
    let reply = house.send(spoofed(path)).await;
    assert!(reply.redirect().starts_with(&house.url("/login")), "ATK-RED-27: {reply}");
    let page = house.send(spoofed("/error?reason=RequestUriUnknown")).await;
    assert!(!page.body.contains("evil"), "ATK-RED-27: {}", page.body);
}

async fn atk_red_30_the_back_button(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    for first in ["allow", "deny"] {
        let mut visitor = house.visitor();
        let url = party.by_value(&house, &party.object(&house, json!({ "prompt": "consent" })));
        let page = visitor.reach_consent(&url).await;
        let answer = visitor.decide(&page, first).await;
        let claims = party.read(&house, &answer).await;
        assert_eq!(claims["code"].is_string(), first == "allow", "the control: {claims}");
        let before = house.census().await;
        for again in ["allow", "deny"] {
            let reply = visitor.decide(&page, again).await;
            assert_refused(&format!("ATK-RED-30 {first} {again}"), &reply, "invalid_request");
        }
        let address = format!("{}?interaction={}", house.url("/consent"), page.field("interaction").unwrap());
        assert_refused("ATK-RED-30 the page", &visitor.open(&address).await, "invalid_request");
        assert!(house.census().await.changed(&before).is_empty(), "ATK-RED-30 {first}");
    }
    assert_eq!(house.census().await.count("authorization_code"), 1, "ATK-RED-30: one code");
}

/// The person that a code is for.
async fn subject(house: &House, party: &Party, answer: &Reply) -> Value {
    let code = party.code(house, answer).await;
    let tokens = party.redeem(house, &code).await.json();
    house.verified(tokens["id_token"].as_str().unwrap()).await["sub"].clone()
}

async fn atk_oidc_08_switching_accounts(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let (ada, charles) = (house.person().clone(), Person::charles());
    house.admit(&charles).await;
    let mut visitor = house.visitor();
    let ada_page = visitor.reach_consent(&party.plain(&house, json!({}))).await;
    assert!(ada_page.body.contains(&ada.name), "the control: the page says who is logged in");

    // In another tab, another request, another account.
    let other = visitor.walk(&party.plain(&house, json!({ "prompt": "login", "max_age": 0 }))).await;
    let other = if other.body.contains("id=\"login-form\"") {
        other
    } else {
        let interaction = other.field("interaction").unwrap();
        visitor.open(&format!("{}?interaction={interaction}&switch=1", house.url("/login"))).await
    };
    let charles_page = visitor.log_in(&other, &charles).await;
    assert!(charles_page.body.contains(&charles.name), "the control: {charles_page}");
    let codes = house.census().await.count("authorization_code");
    let stale = visitor.decide(&ada_page, "allow").await;
    assert_refused("ATK-OIDC-08 other request", &stale, "invalid_request");
    assert_eq!(house.census().await.count("authorization_code"), codes, "ATK-OIDC-08");
    let answer = visitor.decide(&charles_page, "allow").await;
    assert_eq!(subject(&house, &party, &answer).await, charles.subject.as_str(), "ATK-OIDC-08");

    // The same request: the page of the first account is still open when the second one logs in.
    let mut visitor = house.visitor();
    let ada_page = visitor.reach_consent(&party.by_value(&house, &party.object(&house, json!({})))).await;
    let interaction = ada_page.field("interaction").unwrap();
    let switch = format!("{}?interaction={interaction}&switch=1", house.url("/login"));
    let login = visitor.open(&switch).await;
    // Charles agreed before, so the answer comes at once; with prompt=consent he would be asked.
    let answer = visitor.log_in(&login, &charles).await;
    assert_eq!(subject(&house, &party, &answer).await, charles.subject.as_str(), "ATK-OIDC-08 silent");
    assert_refused("ATK-OIDC-08 late", &visitor.decide(&ada_page, "allow").await, "invalid_request");

    let mut visitor = house.visitor();
    let url = party.by_value(&house, &party.object(&house, json!({ "prompt": "consent" })));
    let ada_page = visitor.reach_consent(&url).await;
    let interaction = ada_page.field("interaction").unwrap();
    let switch = format!("{}?interaction={interaction}&switch=1", house.url("/login"));
    let login = visitor.open(&switch).await;
    let charles_page = visitor.log_in(&login, &charles).await;
    assert!(charles_page.body.contains(&charles.name), "the control: {charles_page}");
    for decision in ["allow", "deny"] {
        let before = house.census().await;
        let stale = visitor.decide(&ada_page, decision).await;
        assert_refused("ATK-OIDC-08 the page of the other account", &stale, "invalid_request");
        assert!(house.census().await.changed(&before).is_empty(), "ATK-OIDC-08 {decision}");
    }
    let answer = visitor.decide(&charles_page, "allow").await;
    assert_eq!(subject(&house, &party, &answer).await, charles.subject.as_str(), "ATK-OIDC-08");
}

async fn atk_oidc_09_parallel_tabs(engine: Engine) {
    let house = House::open(engine).await;
    let one = house.register("one", ProfileName::Baseline, json!({})).await;
    let two = house.register("two", ProfileName::Fapi2MessageSigning, json!({})).await;
    let mut browser = house.visitor();
    let first = browser.walk(&one.plain(&house, json!({ "state": "s1", "scope": "openid" }))).await;
    let second_url = two.pushed(&house, json!({ "state": "s2", "scope": "openid email" })).await;
    let second = browser.walk(&second_url).await;
    assert_ne!(first.field("interaction"), second.field("interaction"), "ATK-OIDC-09");
    assert_ne!(first.field("csrf"), second.field("csrf"), "ATK-OIDC-09");
    let second_consent = browser.log_in(&second, house.person()).await;
    let address = format!("{}?interaction={}", house.url("/login"), first.field("interaction").unwrap());
    let first_consent = browser.walk(&address).await;
    assert!(
        first_consent.body.contains("Client one") && !first_consent.body.contains(">email<"),
        "ATK-OIDC-09"
    );
    assert!(
        second_consent.body.contains("Client two") && second_consent.body.contains(">email<"),
        "ATK-OIDC-09"
    );
    let crossed = [
        ("interaction", first_consent.field("interaction").unwrap()),
        ("csrf", second_consent.field("csrf").unwrap()),
        ("decision", "allow".to_owned()),
    ];
    let crossed: Vec<(&str, &str)> = crossed.iter().map(|(name, value)| (*name, &**value)).collect();
    assert_refused("ATK-OIDC-09 crossed", &browser.submit("/consent", &crossed).await, "invalid_request");
    let second_answer = browser.decide(&second_consent, "allow").await;
    let first_answer = browser.decide(&first_consent, "allow").await;
    assert_eq!(one.read(&house, &first_answer).await["state"], "s1", "ATK-OIDC-09");
    assert_eq!(two.read(&house, &second_answer).await["state"], "s2", "ATK-OIDC-09");
    let mut granted = scope(&house, &two, &second_answer).await;
    granted.sort();
    assert_eq!(granted, ["email", "openid"], "ATK-OIDC-09");
    assert_eq!(scope(&house, &one, &first_answer).await, ["openid"], "ATK-OIDC-09");
}

/// The words of the scope that a code brings.
async fn scope(house: &House, party: &Party, answer: &Reply) -> Vec<String> {
    let code = party.code(house, answer).await;
    let tokens = party.redeem(house, &code).await.json();
    tokens["scope"].as_str().unwrap().split(' ').map(str::to_owned).collect()
}
