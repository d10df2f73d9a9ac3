use std::os::unix::fs::PermissionsExt;

use countersign_jose::{Algorithm, SigningKey};
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

#[test]
fn jar_65_a_key_that_no_profile_takes_is_refused_with_what_would_pass() {
    let bench = Bench::new();
    let public = SigningKey::generate(Algorithm::RS256).unwrap().public_jwk();
    let mut jwk = serde_json::to_value(&public).unwrap();
    jwk["alg"] = json!("RS256");
    let file = bench.write("rs256.jwks", json!({ "keys": [jwk] }).to_string());
    let add = ["client", "add", "--redirect-uri", "https://app.example/cb"];
    let (code, document) = bench.json(&[&add[..], &["--jwks", &file]].concat());
    assert_eq!((code, &document["error"]["refusal"]["rule"]), (Some(1), &json!("JAR-65")), "{document}");
    assert!(document.to_string().contains("A key for one of ES256, PS256, EdDSA."), "{document}");

    let generate = [&add[..], &["--generate-key", "k.jwk", "--algorithm"]].concat();
    let ran = bench.run(&[&generate[..], &["RS256"]].concat());
    assert!(ran.code == Some(2) && ran.err.contains("ES384") && ran.err.contains("PS512"), "{}", ran.err);
    let ran = bench.run(&[&generate[..], &["ES384"]].concat());
    assert!(ran.code == Some(1) && ran.err.contains("ES256, PS256, EdDSA"), "{}", ran.err);
    assert!(!bench.path().join("k.jwk").exists());
    let conflict = [&add[..], &["--jwks", &file, "--algorithm", "ES256"]].concat();
    assert_eq!(bench.run(&conflict).code, Some(2));
}

#[test]
fn what_is_ignored_is_named_and_the_scope_is_openid_in_both_ways() {
    let bench = Bench::new();
    let (_, by_flags) = bench.json(&ADD);
    assert_eq!((&by_flags["metadata"]["scope"], &by_flags["ignored"]), (&json!("openid"), &json!([])));
    let document = json!({
        "client_id": "other", "redirect_uris": ["https://app.example/cb"], "jwks": by_flags["metadata"]["jwks"],
        "logo_uri": "https://app.example/logo", "require_signed_request_object": false, "tos_uri": null,
    });
    let file = bench.write("metadata.json", document.to_string());
    let (code, by_file) = bench.json(&["client", "add", &file]);
    assert_eq!((code, &by_file["metadata"]["scope"]), (Some(0), &json!("openid")), "{by_file}");
    assert_eq!(by_file["ignored"], json!(["logo_uri", "tos_uri"]));
    let ran = bench.run(&["client", "add", &file, "--id", "third"]);
    assert!(ran.code == Some(0) && ran.err.contains("Ignored: logo_uri, tos_uri."), "{}", ran.err);
}

#[test]
fn reg_03_keys_by_address_are_not_offered() {
    let bench = Bench::new();
    let document =
        json!({ "redirect_uris": ["https://app.example/cb"], "jwks_uri": "https://app.example/jwks" });
    let file = bench.write("metadata.json", document.to_string());
    let (code, document) = bench.json(&["client", "add", &file]);
    let refusal = &document["error"]["refusal"];
    assert_eq!(
        (code, &refusal["subject"], &refusal["rule"]),
        (Some(1), &json!("jwks_uri"), &json!("REG-03"))
    );
}

#[test]
fn help_lists_examples_profiles_and_algorithms() {
    let help = Bench::new().run(&["client", "add", "--help"]).out;
    for words in ["Examples:", "fapi2-message-signing", "baseline", "ES384", "EdDSA"] {
        assert!(help.contains(words), "{words}: {help}");
    }
    assert!(!help.contains("RS256"), "{help}");
}

#[test]
fn an_existing_key_file_is_not_written_over() {
    let bench = Bench::new();
    bench.write("shop.jwk", "kept");
    let ran = bench.run(&ADD);
    assert!(ran.code == Some(1) && ran.err.contains("choose a new name"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(bench.path().join("shop.jwk")).unwrap(), "kept");
}

#[test]
fn unknown_and_already_disabled_clients_are_told_apart() {
    let bench = Bench::new();
    for command in ["show", "disable"] {
        let ran = bench.run(&["client", command, "nobody"]);
        assert!(ran.code == Some(1) && ran.err.contains("No client is called nobody"), "{}", ran.err);
    }
    assert_eq!(bench.run(&ADD).code, Some(0));
    assert_eq!(bench.run(&["client", "disable", "shop"]).code, Some(0));
    let ran = bench.run(&["client", "disable", "shop"]);
    assert!(ran.code == Some(1) && ran.err.contains("shop is disabled already, since"), "{}", ran.err);
}
