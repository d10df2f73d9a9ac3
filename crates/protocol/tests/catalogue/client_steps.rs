//! What the client does and refuses to do (ATK-CLI-02..04, 10, 11, 15, 16, ATK-JARM-43, 44; JAR-01..25, META-03, JARM-85).

use countersign_jose::{Limits, jws};
use countersign_protocol::client::{Begun, check_metadata, check_userinfo};
use countersign_protocol::metadata::ServerMetadata;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::token::{ExpectedIdToken, verify_id_token};
use countersign_testkit::entropy::Seeded;
use countersign_testkit::forge;
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::pair::{Pair, configuration};
use countersign_testkit::parties::{
    CLIENT_ID, ISSUER, REDIRECT_URI, START, issuer, merge, server_keys, server_metadata,
};
use serde_json::{Value, json};

/// The published document with some members replaced.
fn altered(members: &Value) -> ServerMetadata {
    let mut document = json!(server_metadata(ProfileName::Fapi2MessageSigning));
    merge(&mut document, members);
    serde_json::from_value(document).unwrap()
}

#[test]
fn jarm_85_a_client_does_not_start_with_less_than_it_must_have() {
    let own = configuration();
    assert_eq!(check_metadata(&altered(&json!({})), &own), Ok(()), "the control");
    let start = |members: &Value| Begun::new(&own, &altered(members), &mut Seeded::new(1)).err();
    assert_eq!(start(&json!({})), None, "the control");
    for (id, members, expected) in [
        ("ATK-CLI-03 slash", json!({ "issuer": format!("{ISSUER}/") }), Reason::MetadataIssuer),
        ("ATK-CLI-03 path", json!({ "issuer": format!("{ISSUER}/tenant") }), Reason::MetadataIssuer),
        ("ATK-CLI-03 other, ATK-CLI-02", json!({ "issuer": "https://evil.example" }), Reason::MetadataIssuer),
        ("ATK-JARM-44", json!({ "response_modes_supported": ["query", "form_post"] }), Reason::MetadataLacks),
        ("ATK-JARM-44 absent", json!({ "response_modes_supported": null }), Reason::MetadataLacks),
        ("JARM-83", json!({ "response_modes_supported": ["query.jwt"] }), Reason::MetadataLacks),
        (
            "JARM-82",
            json!({ "authorization_signing_alg_values_supported": ["none", "RS256"] }),
            Reason::MetadataLacks,
        ),
        ("PKCE-10", json!({ "code_challenge_methods_supported": ["plain"] }), Reason::MetadataLacks),
        (
            "JAR-14, ATK-CLI-04",
            json!({ "request_object_signing_alg_values_supported": ["none"] }),
            Reason::MetadataLacks,
        ),
        ("PAR-15", json!({ "pushed_authorization_request_endpoint": null }), Reason::MetadataLacks),
        ("DPOP-04", json!({ "dpop_signing_alg_values_supported": [] }), Reason::MetadataLacks),
        (
            "CAUTH-01",
            json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] }),
            Reason::MetadataLacks,
        ),
        ("ATK-CLI-04 http", json!({ "token_endpoint": "http://as.example/token" }), Reason::MetadataLacks),
        ("ATK-CLI-04 http", json!({ "jwks_uri": "http://as.example/jwks" }), Reason::MetadataLacks),
        ("ATK-CLI-04 file", json!({ "authorization_endpoint": "file:///etc" }), Reason::MetadataLacks),
        (
            "ATK-CLI-16 fragment",
            json!({ "authorization_endpoint": "https://as.example/authorize#x" }),
            Reason::MetadataLacks,
        ),
    ] {
        assert_eq!(start(&members), Some(expected), "{id}");
    }
}

#[test]
fn meta_03_on_loopback_only_the_issuers_own_origin_may_be_http() {
    let mut own = configuration();
    own.issuer = "http://localhost:8080".parse().unwrap();
    let at = |origin: &str| {
        let endpoints = json!({
            "issuer": "http://localhost:8080",
            "authorization_endpoint": "http://localhost:8080/authorize",
            "token_endpoint": format!("{origin}/token"),
            "jwks_uri": "http://localhost:8080/jwks",
            "userinfo_endpoint": "http://localhost:8080/userinfo",
            "pushed_authorization_request_endpoint": "http://localhost:8080/par",
        });
        check_metadata(&altered(&endpoints), &own)
    };
    assert_eq!(at("http://localhost:8080"), Ok(()), "the control");
    for evil in
        ["http://localhost:8080.evil.example", "http://localhost:8080@evil.example", "http://localhost:80801"]
    {
        assert_eq!(at(evil), Err(Reason::MetadataLacks), "ATK-CLI-04 {evil}");
    }
}

#[test]
fn meta_07_wrong_types_do_not_read() {
    for members in [
        json!({ "issuer": ["https://as.example"] }),
        json!({ "token_endpoint": 7 }),
        json!({ "response_modes_supported": "jwt" }),
        json!({ "require_signed_request_object": "yes" }),
        json!({ "token_endpoint": null }),
    ] {
        let mut document = json!(server_metadata(ProfileName::Fapi2MessageSigning));
        assert!(serde_json::from_value::<ServerMetadata>(document.clone()).is_ok(), "the control");
        merge(&mut document, &members);
        assert!(serde_json::from_value::<ServerMetadata>(document).is_err(), "ATK-CLI-04 {members}");
    }
}

/// The claims of the request object in a push.
fn pushed_claims(seed: u64) -> (jws::Header, Value) {
    let (own, metadata) = (configuration(), server_metadata(ProfileName::Fapi2MessageSigning));
    let mut entropy = Seeded::new(seed);
    let begun = Begun::new(&own, &metadata, &mut entropy).unwrap();
    let push = begun.push(&own, &metadata, START, &mut entropy).unwrap();
    let names: Vec<_> = push.form.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["client_id", "client_assertion_type", "client_assertion", "request"], "JAR-25");
    let unverified = jws::Unverified::parse(&push.form[3].1, &Limits::TOKEN).unwrap();
    let verified = unverified.verify(&own.key.verifying_key()).unwrap();
    (verified.header().clone(), verified.claims().unwrap())
}

#[test]
fn jar_01_the_client_signs_everything_it_asks_for() {
    let (header, claims) = pushed_claims(1);
    assert!(header.is_type("oauth-authz-req+jwt"), "JAR-11");
    assert_eq!(header.kid, Some(key(Owner::Client, header.algorithm).thumbprint().to_string()), "JAR-12");
    assert!(header.jwk.is_none(), "JAR-13");
    assert_eq!(claims["iss"], CLIENT_ID, "JAR-06");
    assert_eq!(claims["aud"], ISSUER, "JAR-07");
    assert_eq!(claims["client_id"], CLIENT_ID, "JAR-03");
    assert_eq!(
        (claims["nbf"].as_u64(), claims["iat"].as_u64()),
        (Some(START.as_secs()), Some(START.as_secs())),
        "JAR-08"
    );
    assert_eq!(claims["exp"], START.as_secs() + 300, "JAR-08");
    assert_eq!(claims["redirect_uri"], REDIRECT_URI, "JAR-01");
    assert_eq!(claims["response_mode"], "jwt", "JARM-14");
    assert_eq!(claims["code_challenge_method"], "S256");
    for absent in ["sub", "request", "request_uri"] {
        assert_eq!(claims.get(absent), None, "JAR-02, JAR-10");
    }
    assert!(claims.as_object().unwrap().values().all(|value| !value.is_null() && value != ""), "JAR-18");
    assert!(claims["nonce"].as_str().unwrap().len() <= 64, "JAR-17");
    let (_, again) = pushed_claims(2);
    for fresh in ["jti", "state", "nonce", "code_challenge"] {
        assert_ne!(claims[fresh], again[fresh], "JAR-09, JAR-15: {fresh}");
        assert_eq!(claims[fresh].as_str().map(str::len), Some(43), "256 bits: {fresh}");
    }
}

#[test]
fn jar_23_the_browser_carries_two_parameters() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let login = pair.client_pushes().unwrap();
    let (address, query) = login.url.split_once('?').unwrap();
    assert_eq!(address, "https://as.example/authorize");
    assert_eq!(
        query.split('&').map(|pair| pair.split('=').next().unwrap()).collect::<Vec<_>>(),
        ["client_id", "request_uri"]
    );
    assert!(query.len() < 512, "JAR-30");
    pair.metadata.authorization_endpoint = "https://as.example/authorize?tenant=7".to_owned();
    let login = pair.client_pushes().unwrap();
    assert!(login.url.starts_with("https://as.example/authorize?tenant=7&client_id="), "ATK-CLI-16");
}

#[test]
fn par_06_the_answer_to_a_push_is_only_a_name() {
    let (own, metadata) = (configuration(), server_metadata(ProfileName::Fapi2MessageSigning));
    let pushed = |body: &str| {
        let begun = Begun::new(&own, &metadata, &mut Seeded::new(1)).unwrap();
        begun.pushed(body.as_bytes()).map(|pushed| pushed.redirect(&own, &metadata).0)
    };
    assert!(pushed(r#"{"request_uri":"urn:x","expires_in":90}"#).is_ok(), "the control");
    for body in [
        r#"{"request_uri":"urn:x","expires_in":-1}"#,
        r#"{"request_uri":"urn:x","expires_in":0}"#,
        r#"{"request_uri":"urn:x"}"#,
        r#"{"request_uri":"","expires_in":90}"#,
        r#"{"request_uri":7,"expires_in":90}"#,
        r#"<html>"#,
        &json!({ "request_uri": "u".repeat(513), "expires_in": 90 }).to_string(),
    ] {
        assert_eq!(pushed(body).err(), Some(Reason::PushedResponse), "ATK-CLI-15 {body}");
    }
    let elsewhere = pushed(r#"{"request_uri":"https://evil.example/?a=b&c","expires_in":90}"#).unwrap();
    assert!(
        elsewhere.starts_with("https://as.example/authorize?"),
        "ATK-CLI-15: an opaque value, never fetched"
    );
    assert!(elsewhere.ends_with("request_uri=https%3A%2F%2Fevil.example%2F%3Fa%3Db%26c"), "{elsewhere}");
}

#[test]
fn tok_05_the_token_answer_has_what_it_must() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let verify = |pair: &mut Pair, change: &dyn Fn(&mut Value)| {
        let granted = pair.until_granted().unwrap();
        let request = granted
            .exchange(&pair.own, &pair.metadata, pair.now, &mut Seeded::new(pair.now.as_secs()))
            .unwrap();
        assert_eq!(request.url, "https://as.example/token", "ATK-JARM-43: fixed by the issuer of the login");
        let body = pair.server.redeem(
            &countersign_testkit::pair::form(&request.form),
            Some(&request.proof),
            pair.now,
        );
        let mut answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
        change(&mut answer);
        pair.advance(1);
        request.verify(answer.to_string().as_bytes(), &pair.own, &pair.keys, pair.now).err()
    };
    assert_eq!(verify(&mut pair, &|_| {}), None, "the control");
    for (id, members, expected) in [
        ("ATK-CLI-11 Bearer, SCT-06", json!({ "token_type": "Bearer" }), Reason::TokenTypeUnexpected),
        ("ATK-CLI-11 unknown", json!({ "token_type": "mac" }), Reason::TokenTypeUnexpected),
        ("ATK-CLI-11 missing", json!({ "token_type": null }), Reason::TokenResponse),
        ("ATK-CLI-11 no token", json!({ "access_token": null }), Reason::TokenResponse),
        ("ATK-CLI-11 no ID token", json!({ "id_token": null }), Reason::TokenResponse),
        (
            "ATK-CLI-08 a stranger's",
            json!({ "id_token": forge::id_token(START, "other").sign(key(Owner::Server, countersign_jose::Algorithm::ES256)) }),
            Reason::IdTokenInvalid,
        ),
    ] {
        assert_eq!(verify(&mut pair, &|answer| merge(answer, &members)), Some(expected), "{id}");
    }
    assert_eq!(verify(&mut pair, &|answer| merge(answer, &json!({ "token_type": "dpop" }))), None, "DPOP-13");
}

#[test]
fn ui_04_userinfo_is_about_the_same_person() {
    let token = forge::id_token(START, "n").sign(key(Owner::Server, countersign_jose::Algorithm::ES256));
    let nonce = "n".parse().unwrap();
    let expected = ExpectedIdToken {
        issuer: &issuer(),
        keys: &server_keys(),
        client_id: &CLIENT_ID.parse().unwrap(),
        algorithm: countersign_jose::Algorithm::ES256,
        nonce: Some(&nonce),
    };
    let identity = verify_id_token(&token, expected, START).unwrap();
    assert!(check_userinfo(br#"{"sub":"person","name":"P"}"#, &identity).is_ok(), "the control");
    for body in
        [&br#"{"sub":"another"}"#[..], br#"{"name":"P"}"#, br#"{"sub":"person","sub":"another"}"#, b"[]"]
    {
        assert_eq!(check_userinfo(body, &identity).err(), Some(Reason::UserinfoSubject), "ATK-CLI-10");
    }
}
