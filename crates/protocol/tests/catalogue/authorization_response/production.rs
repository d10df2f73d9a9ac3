//! What the server sends (ATK-JARM-51..56, 64, 66; JARM-01..28, 76): signed, complete, and nothing outside.

use std::collections::BTreeSet;

use countersign_jose::{Algorithm, Limits, jws};
use countersign_protocol::parameter::Encoding;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::response::{Answer, Outcome};
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::pair::{Authority, form};
use countersign_testkit::parties::{CLIENT_ID, ISSUER, REDIRECT_URI, START};
use serde_json::{Value, json};

use crate::desk::{object, own};

/// The answer to a by-value request with these claims, of a client registered with these members.
fn answered(members: &Value, claims: &Value, outcome: impl FnOnce() -> Option<Reason>) -> Answer {
    let mut server = Authority::new(ProfileName::Baseline, members);
    let mut request = object();
    for (name, value) in claims.as_object().unwrap() {
        request = if value.is_null() { request.without(name) } else { request.claim(name, value.clone()) };
    }
    let query = form(&[("client_id", CLIENT_ID), ("request", &request.sign(own()))]);
    let visit = server.authorize(&query, START).unwrap();
    match outcome() {
        None => server.grant(&visit, START).unwrap(),
        Some(reason) => server.answer(&visit, Outcome::Refused(reason), START).unwrap(),
    }
}

fn granted(claims: &Value) -> Answer {
    answered(&json!({}), claims, || None)
}

/// Header and claims of a signed answer, its signature checked.
fn opened(answer: &Answer, algorithm: Algorithm) -> (jws::Header, Value) {
    let [("response", jwt)] = answer.parameters() else { panic!("{answer:?}") };
    let unverified = jws::Unverified::parse(jwt, &Limits::TOKEN).unwrap();
    let verified = unverified.verify(&key(Owner::Server, algorithm).verifying_key()).unwrap();
    (verified.header().clone(), verified.claims().unwrap())
}

#[test]
fn jarm_18_a_success_holds_exactly_what_it_must() {
    let answer = granted(&json!({}));
    let (header, claims) = opened(&answer, Algorithm::ES256);
    assert_eq!(header.typ.as_deref(), Some("JWT"), "JARM-28");
    assert_eq!(header.kid, Some(key(Owner::Server, Algorithm::ES256).thumbprint().to_string()), "JARM-32");
    assert_eq!(claims["iss"], ISSUER, "JARM-19");
    assert_eq!(claims["aud"], CLIENT_ID, "JARM-19: one string");
    assert_eq!(claims["iat"], START.as_secs(), "JARM-25");
    assert_eq!(claims["exp"], START.as_secs() + 120, "JARM-20");
    assert_eq!(claims["state"], "inner-state", "JARM-22");
    assert_eq!(claims["code"].as_str().map(str::len), Some(43), "CODE-02");
    let names: BTreeSet<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    let all = BTreeSet::from(["aud", "code", "exp", "iat", "iss", "state"]);
    assert_eq!(names, all, "JARM-25, JARM-11: nothing else");
    assert_eq!(opened(&granted(&json!({ "state": null })), Algorithm::ES256).1.get("state"), None, "JARM-22");
}

#[test]
fn jarm_76_every_error_is_as_signed_as_a_success() {
    for (id, reason, code) in [
        ("ATK-JARM-55", Reason::AccessDenied, "access_denied"),
        ("ATK-JARM-56", Reason::LoginRequired, "login_required"),
        ("ATK-JARM-56", Reason::ConsentRequired, "consent_required"),
        ("ATK-JARM-56", Reason::ScopeNotAllowed, "invalid_scope"),
        ("ATK-JARM-56", Reason::ServerFault, "server_error"),
        ("JARM-76", Reason::Overloaded, "temporarily_unavailable"),
    ] {
        let answer = answered(&json!({}), &json!({}), || Some(reason));
        let (_, claims) = opened(&answer, Algorithm::ES256);
        assert_eq!(claims["error"], code, "{id}");
        assert_eq!(claims["state"], "inner-state", "{id}: JARM-23");
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some(CLIENT_ID)), "{id}");
        assert_eq!(claims.get("code"), None, "{id}");
        assert_eq!(answer.parameters().len(), 1, "{id}: JARM-11, ATK-JARM-64");
    }
}

#[test]
fn jarm_01_each_mode_takes_its_road() {
    for (mode, encoding, start) in [
        ("jwt", Encoding::Query, "?response="),
        ("query.jwt", Encoding::Query, "?response="),
        ("fragment.jwt", Encoding::Fragment, "#response="),
        ("form_post.jwt", Encoding::FormPost, "?response="),
    ] {
        let answer = granted(&json!({ "response_mode": mode }));
        assert_eq!(answer.delivery().encoding, encoding, "ATK-JARM-51 {mode}");
        assert!(answer.delivery().signed, "{mode}");
        assert_eq!(opened(&answer, Algorithm::ES256).1["aud"], CLIENT_ID);
        if encoding != Encoding::FormPost {
            assert!(
                answer.location().starts_with(&format!("{REDIRECT_URI}{start}")),
                "JARM-07, JARM-08 {mode}"
            );
        }
        assert_eq!(answer.redirect_uri().as_str(), REDIRECT_URI, "JARM-71");
    }
    let plain = granted(&json!({ "response_mode": null }));
    let names: Vec<_> = plain.parameters().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["code", "state", "iss"], "ISS-01: a plain answer names its issuer");
}

#[test]
fn jarm_07_the_query_of_the_registered_uri_stays() {
    let uri = "https://rp.example/callback?tenant=7&x=%26";
    let members = json!({ "redirect_uris": [uri] });
    for (mode, separator) in [("query.jwt", '&'), ("fragment.jwt", '#')] {
        let claims = json!({ "redirect_uri": uri, "response_mode": mode, "state": "&code=attacker#x" });
        let location = answered(&members, &claims, || None).location();
        assert!(location.starts_with(&format!("{uri}{separator}response=")), "ATK-RED-14 {location}");
        assert!(!location.contains("attacker"), "ATK-RED-14: the state is inside the JWT");
    }
    let claims = json!({ "redirect_uri": uri, "response_mode": "query", "state": "&code=attacker\r\n" });
    let location = answered(&members, &claims, || None).location();
    assert_eq!(location.matches("code=").count(), 1, "ATK-RED-14 {location}");
    assert!(location.contains("state=%26code%3Dattacker%0D%0A"), "ATK-RED-15 {location}");
}

#[test]
fn jarm_33_the_state_is_written_as_a_value_and_comes_back_the_same() {
    for (id, state) in [
        ("ATK-JARM-52", "\"><script>alert(1)</script>"),
        ("ATK-JARM-53", "quote\" back\\slash \u{1} \u{2028} \u{1f980}"),
        ("ATK-JARM-66", "x\",\"aud\":\"evil"),
    ] {
        let (_, claims) = opened(&granted(&json!({ "state": state })), Algorithm::ES256);
        assert_eq!(claims["state"], state, "{id}");
        assert_eq!(claims["aud"], CLIENT_ID, "{id}");
        assert_eq!(claims.as_object().unwrap().len(), 6, "{id}");
    }
}

#[test]
fn jarm_29_the_registered_algorithm_signs() {
    for algorithm in [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA] {
        let members = json!({ "authorization_signed_response_alg": algorithm });
        let answer = answered(&members, &json!({}), || None);
        assert_eq!(opened(&answer, algorithm).0.algorithm, algorithm);
    }
    let default = answered(&json!({}), &json!({}), || None);
    assert_eq!(opened(&default, Algorithm::ES256).0.algorithm, Algorithm::ES256, "JARM-30");
}
