//! The authorization response: modes, claims, pages, errors (attacks.md section I; jarm.md; RFC 9207).

use countersign_jose::base64url;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::registration::Client;
use countersign_testkit::house::{Engine, House, Party, Reply};
use countersign_testkit::on_both_databases;
use serde_json::{Value, json};

use crate::gate::assert_refused;

on_both_databases!(
    jarm_07_to_11_every_mode_carries_the_answer,
    jarm_19_to_33_the_claims,
    jarm_70_to_74_the_form_post_page,
    atk_jarm_50_what_would_expose_tokens,
    atk_jarm_52_and_atk_jarm_53_hostile_states,
    atk_jarm_55_the_person_denies,
    atk_jarm_56_errors_are_as_signed_as_successes,
    atk_jarm_57_nothing_is_answered_to_a_forged_request,
    atk_jarm_58_restricted_modes,
    atk_jarm_60_and_atk_jarm_61_registrations,
    jarm_91_the_code_decides,
    jarm_92_no_script_reads_the_answer,
);

const SIGNED: [(&str, char); 4] =
    [("jwt", '?'), ("query.jwt", '?'), ("fragment.jwt", '#'), ("form_post.jwt", ' ')];
const PLAIN: [(&str, char); 3] = [("query", '?'), ("fragment", '#'), ("form_post", ' ')];

async fn baseline(house: &House, members: Value) -> Party {
    house.register("baseline", ProfileName::Baseline, members).await
}

/// A parameter of the answer, wherever it travels; nothing may come twice.
fn carried(answer: &Reply, place: char, name: &str) -> Option<String> {
    if place == ' ' { answer.field(name) } else { answer.parameter(name) }
}

/// All of the answer stands where the mode says, and nowhere else.
fn assert_carriage(party: &Party, answer: &Reply, place: char, names: &[&str], id: &str) {
    if place == ' ' {
        assert_eq!((answer.status, answer.location()), (200, None), "{id}: {answer}");
        assert!(answer.body.contains(&format!("action=\"{}\"", party.redirect_uri)), "{id}");
        assert_eq!(answer.body.matches("<input type=\"hidden\"").count(), names.len(), "{id}");
        return;
    }
    assert_eq!(answer.status, 303, "JARM-10 {id}: {answer}");
    let location = answer.redirect();
    let parameters = location.strip_prefix(&format!("{}{place}", party.redirect_uri)).expect(id);
    let found: Vec<&str> = parameters.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
    assert_eq!(found, names, "{id}");
}

async fn jarm_07_to_11_every_mode_carries_the_answer(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    let mut visitor = house.visitor();
    for (mode, place) in SIGNED {
        let id = format!("ATK-JARM-51/ATK-JARM-64 JARM-11 {mode}");
        let object = party.object(&house, json!({ "response_mode": mode, "state": "s" }));
        let answer = visitor.agree(&party.by_value(&house, &object)).await;
        assert_carriage(&party, &answer, place, &["response"], &id);
        let token = carried(&answer, place, "response").expect(&id);
        let claims = house.verified(&token).await;
        assert_eq!((&claims["state"], &claims["aud"]), (&json!("s"), &json!("baseline")), "{id}");
        assert_eq!(party.redeem(&house, claims["code"].as_str().unwrap()).await.status, 200, "{id}");
        for outer in ["iss", "code", "state", "error"] {
            assert_eq!(carried(&answer, place, outer), None, "JARM-87 {id}: no {outer} beside it");
        }
    }
    for (mode, place) in PLAIN {
        let object = party.object(&house, json!({ "response_mode": mode, "state": "s" }));
        let answer = visitor.agree(&party.by_value(&house, &object)).await;
        let id = format!("ISS-01 {mode}");
        assert_carriage(&party, &answer, place, &["code", "state", "iss"], &id);
        assert_eq!(carried(&answer, place, "iss").as_deref(), Some(house.issuer().as_str()), "{id}");
        assert_eq!(carried(&answer, place, "state").as_deref(), Some("s"), "{id}");
        let code = carried(&answer, place, "code").unwrap();
        assert_eq!(party.redeem(&house, &code).await.status, 200, "{id}");
    }
    let object = party.object(&house, json!({ "response_mode": null, "state": "s" }));
    let answer = visitor.agree(&party.by_value(&house, &object)).await;
    assert_carriage(&party, &answer, '?', &["code", "state", "iss"], "JARM-01: no mode is query");
    let object = party.object(&house, json!({ "response_mode": null, "state": null }));
    let answer = visitor.agree(&party.url(&house, &[("request", &object), ("response_mode", "jwt")])).await;
    assert_carriage(&party, &answer, '?', &["code", "iss"], "ATK-JARM-59: an outer mode is ignored");
    for mode in ["web_message", "JWT", "jwt ", "query_jwt", "form_post.JWT"] {
        let before = house.census().await;
        let object = party.object(&house, json!({ "response_mode": mode }));
        let reply = visitor.open(&party.by_value(&house, &object)).await;
        assert_refused(&format!("JARM-16/ATK-RED-19 {mode}"), &reply, "invalid_request");
        assert!(house.census().await.changed(&before).is_empty(), "JARM-16 {mode}");
    }
}

async fn jarm_19_to_33_the_claims(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    let answer = house.visitor().agree(&party.by_value(&house, &party.object(&house, json!({})))).await;
    let token = answer.parameter("response").unwrap();
    let header: Value =
        serde_json::from_slice(&base64url::decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    let mut members: Vec<&str> = header.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "kid", "typ"], "JARM-28");
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("JWT")), "JARM-28/JARM-29");
    let keys = house.get(&house.url("/jwks")).await.json();
    let signing = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!((&signing["use"], &signing["alg"]), (&json!("sig"), &json!("ES256")), "JARM-32");

    let claims = house.verified(&token).await;
    let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "code", "exp", "iat", "iss", "state"], "JARM-22/JARM-25");
    assert_eq!(claims["iss"], house.issuer().as_str(), "JARM-18/JARM-26");
    assert_eq!(claims["aud"], "baseline", "JARM-19");
    let (issued, expires) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    assert_eq!(issued, house.now().as_secs(), "JARM-25");
    assert!((1..=600).contains(&(expires - issued)), "JARM-20");

    let stateless = party.object(&house, json!({ "state": null }));
    let answer = house.visitor().agree(&party.by_value(&house, &stateless)).await;
    assert_eq!(party.read(&house, &answer).await["state"], Value::Null, "JARM-22: none sent, none returned");
}

async fn jarm_70_to_74_the_form_post_page(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    let mut visitor = house.visitor();
    for (id, change) in [
        ("success", json!({ "response_mode": "form_post.jwt" })),
        ("error", json!({ "response_mode": "form_post.jwt", "scope": "openid admin" })),
        ("plain", json!({ "response_mode": "form_post" })),
        ("plain error", json!({ "response_mode": "form_post", "scope": "openid admin" })),
    ] {
        let page = visitor.agree(&party.by_value(&house, &party.object(&house, change))).await;
        assert_eq!(page.status, 200, "JARM-70 {id}: {page}");
        let header = |name: &str| page.header(name).unwrap_or_default();
        assert_eq!(header("content-type"), "text/html;charset=UTF-8", "JARM-70 {id}");
        assert!(header("cache-control").contains("no-cache"), "JARM-70 {id}");
        assert!(header("cache-control").contains("no-store"), "JARM-70/ATK-JARM-64 {id}");
        assert_eq!(header("pragma"), "no-cache", "JARM-70 {id}");
        assert!(
            page.body.contains(&format!("method=\"post\" action=\"{}\"", party.redirect_uri)),
            "JARM-71 {id}"
        );
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "JARM-73 {id}: {policy}");
        assert!(
            policy.contains("base-uri 'none'") && policy.contains("frame-ancestors 'none'"),
            "JARM-73 {id}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains("form-action"), "JARM-73 {id}");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(page.body.contains(&format!("<script nonce=\"{nonce}\">")), "JARM-73 {id}");
        assert_eq!(page.body.matches("<script").count(), 1, "JARM-73 {id}");
        assert_eq!(header("x-frame-options"), "DENY", "ATK-JARM-65/JARM-73 {id}");
        assert_eq!(header("referrer-policy"), "no-referrer", "ATK-JARM-65/JARM-73 {id}");
        assert_eq!(header("x-content-type-options"), "nosniff", "JARM-73 {id}");
        assert!(page.body.contains("type=\"submit\""), "JARM-74 {id}");
    }
    let again = || party.by_value(&house, &party.object(&house, json!({ "response_mode": "form_post" })));
    let (one, two) = (visitor.agree(&again()).await, visitor.agree(&again()).await);
    let policy = |page: &Reply| page.header("content-security-policy").unwrap();
    assert_ne!(policy(&one), policy(&two), "JARM-73: a nonce is used once");
}

async fn atk_jarm_50_what_would_expose_tokens(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    let control = house.visitor().agree(&party.by_value(&house, &party.object(&house, json!({})))).await;
    party.code(&house, &control).await;
    for (response_type, mode, error) in [
        ("code id_token", "query.jwt", "invalid_request"),
        ("token", "query.jwt", "invalid_request"),
        ("token", "jwt", "unsupported_response_type"),
        ("code id_token", "fragment.jwt", "unsupported_response_type"),
        ("none", "jwt", "unsupported_response_type"),
    ] {
        let object = party.object(&house, json!({ "response_type": response_type, "response_mode": mode }));
        let answer = house.visitor().open(&party.by_value(&house, &object)).await;
        let id = format!("ATK-JARM-50/JARM-04 {response_type} {mode}");
        assert_eq!(party.read(&house, &answer).await["error"], error, "{id}");
        let exposing = response_type.contains("token");
        assert_eq!(answer.redirect().contains('#'), exposing, "{id} JARM-02/JARM-05: {answer}");
        assert!(!answer.redirect().contains("access_token"), "{id}");
    }
    let plain = party.object(&house, json!({ "response_type": "code id_token", "response_mode": "query" }));
    let answer = house.visitor().open(&party.by_value(&house, &plain)).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"), "ATK-RED-19 query: {answer}");
}

async fn atk_jarm_52_and_atk_jarm_53_hostile_states(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    let mut visitor = house.visitor();
    for (id, state) in [
        ("the control", "plain"),
        ("ATK-JARM-52", "\"><script>alert(1)</script>"),
        ("ATK-JARM-53", "'\"\\\u{1}\u{7f}\t\r\n\u{2028}\u{2029}é😀"),
        ("ATK-JARM-66", "x\",\"aud\":\"evil"),
        ("ATK-RED-14/ATK-RED-15", "a&code=attacker&iss=https://evil.example#x"),
    ] {
        for (mode, place) in SIGNED.into_iter().chain(PLAIN) {
            let object = party.object(&house, json!({ "response_mode": mode, "state": state }));
            let answer = visitor.agree(&party.by_value(&house, &object)).await;
            if place == ' ' {
                assert_eq!(answer.body.matches("<script").count(), 1, "{id} {mode}: only our own");
            }
            if mode.ends_with("jwt") {
                let claims = house.verified(&carried(&answer, place, "response").unwrap()).await;
                assert_eq!(claims["state"], state, "{id} {mode}");
                assert_eq!(claims["aud"], "baseline", "{id} {mode}");
            } else if place != ' ' || !state.contains('\r') {
                // A browser folds the line ends of a form field; the page itself must not.
                assert_eq!(carried(&answer, place, "state").as_deref(), Some(state), "{id} {mode}");
                assert_eq!(carried(&answer, place, "iss").as_deref(), Some(house.issuer().as_str()), "{id}");
            }
        }
    }
    for (id, bytes, passes) in [("JAR-122 the longest", 2048, true), ("ATK-RED-15 longer", 2049, false)] {
        let object = party.object(&house, json!({ "state": "s".repeat(bytes) }));
        let reply = visitor.agree(&party.by_value(&house, &object)).await;
        if passes {
            assert_eq!(party.read(&house, &reply).await["state"], "s".repeat(bytes), "{id}: never cut");
        } else {
            assert_refused(id, &reply, "invalid_request");
        }
    }
}

async fn atk_jarm_55_the_person_denies(engine: Engine) {
    let house = House::open(engine).await;
    for profile in [ProfileName::Baseline, ProfileName::Fapi2MessageSigning] {
        let party = house.register(profile.as_str(), profile, json!({})).await;
        let url = party.pushed(&house, json!({ "state": "s" })).await;
        let mut visitor = house.visitor();
        let page = visitor.reach_consent(&url).await;
        let before = house.census().await;
        let answer = visitor.decide(&page, "deny").await;
        assert_carriage(&party, &answer, '?', &["response"], "ATK-JARM-55");
        let claims = party.read(&house, &answer).await;
        assert_eq!((&claims["error"], &claims["state"]), (&json!("access_denied"), &json!("s")), "JARM-23");
        assert_eq!(claims["code"], Value::Null, "ATK-JARM-55");
        let after = house.census().await;
        for table in ["authorization_code", "consent", "refresh_token"] {
            assert_eq!(after.count(table), before.count(table), "ATK-JARM-55: {table}");
        }
    }
}

async fn atk_jarm_56_errors_are_as_signed_as_successes(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    for (id, change, error) in [
        ("ATK-JARM-56/ATK-OIDC-01/JARM-80", json!({ "prompt": "none" }), "login_required"),
        ("ATK-JARM-56/JARM-76 scope", json!({ "scope": "openid admin" }), "invalid_scope"),
        ("ATK-OIDC-01/IDT-07", json!({ "prompt": "none login" }), "invalid_request"),
        ("JARM-76 response_type", json!({ "response_type": "id_token" }), "unsupported_response_type"),
    ] {
        for (mode, place) in SIGNED {
            let mut change = change.clone();
            change["response_mode"] = json!(mode);
            change["state"] = json!("s");
            let place = if mode == "jwt" && id.contains("response_type") { '#' } else { place };
            if mode == "query.jwt" && id.contains("response_type") {
                continue;
            }
            let answer = house.visitor().open(&party.by_value(&house, &party.object(&house, change))).await;
            assert_carriage(&party, &answer, place, &["response"], id);
            let claims = house.verified(&carried(&answer, place, "response").unwrap()).await;
            assert_eq!(claims["error"], error, "{id} {mode}: {claims}");
            assert_eq!((&claims["state"], &claims["aud"]), (&json!("s"), &json!("baseline")), "{id} {mode}");
            assert!(claims["exp"].is_u64() && claims["code"].is_null(), "{id} {mode}");
        }
    }
    let object = party.object(&house, json!({ "prompt": "none", "response_mode": "query", "state": "s" }));
    let answer = house.visitor().open(&party.by_value(&house, &object)).await;
    let found = ["error", "error_description", "state", "iss"];
    assert_carriage(&party, &answer, '?', &found, "ISS-01: errors too");
    assert_eq!(answer.parameter("iss").as_deref(), Some(house.issuer().as_str()), "ISS-01");
}

async fn atk_jarm_57_nothing_is_answered_to_a_forged_request(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    let honest = party.object(&house, json!({}));
    let reply = house.visitor().open(&party.by_value(&house, &honest)).await;
    assert_eq!(reply.status, 303, "the control: {reply}");
    let before = house.census().await;
    let forged = format!("{honest}A");
    let beside = [
        ("request", &*forged),
        ("response_mode", "jwt"),
        ("redirect_uri", "https://evil.example/"),
        ("state", "s"),
    ];
    let reply = house.visitor().open(&party.url(&house, &beside)).await;
    assert_refused("ATK-JARM-57/JARM-77/JARM-75", &reply, "invalid_request_object");
    assert!(!reply.body.contains("evil.example"), "JAR-64: nothing is echoed");
    let beside = [("request", &*forged), ("redirect_uri", &*party.redirect_uri)];
    let reply = house.visitor().open(&party.url(&house, &beside)).await;
    assert_refused("JARM-77: not to the registered address either", &reply, "invalid_request_object");
    assert!(house.census().await.changed(&before).is_empty());
}

async fn atk_jarm_58_restricted_modes(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({ "response_modes": ["jwt", "query.jwt"] })).await;
    let url = |mode: Value| party.plain(&house, json!({ "response_mode": mode, "state": "s" }));
    let control = house.visitor().agree(&url(json!("jwt"))).await;
    party.code(&house, &control).await;
    for mode in [json!("query"), json!("fragment"), json!("form_post"), json!(null), json!("fragment.jwt")] {
        let answer = house.visitor().open(&url(mode.clone())).await;
        let claims = party.read(&house, &answer).await;
        assert_eq!(claims["error"], "invalid_request", "ATK-JARM-58/JARM-79/JARM-15 {mode}");
        assert_eq!(claims["state"], "s", "ATK-JARM-58");
    }
    let plain =
        house.register("plain-only", ProfileName::Baseline, json!({ "response_modes": ["query"] })).await;
    let answer = house.visitor().open(&plain.plain(&house, json!({ "response_mode": "form_post" }))).await;
    assert_eq!(answer.field("error").as_deref(), Some("invalid_request"), "JARM-15: {answer}");
}

async fn atk_jarm_60_and_atk_jarm_61_registrations(engine: Engine) {
    let house = House::open(engine).await;
    let fapi = ProfileName::Fapi2MessageSigning;
    let register = |profile: ProfileName, members: Value| {
        let party = Party::new("candidate", profile, members);
        let read = serde_json::from_value(party.metadata).map_err(|error| error.to_string());
        read.and_then(|metadata| Client::register(metadata).map_err(|error| error.to_string())).map(drop)
    };
    for (id, profile, members, passes) in [
        ("the control", fapi, json!({ "authorization_signed_response_alg": "ES256" }), true),
        ("ATK-JARM-60 none", fapi, json!({ "authorization_signed_response_alg": "none" }), false),
        (
            "ATK-JARM-60 none",
            ProfileName::Baseline,
            json!({ "authorization_signed_response_alg": "none" }),
            false,
        ),
        ("ATK-JARM-60/JARM-30", fapi, json!({ "authorization_signed_response_alg": "RS256" }), false),
        (
            "ATK-JARM-60/JARM-31",
            ProfileName::Baseline,
            json!({ "authorization_signed_response_alg": "HS256" }),
            false,
        ),
        ("ATK-JARM-61/JARM-36", fapi, json!({ "authorization_encrypted_response_enc": "A128GCM" }), false),
        ("ATK-JARM-61", fapi, json!({ "authorization_encrypted_response_alg": "RSA1_5" }), false),
        ("ATK-REG-06", fapi, json!({ "request_object_signing_alg": "none" }), false),
        ("JARM-12", fapi, json!({ "response_modes": ["query"] }), false),
    ] {
        assert_eq!(register(profile, members.clone()).is_ok(), passes, "{id} {members}");
    }
    // The same, written into the table by hand: then there is no such client.
    let party = baseline(&house, json!({})).await;
    let url = party.by_value(&house, &party.object(&house, json!({})));
    assert_eq!(house.visitor().open(&url).await.status, 303, "the control");
    let mut metadata = party.metadata.clone();
    metadata["authorization_signed_response_alg"] = json!("none");
    house.change(&party, &metadata).await;
    let url = party.by_value(&house, &party.object(&house, json!({})));
    assert_refused("ATK-JARM-60 stored", &house.visitor().open(&url).await, "invalid_client");
}

async fn jarm_91_the_code_decides(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    let mut visitor = house.visitor();
    let answer = visitor.agree(&party.by_value(&house, &party.object(&house, json!({})))).await;
    let claims = party.read(&house, &answer).await;
    house.advance(61);
    assert!(claims["exp"].as_u64().unwrap() > house.now().as_secs(), "the signed answer still lives");
    let reply = party.redeem(&house, claims["code"].as_str().unwrap()).await;
    assert_refused("JARM-91", &reply, "invalid_grant");
}

async fn jarm_92_no_script_reads_the_answer(engine: Engine) {
    let house = House::open(engine).await;
    let party = baseline(&house, json!({})).await;
    let url = party.by_value(&house, &party.object(&house, json!({})));
    let request =
        house.request(reqwest::Method::OPTIONS, "/authorize").header("origin", "https://evil.example");
    let preflight = house.send(request.header("access-control-request-method", "GET")).await;
    let mut visitor = house.visitor();
    let page = visitor.walk(&url).await;
    let answer = visitor.agree(&url).await;
    for reply in [&preflight, &page, &answer] {
        let allowed = reply.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
        assert!(!allowed, "JARM-92/ATK-RED-22/NET-05: {reply}");
    }
}
