//! Where an answer may go, and what may be asked (attacks.md section G; par-pkce-binding.md section 2).

use countersign_protocol::policy::ProfileName;
use countersign_server::{Listen, Listener, ServeError};
use countersign_testkit::house::{Engine, House, Party};
use countersign_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::gate::{Gate, Way, assert_refused};

on_both_databases!(
    red_01_and_red_04_only_registered_addresses,
    red_01_registered_queries_stay,
    atk_red_13_loopback,
    atk_red_18_response_types,
    atk_red_29_pollution,
);

async fn bookshop(house: &House) -> Party {
    house.register("bookshop", ProfileName::Baseline, json!({})).await
}

async fn red_01_and_red_04_only_registered_addresses(engine: Engine) {
    let house = House::open(engine).await;
    let good = "https://good.example/cb";
    let addresses = json!({ "redirect_uris": [good] });
    let mut party = house.register("good", ProfileName::Baseline, addresses.clone()).await;
    party.redirect_uri = good.to_owned();
    let mut gate = Gate::open(&house, Way::Pushed, "pushed", addresses).await;
    gate.party.redirect_uri = good.to_owned();
    let before = house.census().await;
    for (id, bad) in [
        ("ATK-RED-01", "https://evil.example/cb"),
        ("ATK-RED-02 slash", "https://good.example/cb/"),
        ("ATK-RED-02 query", "https://good.example/cb?x=1"),
        ("ATK-RED-02 dots", "https://good.example/cb/../evil"),
        ("ATK-RED-02 encoded dots", "https://good.example/cb/%2e%2e/evil"),
        ("ATK-RED-03 case", "https://GOOD.example/cb"),
        ("ATK-RED-03 port", "https://good.example:443/cb"),
        ("ATK-RED-03 dot", "https://good.example./cb"),
        ("ATK-RED-03 no path", "https://good.example"),
        ("ATK-RED-03 scheme", "HTTPS://good.example/cb"),
        ("ATK-RED-04", "https://good.example/%63b"),
        ("ATK-RED-04 slash", "https://good.example%2Fcb"),
        ("ATK-RED-04 twice", "https://good.example/%2563b"),
        ("ATK-RED-05 full-width dot", "https://good\u{ff0e}example/cb"),
        ("ATK-RED-05 homograph", "https://g\u{43e}od.example/cb"),
        ("ATK-RED-05 punycode", "https://xn--god-jdd.example/cb"),
        ("ATK-RED-05 zero width", "https://good\u{200b}.example/cb"),
        ("ATK-RED-05 soft hyphen", "https://go\u{ad}od.example/cb"),
        ("ATK-RED-06 user", "https://good.example@evil.example/cb"),
        ("ATK-RED-06 backslash", "https://good.example\\@evil.example/cb"),
        ("ATK-RED-06 three slashes", "https:///evil.example"),
        ("ATK-RED-06 no scheme", "//evil.example"),
        ("ATK-RED-06 no slashes", "https:evil.example"),
        ("ATK-RED-07 suffix", "https://good.example.evil.example/cb"),
        ("ATK-RED-07 prefix", "https://evilgood.example/cb"),
        ("ATK-RED-08 line", "https://good.example/cb\r\nLocation: https://evil.example"),
        ("ATK-RED-08 tab", "https://good.example/\tcb"),
        ("ATK-RED-08 encoded", "https://good.example/cb%0d%0aSet-Cookie:x=y"),
        ("ATK-RED-09", "https://good.example/cb#x"),
        ("ATK-RED-09 encoded", "https://good.example/cb%23"),
        ("ATK-RED-11 script", "javascript:alert(1)"),
        ("ATK-RED-11 data", "data:text/html,x"),
        ("ATK-RED-11 intent", "intent://evil#Intent;end"),
        ("ATK-RED-12 empty", ""),
    ] {
        let reply = house.visitor().open(&party.plain(&house, json!({ "redirect_uri": bad }))).await;
        assert_refused(&format!("{id}/RED-04"), &reply, "invalid_request");
        assert!(!reply.body.contains("evil"), "{id}: nothing is echoed (JAR-64)");
        let reply = gate.send(&gate.party.object(&house, json!({ "redirect_uri": bad }))).await;
        assert_refused(&format!("{id} pushed"), &reply, "invalid_request");
    }
    for (id, name, value) in [
        ("ATK-RED-12/RED-05", "redirect_uri", Value::Null),
        ("ATK-RED-19", "response_mode", json!("web_message")),
    ] {
        let reply = house.visitor().open(&party.plain(&house, json!({ name: value }))).await;
        assert_refused(id, &reply, "invalid_request");
    }
    let honest = party.plain(&house, json!({}));
    let evil = "redirect_uri=https%3A%2F%2Fevil.example%2F";
    let first = honest.replace("client_id=good", &format!("client_id=good&{evil}"));
    for (id, url) in [("ATK-RED-10 good evil", format!("{honest}&{evil}")), ("ATK-RED-10 evil good", first)] {
        assert_refused(id, &house.visitor().open(&url).await, "invalid_request");
    }
    let nul = honest.replace("good.example%2Fcb", "good.example%2Fcb%00");
    assert_refused("ATK-RED-08 NUL", &house.visitor().open(&nul).await, "invalid_request");
    let stranger = honest.replace("client_id=good", "client_id=nobody");
    assert_refused("ATK-RED-17", &house.visitor().open(&stranger).await, "invalid_client");
    assert!(house.census().await.changed(&before).is_empty());
    let reply = house.visitor().open(&honest).await;
    assert!(reply.redirect().contains("/login?"), "the control: {reply}");
    gate.accepts("the control", &gate.honest()).await;
}

async fn red_01_registered_queries_stay(engine: Engine) {
    let house = House::open(engine).await;
    let own = "https://query.example/cb?a=%22b%27&c=d";
    let mut party = house.register("query", ProfileName::Baseline, json!({ "redirect_uris": [own] })).await;
    party.redirect_uri = own.to_owned();
    let mut visitor = house.visitor();
    let change = json!({ "response_mode": "query", "state": "x&code=attacker" });
    let answer = visitor.agree(&party.plain(&house, change)).await;
    assert!(answer.redirect().starts_with(&format!("{own}&code=")), "ATK-RED-14/JARM-07: {answer}");
    assert_ne!(answer.parameter("code").as_deref(), Some("attacker"), "ATK-RED-14: one code, and ours");
    assert_eq!(answer.parameter("state").as_deref(), Some("x&code=attacker"), "ATK-RED-14");
    let page = visitor.agree(&party.plain(&house, json!({ "response_mode": "form_post.jwt" }))).await;
    assert!(
        page.body.contains("action=\"https://query.example/cb?a=%22b%27&#38;c=d\""),
        "ATK-JARM-54: {}",
        page.body
    );
}

async fn atk_red_13_loopback(engine: Engine) {
    let house = House::open(engine).await;
    let native = json!({ "application_type": "native", "redirect_uris": ["http://127.0.0.1:4000/cb"] });
    let mut party = house.register("native", ProfileName::Baseline, native).await;
    party.redirect_uri = "http://127.0.0.1:5555/cb".to_owned();
    let answer = house.visitor().agree(&party.plain(&house, json!({}))).await;
    assert!(answer.redirect().starts_with("http://127.0.0.1:5555/cb?"), "ATK-RED-13: {answer}");
    for bad in [
        "http://localhost:5555/cb",
        "http://127.0.0.1.evil/cb",
        "http://127.0.0.1:5555/other",
        "https://127.0.0.1:5555/cb",
        "http://[::1]:5555/cb",
    ] {
        let reply = house.visitor().open(&party.plain(&house, json!({ "redirect_uri": bad }))).await;
        assert_refused(&format!("ATK-RED-13 {bad}"), &reply, "invalid_request");
    }
    let open = Listener::bind(Listen::on(([0, 0, 0, 0], 0).into())).await.map(drop);
    assert!(matches!(open, Err(ServeError::PlainHttp(_))), "ATK-RED-28/NET-06: plain http is for loopback");
}

async fn atk_red_18_response_types(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let control = house.visitor().open(&party.plain(&house, json!({}))).await;
    assert!(control.redirect().contains("/login?"), "the control: {control}");
    for (bad, error) in [
        (Value::Null, "invalid_request"),
        (json!("unknown"), "unsupported_response_type"),
        (json!("code code"), "unsupported_response_type"),
        (json!("code  "), "unsupported_response_type"),
        (json!(" code"), "unsupported_response_type"),
        (json!("CODE"), "unsupported_response_type"),
        (json!("token"), "unsupported_response_type"),
        (json!("id_token token"), "unsupported_response_type"),
        (json!("password"), "unsupported_response_type"),
    ] {
        let url = party.plain(&house, json!({ "response_type": bad.clone(), "response_mode": "jwt" }));
        let answer = house.visitor().open(&url).await;
        let claims = party.read(&house, &answer).await;
        assert_eq!(claims["error"], error, "ATK-RED-18/RED-08 {bad}");
        assert_eq!(claims["code"], Value::Null);
    }
}

async fn atk_red_29_pollution(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let url = party.plain(&house, json!({ "scope": "openid" }));
    let mut visitor = house.visitor();
    let page =
        visitor.reach_consent(&format!("{url}&scope[]=email&scope%5B%5D2=profile&x;scope=email")).await;
    assert!(
        !page.body.contains("<code class=\"scope\">email</code>"),
        "ATK-RED-29: unknown names are ignored"
    );
    let before = house.census().await;
    for (id, tail) in [
        ("ATK-RED-29 NUL", "&scope%00=email"),
        ("ATK-RED-29 twice", "&scope=email"),
        ("ATK-DOS-02 encoding", "&x=%zz"),
        ("ATK-DOS-02 overlong", "&x=%c0%af"),
        ("ATK-DOS-02 not UTF-8", "&x=%ff"),
    ] {
        let reply = house.visitor().open(&format!("{url}{tail}")).await;
        assert_refused(id, &reply, "invalid_request");
    }
    assert!(house.census().await.changed(&before).is_empty());
}
