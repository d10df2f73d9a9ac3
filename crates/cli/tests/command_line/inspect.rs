use countersign_jose::jwe::{ContentEncryption, DecryptionKey, EncryptionKey, JweAlgorithm, encrypt};
use countersign_jose::{Algorithm, SigningKey, SystemEntropy, base64url, jws};
use countersign_protocol::client_auth::sign_assertion;
use countersign_protocol::dpop::sign_proof;
use countersign_protocol::time::UnixTime;
use serde_json::{Value, json};

use super::Bench;

const ISSUER: &str = "https://as.example";

fn now() -> UnixTime {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    UnixTime::from_secs(now.as_secs())
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

fn request_claims() -> Value {
    json!({
        "iss": "shop", "client_id": "shop", "aud": ISSUER, "jti": "one",
        "nbf": now(), "exp": now().plus(300), "response_type": "code", "response_mode": "jwt",
        "redirect_uri": "https://app.example/cb", "scope": "openid", "state": "s",
        "code_challenge": base64url::encode([7; 32]), "code_challenge_method": "S256",
    })
}

fn request_object(key: &SigningKey, claims: &Value) -> String {
    jws::sign(key, Some("oauth-authz-req+jwt"), claims).unwrap()
}

/// The status of a rule: broken if it is broken anywhere.
fn status(document: &Value, rule: &str) -> String {
    let findings = document["token"]["findings"].as_array().unwrap();
    let mut statuses: Vec<_> = findings
        .iter()
        .filter(|finding| finding["rule"] == rule)
        .map(|finding| finding["status"].as_str().unwrap())
        .collect();
    statuses.sort_unstable();
    (*statuses.first().unwrap_or(&"absent")).to_owned()
}

#[test]
fn a_good_request_object_holds_and_the_core_agrees() {
    let (bench, key) = (Bench::new(), key());
    let jwks = bench.write("jwks.json", json!({ "keys": [key.public_jwk()] }).to_string());
    let token = request_object(&key, &request_claims());
    let known = ["--jwks", &jwks, "--client-id", "shop", "--audience", ISSUER];
    let (code, document) = bench.json(&[&["inspect", &token], &known[..]].concat());
    assert_eq!(code, Some(0), "{document:#}");
    assert_eq!(document["token"]["kind"], "request_object");
    assert_eq!(status(&document, "JAR-51"), "held");
    assert_eq!(status(&document, "JAR-55"), "held");
    assert_eq!(status(&document, "JAR-105"), "not_checkable");
    assert_eq!(document["token"]["verdict"]["accepted"], true);
    let text = bench.run(&["inspect", &token]).out;
    assert!(text.contains("in 4 min") || text.contains("in 5 min"), "{text}");
    assert!(text.contains("not checkable  JAR-51"), "without keys: {text}");
}

#[test]
fn bent_request_objects_break_the_rule_they_break() {
    let (bench, key) = (Bench::new(), key());
    let jwks = bench.write("jwks.json", json!({ "keys": [key.public_jwk()] }).to_string());
    for (rule, member, value) in [
        ("JAR-53", "client_id", json!("other")),
        ("JAR-54", "iss", json!("other")),
        ("JAR-55", "aud", json!("https://as.example/par")),
        ("JAR-56", "sub", json!("shop")),
        ("JAR-83", "exp", json!("soon")),
        ("JAR-80", "exp", json!(now().minus(60))),
        ("JAR-79", "exp", json!(now().plus(4000))),
        ("JAR-78", "nbf", json!(now().minus(4000))),
        ("JAR-81", "iat", json!(now().plus(90))),
        ("JAR-107", "jti", json!(7)),
        ("JAR-59", "request_uri", json!("https://app.example/r")),
        ("JAR-119", "state", json!(null)),
    ] {
        let mut claims = request_claims();
        claims[member] = value;
        let token = request_object(&key, &claims);
        let arguments = ["inspect", &token, "--jwks", &jwks, "--client-id", "shop", "--audience", ISSUER];
        let (code, document) = bench.json(&arguments);
        assert_eq!(code, Some(1), "{rule}");
        assert_eq!(status(&document, rule), "broken", "{rule}: {document:#}");
        assert_eq!(document["token"]["verdict"]["accepted"], false, "{rule}: the core refuses it too");
    }
    let foreign = request_object(&self::key(), &request_claims());
    let (_, document) = bench.json(&["inspect", &foreign, "--jwks", &jwks]);
    assert_eq!(status(&document, "JAR-51"), "broken", "ATK-JAR-01: signed by somebody else");
}

#[test]
fn hostile_tokens_are_shown_and_refused() {
    let (bench, key) = (Bench::new(), key());
    let payload = base64url::encode(request_claims().to_string());
    for (rule, attack, header) in [
        ("JAR-48", "ATK-JAR-28 duplicate alg", "{\"alg\":\"none\",\"alg\":\"ES256\"}"),
        ("JAR-49", "none", "{\"alg\":\"none\"}"),
        ("JAR-49", "public key as HMAC secret", "{\"alg\":\"HS256\"}"),
        ("JAR-66", "unknown crit", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}"),
        ("JAR-67", "b64", "{\"alg\":\"ES256\",\"b64\":false}"),
        ("JAR-68", "jku", "{\"alg\":\"ES256\",\"jku\":\"https://evil.example\"}"),
        ("JAR-109", "foreign typ", "{\"alg\":\"ES256\",\"typ\":\"logout+jwt\"}"),
    ] {
        let token = format!("{}.{payload}.{}", base64url::encode(header), base64url::encode([1; 64]));
        let (code, document) = bench.json(&["inspect", &token, "--kind", "request-object"]);
        assert_eq!(code, Some(1), "{attack}");
        assert_eq!(status(&document, rule), "broken", "{attack}: {document:#}");
        assert_eq!(document["token"]["claims"]["client_id"], "shop", "{attack}: it is shown all the same");
    }
    let doubled = "{\"response_type\":\"code\",\"client_id\":\"a\",\"client_id\":\"b\\u001b[2J\"}";
    let token = request_object(&key, &json!({}));
    let header = token.split('.').next().unwrap();
    let ran = bench.run(&["inspect", &format!("{header}.{}.AAAA", base64url::encode(doubled))]);
    assert!(ran.code == Some(1) && ran.out.contains("\"client_id\" stands more than once"), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}'), "nothing of a token reaches the terminal as a command");
}

#[test]
fn every_kind_is_recognised() {
    let (bench, key, time) = (Bench::new(), key(), now());
    let (iat, exp) = (json!(time), json!(time.plus(60)));
    let sign = |typ: &str, claims: Value| jws::sign(&key, Some(typ), &claims).unwrap();
    let assertion =
        sign_assertion(&"shop".parse().unwrap(), &ISSUER.parse().unwrap(), "j", &key, time).unwrap();
    let proof = sign_proof(&key, "POST", "https://as.example/token", None, "j", time).unwrap();
    for (kind, code, token) in [
        ("request_object", 0, request_object(&key, &request_claims())),
        (
            "authorization_response",
            0,
            sign("JWT", json!({ "iss": ISSUER, "aud": "shop", "exp": exp, "code": "c" })),
        ),
        (
            "id_token",
            0,
            sign(
                "JWT",
                json!({ "iss": ISSUER, "sub": "alice", "aud": "shop", "exp": exp, "iat": iat, "nonce": "n" }),
            ),
        ),
        ("client_assertion", 0, assertion),
        ("dpop_proof", 0, proof),
        (
            "access_token",
            0,
            sign(
                "at+jwt",
                json!({ "iss": ISSUER, "sub": "alice", "aud": "r", "client_id": "shop", "exp": exp, "iat": iat, "jti": "j" }),
            ),
        ),
        ("other", 0, sign("logout+jwt", json!({ "iss": ISSUER }))),
    ] {
        let (found, document) = bench.json(&["inspect", &token]);
        assert_eq!((document["token"]["kind"].as_str(), found), (Some(kind), Some(code)), "{document:#}");
    }
}

#[test]
fn urls_are_taken_apart() {
    let (bench, key) = (Bench::new(), key());
    let object = request_object(&key, &request_claims());
    let url = format!("https://as.example/authorize?client_id=shop&request={object}");
    let (code, document) = bench.json(&["inspect", &url, "--profile", "baseline"]);
    assert_eq!(code, Some(0), "{document:#}");
    assert_eq!(document["carrier"]["what"], "Authorization request URL");
    assert_eq!(document["token"]["kind"], "request_object");
    let (code, _) = bench.json(&["inspect", &format!("{url}&request_uri=urn:x")]);
    assert_eq!(code, Some(1), "JAR-21: both");
    let (code, _) = bench.json(&["inspect", &format!("{url}&client_id=other")]);
    assert_eq!(code, Some(1), "JAR-29: twice");

    let claims = json!({ "iss": ISSUER, "aud": "shop", "exp": now().plus(60), "error": "access_denied" });
    let answer = jws::sign(&key, Some("JWT"), &claims).unwrap();
    for separator in ['?', '#'] {
        let url = format!("https://app.example/cb{separator}response={answer}");
        let (code, document) = bench.json(&["inspect", &url]);
        assert_eq!(
            (code, document["token"]["kind"].as_str()),
            (Some(0), Some("authorization_response")),
            "{document:#}"
        );
        let (code, _) = bench.json(&["inspect", &format!("{url}&code=forged")]);
        assert_eq!(code, Some(1), "JARM-43: a plain code beside it");
    }
    let ran = bench.run_with(&["inspect", "-"], &format!(" {object}\n"));
    assert_eq!(ran.code, Some(0), "from standard input: {}", ran.out);
}

#[test]
fn jar_51_an_unchecked_signature_is_said_to_be_unchecked() {
    let (bench, key) = (Bench::new(), key());
    let token = request_object(&self::key(), &request_claims());
    let ran = bench.run(&["inspect", &token]);
    let last = ran.out.lines().last().unwrap();
    assert!(
        ran.code == Some(0) && last.contains("the signature was NOT checked: give --jwks or --issuer"),
        "{last}"
    );
    let right = bench.write("right.jwk", key.to_private_jwk().as_str());
    for (arguments, signature, code) in [(&[][..], "not_checked", 0), (&["--jwks", &right][..], "broken", 1)]
    {
        let (found, document) = bench.json(&[&["inspect", &token], arguments].concat());
        assert_eq!((found, &document["signature"]), (Some(code), &json!(signature)), "{document:#}");
    }
    let own = request_object(&key, &request_claims());
    let (_, document) = bench.json(&["inspect", &own, "--jwks", &right]);
    assert_eq!(document["signature"], "held");
    assert!(bench.run(&["inspect", "--help"]).out.contains("0 does not say that the signature held"));
    let ran = bench.run(&["inspect", &format!("DPoP {own}"), "--jwks", &right]);
    assert!(ran.code == Some(0) && ran.out.ends_with("Nothing is broken.\n"), "{} {}", ran.out, ran.err);
}

#[test]
fn jar_53_the_client_outside_is_the_client_inside() {
    let (bench, key) = (Bench::new(), key());
    let object = request_object(&key, &request_claims());
    for (client, expected) in [("shop", "held"), ("other", "broken")] {
        let url = format!("https://as.example/authorize?client_id={client}&request={object}");
        let (_, document) = bench.json(&["inspect", &url, "--profile", "baseline"]);
        assert_eq!(status(&document, "JAR-53"), expected, "{document:#}");
    }
    let url = format!("https://as.example/authorize?client_id=shop&request={object}");
    let (code, document) = bench.json(&["inspect", &url, "--profile", "baseline", "--client-id", "other"]);
    assert_eq!((code, carried(&document, "JAR-22").as_str()), (Some(1), "broken"), "{document:#}");
}

/// The status of a rule about the URL itself.
fn carried(document: &Value, rule: &str) -> String {
    status(&json!({ "token": { "findings": document["carrier"]["findings"] } }), rule)
}

#[test]
fn what_the_profile_demands_is_demanded_of_urls() {
    let (bench, key) = (Bench::new(), key());
    let plain = "https://as.example/authorize?client_id=shop&response_type=code";
    let object = request_object(&key, &request_claims());
    let by_value = format!("https://as.example/authorize?client_id=shop&request={object}");
    let pushed = "https://as.example/authorize?client_id=shop&request_uri=urn:x";
    let code = "https://app.example/cb?code=c&state=s&iss=https://as.example";
    let error = "https://app.example/cb?error=access_denied&state=s&iss=https://as.example";
    for (url, profile, rule, expected) in [
        (plain, "fapi2-message-signing", "JAR-103", "broken"),
        (plain, "fapi2-message-signing", "PAR-14", "broken"),
        (plain, "fapi2-message-signing", "JARM-12", "broken"),
        (plain, "fapi2-security", "JAR-103", "not_checkable"),
        (plain, "fapi2-security", "PAR-14", "broken"),
        (plain, "baseline", "PAR-14", "not_checkable"),
        (plain, "baseline", "JARM-12", "absent"),
        (plain, "baseline", "JAR-21", "absent"),
        (&by_value, "fapi2-message-signing", "PAR-14", "broken"),
        (&by_value, "fapi2-message-signing", "JAR-21", "held"),
        (pushed, "fapi2-message-signing", "PAR-14", "absent"),
        (code, "fapi2-message-signing", "JARM-44", "broken"),
        (error, "fapi2-message-signing", "JARM-44", "broken"),
        (code, "fapi2-security", "JARM-44", "not_checkable"),
    ] {
        let (exit, document) = bench.json(&["inspect", url, "--profile", profile]);
        assert_eq!(carried(&document, rule), expected, "{rule} {profile} {url}");
        assert!(expected != "broken" || exit == Some(1), "{rule} {profile} {url}");
    }
}

#[test]
fn jarm_43_every_plain_parameter_is_refused_beside_response() {
    let bench = Bench::new();
    for name in countersign_protocol::response::PLAIN_PARAMETERS {
        let url = format!("https://app.example/cb?response=abc&{name}=x");
        let (code, document) = bench.json(&["inspect", &url]);
        assert_eq!((code, carried(&document, "JARM-43").as_str()), (Some(1), "broken"), "{name}");
    }
    let ran = bench.run(&["inspect", "https://app.example/cb?response=abc"]);
    assert!(ran.code == Some(1) && !ran.out.contains("null"), "{}", ran.out);
}

#[test]
fn rules_say_what_they_look_at_and_belong_to_the_kind() {
    let (bench, key) = (Bench::new(), key());
    let claims = json!({ "iss": ISSUER, "sub": "alice", "aud": "shop", "exp": now().plus(60), "iat": now(), "nonce": "n" });
    let id_token = jws::sign(&key, Some("JWT"), &claims).unwrap();
    let mut claims = claims;
    claims["client_id"] = json!("shop");
    claims["jti"] = json!("j");
    let access_token = jws::sign(&key, Some("at+jwt"), &claims).unwrap();
    for token in [id_token, access_token] {
        let (_, document) = bench.json(&["inspect", &token]);
        for finding in document["token"]["findings"].as_array().unwrap() {
            assert!(!finding["rule"].as_str().unwrap().starts_with("JAR-"), "{finding}");
        }
        assert_ne!(status(&document, "JWT-03"), "absent", "{document:#}");
        let text = bench.run(&["inspect", &token]).out;
        for words in ["Header: one strict", "Claims: one strict", "aud is shop", "iss is https://as.example"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
}

#[test]
fn garbage_is_told_what_would_pass() {
    let ran = Bench::new().run(&["inspect", "garbage"]);
    assert!(
        ran.code == Some(2) && ran.err.contains("compact JWT") && ran.err.contains("request_uri"),
        "{}",
        ran.err
    );
}

#[test]
fn a_key_file_made_for_a_client_verifies_what_the_client_signs() {
    let (bench, key) = (Bench::new(), key());
    let file = bench.write("private.jwk", key.to_private_jwk().as_str());
    let token = request_object(&key, &request_claims());
    let (_, document) = bench.json(&["inspect", &token, "--jwks", &file]);
    assert_eq!(status(&document, "JAR-51"), "held", "{document:#}");
}

#[test]
fn jar_94_an_encrypted_token_opens_with_its_key_only() {
    let (bench, key) = (Bench::new(), key());
    let recipient = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap();
    let public = EncryptionKey::new(&recipient.public_jwk().unwrap(), JweAlgorithm::EcdhEs).unwrap();
    let object = request_object(&key, &request_claims());
    let token = encrypt(&object, &public, ContentEncryption::A256Gcm, &mut SystemEntropy).unwrap();
    let (code, document) = bench.json(&["inspect", &token]);
    assert_eq!((code, document["token"].is_null()), (Some(0), true), "closed: {document:#}");
    assert_eq!(document["encryption"]["header"]["alg"], "ECDH-ES");

    let right = bench.write("right.jwk", recipient.to_private_jwk().unwrap().as_str());
    let (code, document) = bench.json(&["inspect", &token, "--key", &right]);
    assert_eq!((code, document["token"]["kind"].as_str()), (Some(0), Some("request_object")), "{document:#}");
    let other = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap();
    let wrong = bench.write("wrong.jwk", other.to_private_jwk().unwrap().as_str());
    let (code, document) = bench.json(&["inspect", &token, "--key", &wrong]);
    assert_eq!((code, document["token"].is_null()), (Some(1), true), "{document:#}");
}
