use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::Bench;

const ADD: [&str; 8] = [
    "client",
    "add",
    "--id",
    "shop",
    "--redirect-uri",
    "https://app.example/cb",
    "--generate-key",
    "shop.jwk",
];

#[test]
fn a_client_is_registered_shown_listed_and_disabled() {
    let bench = Bench::new();
    let (code, added) = bench.json(&ADD);
    assert_eq!(code, Some(0), "{added}");
    assert_eq!(added["metadata"]["countersign_profile"], "fapi2-message-signing");
    let key = std::fs::read_to_string(bench.path().join("shop.jwk")).unwrap();
    assert!(key.contains("\"d\""), "the private half is in the file");
    assert_eq!(std::fs::metadata(bench.path().join("shop.jwk")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!added["metadata"].to_string().contains("\"d\""), "and nowhere else");

    let (_, listed) = bench.json(&["client", "list"]);
    assert_eq!(listed["clients"][0]["client_id"], "shop");
    assert!(bench.run(&["client", "list"]).out.contains("https://app.example/cb"));
    assert_eq!(bench.json(&["client", "show", "shop"]).1["state"], "active");
    assert_eq!(bench.run(&["client", "disable", "shop"]).code, Some(0));
    assert_eq!(bench.json(&["client", "show", "shop"]).1["state"], "disabled");
    assert_eq!(bench.run(&["client", "disable", "shop"]).code, Some(1), "once is enough");
}

#[test]
fn reg_08_a_client_id_is_never_given_twice() {
    let bench = Bench::new();
    assert_eq!(bench.run(&ADD).code, Some(0));
    let mut again = ADD;
    again[7] = "other.jwk";
    let ran = bench.run(&again);
    assert!(ran.code == Some(1) && ran.err.contains("REG-08"), "{}", ran.err);
    assert!(!bench.path().join("other.jwk").exists(), "no key without a client");
}

#[test]
fn reg_04_metadata_that_does_not_hold_is_refused_by_member_and_rule() {
    let bench = Bench::new();
    assert_eq!(bench.run(&ADD).code, Some(0), "control");
    let stored: serde_json::Value = bench.json(&["client", "show", "shop"]).1["metadata"].clone();
    for (member, value, rule) in [
        ("redirect_uris", json!([]), "RED-02"),
        ("redirect_uris", json!(["http://app.example/cb"]), "RED-02"),
        ("redirect_uris", json!(["http://localhost/cb"]), "RED-02"),
        ("jwks", json!({ "keys": [] }), "JWKS-05"),
        ("jwks", json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }] }), "JWKS-05"),
        ("request_object_signing_alg", json!("RS256"), "JAR-65"),
        ("request_object_signing_alg", json!("none"), "REG-04"),
        ("response_modes", json!(["query"]), "JARM-12"),
        ("id_token_signed_response_alg", json!("ES384"), "JARM-30"),
        ("token_endpoint_auth_method", json!("client_secret_basic"), "REG-04"),
        ("countersign_profile", json!("fapi3"), "REG-04"),
        ("scope", json!("openid admin"), "RED-09"),
    ] {
        let mut metadata = stored.clone();
        metadata["client_id"] = json!("other");
        let control = bench.write("metadata.json", metadata.to_string());
        metadata[member] = value.clone();
        let file = bench.write("bent.json", metadata.to_string());
        let (code, document) = bench.json(&["client", "add", &file]);
        assert_eq!(code, Some(1), "{member} {value}");
        let refusal = &document["error"]["refusal"];
        assert_eq!((&refusal["subject"], &refusal["rule"]), (&json!(member), &json!(rule)), "{document}");
        assert!(refusal["passes"].as_str().is_some_and(|passes| !passes.is_empty()), "{document}");
        assert!(control.ends_with("metadata.json"));
    }
    let file = bench.path().join("metadata.json").display().to_string();
    assert_eq!(bench.run(&["client", "add", &file]).code, Some(0), "the same without the fault passes");
}

#[test]
fn jwks_05_a_key_set_with_a_private_key_is_refused() {
    let bench = Bench::new();
    assert_eq!(bench.run(&ADD).code, Some(0));
    let ran = bench.run(&["client", "add", "--redirect-uri", "https://app.example/cb", "--jwks", "shop.jwk"]);
    assert!(ran.code == Some(1) && ran.err.contains("private member"), "{}", ran.err);
}

#[test]
fn a_doubled_member_is_refused_and_standard_input_is_read() {
    let bench = Bench::new();
    let ran = bench.run_with(&["client", "add", "-"], "{\"scope\":\"openid\",\"scope\":\"email\"}");
    assert!(ran.code == Some(1) && ran.err.contains("duplicate member"), "{}", ran.err);
}
