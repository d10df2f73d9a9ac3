//! What can be registered (ATK-REG-02, 03, 05, 06, ATK-JARM-60, 61, ATK-RED-11, 13; REG-03, REG-04, JARM-30).

use countersign_jose::{Algorithm, SigningKey};
use countersign_protocol::policy::ProfileName;
use countersign_testkit::keys::{Owner, jwks, key};
use countersign_testkit::parties::{client, client_metadata, merge, register};
use serde_json::{Value, json};

use crate::desk::own;

/// Whether the client can register with these members under a profile.
fn registers(profile: ProfileName, members: &Value) -> bool {
    let mut document = client_metadata(profile);
    merge(&mut document, members);
    register(&document).is_ok()
}

fn refuses(cases: &[(&str, Value)]) {
    for profile in ProfileName::ALL {
        assert!(registers(profile, &json!({})), "the control, {profile}");
        for (id, members) in cases {
            assert!(!registers(profile, members), "{id}: {members} under {profile}");
        }
    }
}

#[test]
fn red_02_dangerous_redirect_uris_cannot_be_registered() {
    let uri = |uri: &str| json!({ "redirect_uris": [uri] });
    refuses(&[
        ("ATK-REG-02 fragment", uri("https://rp.example/cb#x")),
        ("ATK-REG-02 wildcard", uri("https://*.rp.example/cb")),
        ("ATK-REG-02 user", uri("https://good@rp.example/cb")),
        ("ATK-REG-02 relative", uri("/cb")),
        ("ATK-RED-11 javascript", uri("javascript:alert(1)")),
        ("ATK-RED-11 data", uri("data:text/html,x")),
        ("ATK-RED-11 vbscript", uri("vbscript:x")),
        ("ATK-RED-11 intent", uri("intent:x")),
        ("RED-02 http", uri("http://rp.example/cb")),
        ("ATK-RED-13 loopback for the web", uri("http://127.0.0.1:5555/cb")),
        ("ATK-RED-13 localhost for the web", uri("http://localhost/cb")),
        ("RED-02 an app's scheme for the web", uri("com.example.app:/cb")),
        ("RED-04 none", json!({ "redirect_uris": [] })),
        (
            "RED-02 one bad among good ones",
            json!({ "redirect_uris": ["https://rp.example/cb", "http://rp.example/cb"] }),
        ),
    ]);
    let native = json!({ "application_type": "native", "redirect_uris": ["http://127.0.0.1:5555/cb"] });
    assert!(registers(ProfileName::Baseline, &native), "ATK-RED-13");
}

#[test]
fn reg_03_keys_are_public_strong_and_there() {
    let mut private = json!(own().public_jwk());
    private["d"] = json!("AAAA");
    refuses(&[
        ("ATK-REG-03 private", json!({ "jwks": { "keys": [private] } })),
        ("ATK-REG-03 oct", json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] } })),
        ("ATK-REG-03 both", json!({ "jwks_uri": "https://rp.example/jwks" })),
        ("ATK-REG-03 jwks_uri alone", json!({ "jwks": null, "jwks_uri": "https://rp.example/jwks" })),
        ("REG-03 none", json!({ "jwks": { "keys": [] } })),
        ("REG-03 no set", json!({ "jwks": [] })),
    ]);
}

#[test]
fn reg_04_nothing_weaker_than_the_profile() {
    refuses(&[
        ("ATK-REG-05 none", json!({ "token_endpoint_auth_method": "none" })),
        ("ATK-REG-05 basic", json!({ "token_endpoint_auth_method": "client_secret_basic" })),
        ("ATK-REG-05 password", json!({ "grant_types": ["authorization_code", "password"] })),
        ("ATK-REG-05 implicit", json!({ "grant_types": ["implicit"] })),
        ("ATK-REG-06", json!({ "request_object_signing_alg": "none" })),
        ("ATK-JARM-60 none", json!({ "authorization_signed_response_alg": "none" })),
        ("ATK-JARM-60 HS256", json!({ "authorization_signed_response_alg": "HS256" })),
        ("ATK-JARM-60 RS256", json!({ "authorization_signed_response_alg": "RS256" })),
        ("JAR-65", json!({ "request_object_signing_alg": "RS256" })),
        ("CAUTH-10", json!({ "token_endpoint_auth_signing_alg": "RS256" })),
        ("IDT-02", json!({ "id_token_signed_response_alg": "none" })),
        ("REG-04 token", json!({ "response_types": ["code", "token"] })),
        ("REG-04 hybrid", json!({ "response_types": ["code id_token"] })),
        ("REG-04 no code", json!({ "grant_types": ["refresh_token"] })),
        ("JARM-84", json!({ "response_modes": ["web_message"] })),
        ("JARM-15 no mode at all", json!({ "response_modes": [] })),
        ("RED-09", json!({ "scope": "open\"id" })),
    ]);
    let plain = json!({ "response_modes": ["query", "jwt"] });
    assert!(registers(ProfileName::Fapi2Security, &plain), "the control");
    assert!(!registers(ProfileName::Fapi2MessageSigning, &plain), "JARM-12");
    let es384 = json!({ "request_object_signing_alg": "ES384" });
    assert!(registers(ProfileName::Baseline, &es384), "the control");
    assert!(!registers(ProfileName::Fapi2Security, &es384), "JAR-65");
}

/// Encryption is not offered yet: who asks for it is told, and never answered without it (JARM-38).
#[test]
fn jarm_38_encryption_that_would_not_happen_cannot_be_registered() {
    refuses(&[
        ("ATK-JARM-61 enc without alg", json!({ "authorization_encrypted_response_enc": "A256GCM" })),
        ("ATK-JARM-61 RSA1_5", json!({ "authorization_encrypted_response_alg": "RSA1_5" })),
        ("JARM-35", json!({ "authorization_encrypted_response_alg": "ECDH-ES" })),
        ("IDT-05", json!({ "id_token_encrypted_response_alg": "RSA-OAEP-256" })),
    ]);
}

#[test]
fn jarm_30_absent_algorithms_are_those_of_the_profile() {
    for profile in ProfileName::ALL {
        let client = client(profile);
        assert_eq!(client.response_algorithm().as_str(), "ES256");
        assert_eq!(client.id_token_algorithm().as_str(), "ES256");
        assert_eq!(client.keys().keys().len(), 1);
    }
    let rotated = json!({ "jwks": jwks(&[own(), key(Owner::Client, countersign_jose::Algorithm::PS256)]) });
    assert!(
        registers(ProfileName::Fapi2Security, &rotated),
        "JWKS-03: two keys while one replaces the other"
    );
}

#[test]
fn jar_65_one_key_at_least_signs_with_an_algorithm_of_the_profile() {
    let own = |algorithm| json!(SigningKey::generate(algorithm).unwrap().public_jwk());
    let set = |keys: &[Value]| json!({ "jwks": { "keys": keys } });
    let rs256 = own(Algorithm::RS256);
    assert_eq!(rs256["alg"], "RS256", "a key for nothing else");
    refuses(&[("JAR-65 RS256 alone", set(std::slice::from_ref(&rs256)))]);
    let es384 = own(Algorithm::ES384);
    for profile in ProfileName::ALL {
        let with_es384 = registers(profile, &set(std::slice::from_ref(&es384)));
        assert_eq!(with_es384, profile == ProfileName::Baseline, "{profile}");
        assert!(registers(profile, &set(&[rs256.clone(), own(Algorithm::EdDSA)])), "one is enough");
    }
    let mut document = client_metadata(ProfileName::Fapi2Security);
    merge(&mut document, &set(&[es384]));
    let refusal = register(&document).unwrap_err();
    assert!(refusal.contains("ES256, PS256, EdDSA") && refusal.contains("JAR-65"), "{refusal}");
}
