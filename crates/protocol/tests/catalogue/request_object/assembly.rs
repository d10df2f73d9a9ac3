//! Which values count: those inside the verified object and no others (ATK-JAR-41, 72..86, 93..95; JAR-114..122).

use countersign_jose::Algorithm;
use countersign_protocol::parameter::{Delivery, Encoding};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::rejection::Rejection;
use countersign_protocol::request::{AuthorizationRequest, RawParameters};
use countersign_protocol::server::named_client;
use countersign_testkit::forge::Forgery;
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::parties::{CLIENT_ID, REDIRECT_URI, START, client_with};
use serde_json::json;

use crate::desk::{Bend, Way, browse, object, own};

/// The request that results from a bent object with parameters beside it.
fn assembled(way: Way, bent: &Forgery, beside: &[(&str, &str)]) -> Result<AuthorizationRequest, Reason> {
    way.send_with(&way.client(), &bent.sign(own()), beside)
}

#[test]
fn jar_114_what_stands_beside_the_object_is_ignored() {
    for way in Way::BOTH {
        let (client, object) = (way.client(), object().sign(own()));
        let control = way.send(&client, &object).unwrap();
        for (id, beside) in [
            ("ATK-JAR-72", ("scope", "openid accounts admin")),
            ("ATK-JAR-75", ("redirect_uri", "https://evil.example/callback")),
            ("ATK-JAR-76", ("state", "outer-state")),
            ("ATK-JAR-76", ("nonce", "outer-nonce")),
            ("ATK-JAR-78", ("response_mode", "query")),
            ("ATK-JAR-80", ("prompt", "none")),
            ("ATK-JAR-80", ("claims", "{}")),
            ("ATK-JAR-80", ("acr_values", "low")),
            ("ATK-JAR-80", ("max_age", "1")),
            ("ATK-JAR-80", ("login_hint", "eve")),
            ("ATK-JAR-80", ("id_token_hint", "x.y.z")),
            ("ATK-JAR-80", ("authorization_details", "[]")),
            ("ATK-JAR-80", ("resource", "https://evil.example")),
            ("ATK-JAR-80", ("dpop_jkt", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")),
            ("ATK-JAR-93", ("response_type", "code id_token")),
            ("JAR-115", ("state", "")),
            ("PKCE-11", ("code_challenge", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")),
        ] {
            let request = way.send_with(&client, &object, &[beside]);
            assert_eq!(request.as_ref(), Ok(&control), "{id} {beside:?} {way:?}");
        }
    }
}

#[test]
fn jar_114_nothing_is_filled_in_from_outside() {
    let all: &[(&str, &str)] = &[
        ("state", "outer-state"),
        ("nonce", "outer-nonce"),
        ("scope", "openid"),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("response_mode", "jwt"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    for way in Way::BOTH {
        assert!(assembled(way, &object(), all).is_ok(), "the control");
        let stateless = assembled(way, &object().without("state").without("nonce"), all).unwrap();
        assert_eq!((stateless.state, stateless.nonce), (None, None), "ATK-JAR-77");
        let scopeless = assembled(way, &object().without("scope"), all).unwrap();
        assert!(scopeless.scope.is_empty(), "ATK-JAR-73, ATK-JAR-94: treated as no scope");
        for (id, bend, expected) in [
            ("ATK-JAR-74", (|it| it.without("redirect_uri")) as Bend, Reason::RedirectUriMissing),
            ("ATK-JAR-79", |it| it.without("code_challenge"), Reason::CodeChallengeMissing),
            ("ATK-JAR-79", |it| it.without("code_challenge_method"), Reason::CodeChallengeMethod),
            ("ATK-JAR-95", |it| it.without("response_type"), Reason::ResponseTypeMissing),
            ("ATK-JAR-95", |it| it.without("client_id"), Reason::RequestObjectClientId),
        ] {
            assert_eq!(assembled(way, &bend(object()), all).err(), Some(expected), "JAR-128, {id}, {way:?}");
        }
    }
}

#[test]
fn jarm_17_the_response_mode_counts_only_from_inside() {
    let modeless = object().without("response_mode");
    let beside = [("response_mode", "form_post.jwt")];
    let baseline = assembled(Way::ByValue, &modeless, &beside).unwrap();
    assert_eq!(baseline.delivery, Delivery { encoding: Encoding::Query, signed: false }, "ATK-JARM-59");
    let strict = assembled(Way::Pushed, &modeless, &beside).err();
    assert_eq!(strict, Some(Reason::SignedResponseRequired), "ATK-JARM-59");
    let inside = assembled(Way::ByValue, &object(), &[("response_mode", "query")]).unwrap();
    assert!(inside.delivery.signed, "ATK-JAR-78");
}

#[test]
fn jar_118_names_of_jwt_claims_are_no_parameters() {
    for way in Way::BOTH {
        let (client, object) = (way.client(), object().sign(own()));
        let beside = [("iss", "x"), ("aud", "x"), ("exp", "1"), ("sub", "x"), ("jti", "x")];
        let control = way.send(&client, &object);
        assert!(control.is_ok(), "the control");
        assert_eq!(way.send_with(&client, &object, &beside), control);
    }
}

/// Opens an authorization URL with these parameters, for a client that may carry its requests there.
fn opened(parameters: &[(&str, &str)]) -> Result<AuthorizationRequest, Rejection> {
    browse(&Way::ByValue.client(), parameters, START)
}

#[test]
fn jar_22_the_client_is_named_outside() {
    let object = object().sign(own());
    assert!(opened(&[("client_id", CLIENT_ID), ("request", &object)]).is_ok(), "the control");
    let unnamed = opened(&[("request", &object)]).err();
    assert_eq!(unnamed, Some(Rejection::Page(Reason::ClientIdMissing)), "ATK-JAR-41, JAR-124");
    let raw = RawParameters::parse(b"client_id=no%20client").unwrap();
    assert_eq!(named_client(&raw), Err(Reason::ClientUnknown), "ATK-RED-17");
}

#[test]
fn jar_21_one_way_at_a_time() {
    let object = object().sign(own());
    let by_value = ("request", object.as_str());
    assert!(opened(&[("client_id", CLIENT_ID), by_value]).is_ok(), "the control");
    for uri in ["urn:ietf:params:oauth:request_uri:x", "https://rp.example/object"] {
        let both = opened(&[("client_id", CLIENT_ID), by_value, ("request_uri", uri)]).err();
        assert_eq!(both, Some(Rejection::Page(Reason::RequestTwice)), "ATK-JAR-82 {uri}");
    }
    let at_par = Way::Pushed.send_with(&Way::Pushed.client(), &object, &[("request_uri", "urn:x")]).err();
    assert_eq!(at_par, Some(Reason::RequestUriAtPar), "JAR-27, ATK-PAR-01");
}

#[test]
fn jar_29_nothing_comes_twice() {
    let attacker = key(Owner::Attacker, Algorithm::ES256);
    let (good, bad) = (object().sign(own()), object().sign(attacker));
    assert!(opened(&[("client_id", CLIENT_ID), ("request", &good)]).is_ok(), "the control");
    for (first, second) in [(&good, &bad), (&bad, &good), (&good, &good)] {
        let twice = opened(&[("client_id", CLIENT_ID), ("request", first), ("request", second)]).err();
        assert_eq!(twice, Some(Rejection::Page(Reason::ParameterRepeated)), "ATK-JAR-83");
        let query = format!("client_id={CLIENT_ID}&request={first}");
        let body = format!("request={second}");
        let split = RawParameters::parse_all(&[query.as_bytes(), body.as_bytes()]);
        assert_eq!(split, Err(Reason::ParameterRepeated), "ATK-JAR-83, JAR-28: once in query, once in body");
    }
}

#[test]
fn jar_100_and_101_where_signing_is_demanded_plain_parameters_do_not_pass() {
    let plain: &[(&str, &str)] = &[
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("response_mode", "jwt"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    assert!(opened(plain).is_ok(), "the control: the baseline takes plain parameters");
    let pushed = |client: &_| Way::Pushed.carry(client, plain, START);
    assert!(pushed(&client_with(ProfileName::Fapi2Security, &json!({}))).is_ok(), "the control, pushed");

    let demanding = Way::ByValue.client_with(&json!({ "require_signed_request_object": true }));
    let refused = browse(&demanding, plain, START).err();
    assert_eq!(refused, Some(Rejection::Page(Reason::SignedRequestRequired)), "ATK-JAR-84, JAR-101");
    assert_eq!(pushed(&demanding).err(), Some(Reason::SignedRequestRequired), "ATK-JAR-84, pushed");
    assert_eq!(
        pushed(&Way::Pushed.client()).err(),
        Some(Reason::SignedRequestRequired),
        "ATK-JAR-85, JAR-103"
    );
    let unsigned = Way::Pushed.client_with(&json!({ "require_signed_request_object": false }));
    assert_eq!(
        pushed(&unsigned).err(),
        Some(Reason::SignedRequestRequired),
        "JAR-101: false overrides nothing"
    );
    let alg_only = Way::ByValue.client_with(&json!({ "request_object_signing_alg": "ES256" }));
    assert!(browse(&alg_only, plain, START).is_ok(), "JAR-104: an algorithm alone demands nothing");
}

#[test]
fn jar_43_ways_that_are_closed() {
    let object = object().sign(own());
    for profile in ProfileName::ALL {
        let client = client_with(profile, &json!({}));
        let fetched = [("client_id", CLIENT_ID), ("request_uri", "https://rp.example/object")];
        let refused = browse(&client, &fetched, START).err();
        assert_eq!(refused, Some(Rejection::Page(Reason::RequestUriNotSupported)), "ATK-JAR-86, {profile}");
        for foreign in
            ["http://rp.example/o", "file:///etc/passwd", "data:,x", "gopher://x", "urn:x", "HTTPS://x"]
        {
            let reference = [("client_id", CLIENT_ID), ("request_uri", foreign)];
            let refused = browse(&client, &reference, START).err();
            assert_eq!(refused, Some(Rejection::Page(Reason::RequestUriUnknown)), "ATK-URI-02 {foreign}");
        }
        if profile != ProfileName::Baseline {
            let plain = [("client_id", CLIENT_ID), ("redirect_uri", REDIRECT_URI), ("response_type", "code")];
            let refused = browse(&client, &plain, START).err();
            assert_eq!(
                refused,
                Some(Rejection::Page(Reason::PushedRequestRequired)),
                "ATK-PAR-16, {profile}"
            );
            let by_value = browse(&client, &[("client_id", CLIENT_ID), ("request", &object)], START).err();
            assert_eq!(
                by_value,
                Some(Rejection::Page(Reason::PushedRequestRequired)),
                "ATK-JAR-86, ATK-PAR-17"
            );
        }
    }
}

#[test]
fn jar_122_state_and_nonce_stay_as_they_are() {
    for way in Way::BOTH {
        let odd = "quote\" back\\slash\u{1}\u{2028} é 🦀 &code=x\r\n";
        let request = assembled(way, &object().claim("state", odd).claim("nonce", odd), &[]).unwrap();
        assert_eq!(request.state.unwrap().as_str(), odd, "ATK-RED-15");
        assert_eq!(request.nonce.unwrap().as_str(), odd, "ATK-OIDC-06");
        for (name, length, refused) in [
            ("state", 1024, None),
            ("state", 2048, None),
            ("state", 2049, Some(Reason::StateTooLong)),
            ("nonce", 64, None),
            ("nonce", 384, None),
            ("nonce", 513, Some(Reason::NonceTooLong)),
        ] {
            let sent = assembled(way, &object().claim(name, "x".repeat(length)), &[]);
            assert_eq!(sent.err(), refused, "{name} of {length}, {way:?}");
        }
    }
}

#[test]
fn atk_jar_92_a_hostile_login_hint_is_only_text() {
    let hint = "eve\r\nSet-Cookie: a=b";
    let request = assembled(Way::Pushed, &object().claim("login_hint", hint), &[]).unwrap();
    assert_eq!(request.login_hint.as_deref(), Some(hint));
    let long = assembled(Way::Pushed, &object().claim("login_hint", "x".repeat(10_000)), &[]).unwrap();
    assert_eq!(long.login_hint, None, "ignored");
}
