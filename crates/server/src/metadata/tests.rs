use axum::body::Body;
use axum::http::{Request, header};
use countersign_jose::{Algorithm, JwkSet};
use countersign_protocol::metadata::ServerMetadata;
use countersign_protocol::policy::ProfileName;
use serde_json::Value;

use super::{paths, write};
use crate::Settings;
use crate::bed::{Answer, Bed, issuer, on_sqlite};

on_sqlite! {
    meta_01_the_same_at_both_addresses,
    jwks_01_public_keys_with_names_and_uses,
}

async fn get(bed: &Bed, path: &str) -> Answer {
    bed.request(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn meta_01_the_same_at_both_addresses(bed: Bed) {
    let mut bodies = Vec::new();
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = get(&bed, path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
        assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*", "META-09");
        bodies.push(answer.body);
    }
    assert_eq!(bodies[0], bodies[1]);
    let metadata: ServerMetadata = serde_json::from_value(bodies.remove(0)).unwrap();
    assert_eq!(metadata.issuer, issuer(), "META-02");
    assert_eq!(metadata.jwks_uri, "https://as.example/jwks");
}

#[test]
fn meta_01_an_issuer_with_a_path() {
    for slash in ["", "/"] {
        let issuer = format!("https://as.example/tenant{slash}").parse().unwrap();
        let expected =
            ["/tenant/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/tenant"];
        assert_eq!(paths(&issuer), expected);
    }
}

#[test]
fn meta_02_and_06_no_empty_lists_and_nothing_forbidden() {
    let settings = Settings {
        minimum_profile: ProfileName::Fapi2MessageSigning,
        signing_algorithms: vec![Algorithm::RS256, Algorithm::ES384, Algorithm::ES256],
        scopes: Vec::new(),
        ..Settings::new(issuer())
    };
    let document: Value = serde_json::from_str(&write(&settings)).unwrap();
    assert_eq!(document["scopes_supported"], Value::Null, "empty, so left out");
    let forbidden = ["none", "RS256", "ES384", "client_secret_basic", "implicit", "password", "plain"];
    for (name, value) in document.as_object().unwrap() {
        assert!(!value.is_null(), "{name}");
        let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        for word in words.filter(|_| name != "prompt_values_supported") {
            assert!(!forbidden.contains(&word), "{name} lists {word}");
        }
    }
    assert_eq!(document["id_token_signing_alg_values_supported"], serde_json::json!(["ES256"]));
    assert_eq!(document["require_pushed_authorization_requests"], true);
}

async fn jwks_01_public_keys_with_names_and_uses(bed: Bed) {
    let answer = get(&bed, "/jwks").await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=300", "JWKS-03");
    let set = JwkSet::parse(answer.body.to_string()).unwrap();
    assert_eq!(set, bed.server.keys().published().set);
    let keys = answer.body["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2, "one for each algorithm; that of the log is no key for tokens (JWKS-06)");
    for key in keys {
        assert_eq!(key["use"], "sig");
        assert!(key["alg"].is_string() && key["kid"].is_string());
        assert!(key.get("d").is_none());
    }
    assert_ne!(keys[0]["kid"], keys[1]["kid"]);
}
