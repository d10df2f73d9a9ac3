//! Which keys are accepted, and for what.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use countersign_jose::{
    Algorithm, Curve, Jwk, JwkSet, JwkSetError, KeyError, MAX_CANDIDATES, PrivateKey, SigningKey,
    VerifyingKey, base64url,
    jwe::{DecryptionKey, EncryptionKey, JweAlgorithm},
};
use serde_json::{Value, json};

fn public(algorithm: Algorithm) -> Value {
    serde_json::to_value(SigningKey::generate(algorithm).unwrap().public_jwk().bare()).unwrap()
}

fn with(key: &Value, member: &str, value: Value) -> Value {
    let mut key = key.clone();
    key[member] = value;
    key
}

#[test]
fn jar_72_jwks_05_weak_and_malformed_keys_are_refused() {
    let (ec, ed, rsa) = (public(Algorithm::ES256), public(Algorithm::EdDSA), public(Algorithm::PS256));
    for control in [&ec, &ed, &rsa] {
        assert!(Jwk::from_value(control).is_ok(), "control");
    }
    let malformed = |member| KeyError::Malformed { member };
    let modulus = |octets: usize| {
        let mut n = vec![0xff; octets];
        n[octets - 1] = 1;
        json!(base64url::encode(n))
    };
    let n = base64url::decode(rsa["n"].as_str().unwrap()).unwrap();
    let even = json!(base64url::encode([&n[..255], &[0]].concat()));
    let padded = json!(base64url::encode([&[0], n.as_slice()].concat()));
    let x = base64url::decode(ec["x"].as_str().unwrap()).unwrap();
    let off = json!(base64url::encode(x.iter().map(|octet| octet ^ 1).collect::<Vec<_>>()));
    let cases: Vec<(&str, Value, KeyError)> = vec![
        ("ATK-JAR-34", with(&rsa, "n", modulus(128)), KeyError::RsaModulus { bits: 1024 }),
        ("ATK-JAR-34", with(&rsa, "e", json!("AQ")), KeyError::RsaNumbers),
        ("JAR-72", with(&rsa, "n", modulus(1025)), KeyError::RsaModulus { bits: 8200 }),
        ("JAR-72", with(&rsa, "e", json!("AQAA")), KeyError::RsaNumbers),
        ("JAR-72", with(&rsa, "e", json!("AQAAAAE")), KeyError::RsaNumbers),
        ("JAR-72", with(&rsa, "n", even), KeyError::RsaNumbers),
        ("JWKS-05", with(&rsa, "n", padded), malformed("n")),
        ("JWKS-05", with(&rsa, "n", json!("")), malformed("n")),
        ("JWKS-05", with(&ec, "x", off), KeyError::NotOnCurve),
        ("JWKS-05", with(&ec, "x", json!(base64url::encode([0; 32]))), KeyError::NotOnCurve),
        ("JWKS-05", with(&ec, "x", json!(base64url::encode(&x[1..]))), malformed("x")),
        ("JWKS-05", with(&ec, "x", json!("AA==")), malformed("x")),
        ("JWKS-05", with(&ec, "crv", json!("P-384")), malformed("x")),
        ("JWKS-05", with(&ec, "crv", json!("Ed25519")), KeyError::UnknownCurve),
        ("JWKS-05", with(&ed, "crv", json!("P-256")), KeyError::UnknownCurve),
        ("JWKS-05", with(&ec, "d", json!("AA")), KeyError::PrivateMember { member: "d" }),
        ("JWKS-05", with(&ec, "k", json!("AA")), KeyError::PrivateMember { member: "k" }),
        ("JWKS-05", with(&rsa, "p", Value::Null), KeyError::PrivateMember { member: "p" }),
        ("JWKS-05", with(&ed, "x", json!(base64url::encode([0; 32]))), KeyError::SmallOrder),
        ("JWKS-05", with(&ed, "x", json!(base64url::encode([0; 31]))), malformed("x")),
        ("JWKS-05", with(&ed, "kid", json!(1)), malformed("kid")),
        ("JWKS-05", with(&ed, "key_ops", json!(["verify", "verify"])), malformed("key_ops")),
        ("JAR-72", with(&ec, "crv", json!("secp256k1")), KeyError::UnknownCurve),
        ("JAR-72", with(&ed, "crv", json!("Ed448")), KeyError::UnknownCurve),
        ("JAR-72", with(&ec, "kty", json!("AKP")), KeyError::UnknownType),
        ("JAR-73", json!({"kty": "oct", "k": "AA"}), KeyError::Symmetric),
        ("JWKS-05", json!({"kty": "EC", "crv": "P-256"}), KeyError::Missing { member: "x" }),
        ("JWKS-05", json!({}), KeyError::Missing { member: "kty" }),
    ];
    for (requirement, key, expected) in cases {
        let refused = Jwk::from_value(&key).map(drop).unwrap_err();
        assert_eq!(refused, expected, "{requirement}");
    }
}

#[test]
fn jar_71_atk_jar_35_keys_serve_what_they_declare() {
    let rsa = public(Algorithm::PS256);
    let fit = |key: &Value, alg| VerifyingKey::new(&Jwk::from_value(key).unwrap(), alg).map(drop);
    let other_alg = KeyError::OtherAlgorithm { algorithm: "PS256" };
    for (member, value, expected) in [
        ("alg", json!("PS256"), Ok(())),
        ("use", json!("sig"), Ok(())),
        ("key_ops", json!(["sign", "verify"]), Ok(())),
        ("alg", json!("PS384"), Err(other_alg.clone())),
        ("alg", json!("RSA-OAEP-256"), Err(other_alg)),
        ("use", json!("enc"), Err(KeyError::OtherUse)),
        ("key_ops", json!(["encrypt"]), Err(KeyError::OtherUse)),
        ("key_ops", json!([]), Err(KeyError::OtherUse)),
    ] {
        assert_eq!(
            fit(&with(&rsa, member, value.clone()), Algorithm::PS256),
            expected,
            "ATK-JAR-35 {member} {value}"
        );
    }
    let wrong = |kty, algorithm| Err(KeyError::WrongType { kty, algorithm });
    assert_eq!(fit(&rsa, Algorithm::ES256), wrong("RSA", "ES256"));
    assert_eq!(fit(&public(Algorithm::ES256), Algorithm::ES384), wrong("EC", "ES384"));
    assert_eq!(fit(&public(Algorithm::ES256), Algorithm::PS256), wrong("EC", "PS256"));
    assert_eq!(fit(&public(Algorithm::EdDSA), Algorithm::ES256), wrong("OKP", "ES256"));

    let encrypt = |key: &Value, alg| EncryptionKey::new(&Jwk::from_value(key).unwrap(), alg).map(drop);
    assert_eq!(encrypt(&rsa, JweAlgorithm::RsaOaep256), Ok(()));
    assert_eq!(encrypt(&with(&rsa, "use", json!("sig")), JweAlgorithm::RsaOaep256), Err(KeyError::OtherUse));
    assert_eq!(encrypt(&rsa, JweAlgorithm::EcdhEs), wrong("RSA", "ECDH-ES"));
    assert_eq!(encrypt(&public(Algorithm::EdDSA), JweAlgorithm::EcdhEs), wrong("OKP", "ECDH-ES"));
    assert_eq!(encrypt(&rsa, JweAlgorithm::Direct), wrong("RSA", "dir"));
}

#[test]
fn jwks_04_atk_jar_36_sets_skip_what_they_do_not_know_and_refuse_what_is_wrong() {
    let ec = public(Algorithm::ES256);
    let symmetric = json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"});
    let unknown = json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"});
    let k1 = with(&ec, "crv", json!("secp256k1"));
    let set = JwkSet::parse(json!({"keys": [symmetric, unknown, k1, ec], "other": 1}).to_string()).unwrap();
    assert_eq!(set.keys().len(), 1, "ATK-JAR-36");
    assert_eq!(JwkSet::parse(serde_json::to_string(&set).unwrap()).unwrap(), set);

    let private = with(&ec, "d", json!("AA"));
    let refused = JwkSet::parse(json!({"keys": [ec, private]}).to_string()).unwrap_err();
    assert_eq!(refused, JwkSetError::Key { index: 1, error: KeyError::PrivateMember { member: "d" } });
    let many = json!({"keys": vec![&ec; 101]}).to_string();
    assert_eq!(JwkSet::parse(many).unwrap_err(), JwkSetError::TooMany);
    assert!(JwkSet::parse(json!({"keys": vec![&ec; 100]}).to_string()).is_ok());
    let long = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(512 * 1024));
    assert!(matches!(JwkSet::parse(long), Err(JwkSetError::Json(_))));
    assert_eq!(JwkSet::parse("{}").unwrap_err(), JwkSetError::NoKeys);
    assert!(matches!(JwkSet::parse(r#"{"keys":[],"keys":[]}"#), Err(JwkSetError::Json(_))));
}

#[test]
fn jar_69_70_selection_goes_by_kid_and_algorithm_and_is_bounded() {
    let keys: Vec<SigningKey> = (0..10).map(|_| SigningKey::generate(Algorithm::ES256).unwrap()).collect();
    let rsa = SigningKey::generate(Algorithm::PS256).unwrap();
    let bare_rsa = rsa.public_jwk().bare().with_kid("rsa");
    let set: JwkSet = keys.iter().map(SigningKey::public_jwk).chain([bare_rsa]).collect();
    assert_eq!(set.select(Algorithm::ES256, None).count(), MAX_CANDIDATES);
    let kid = keys[9].thumbprint().to_string();
    let found: Vec<_> = set.select(Algorithm::ES256, Some(&kid)).map(VerifyingKey::thumbprint).collect();
    assert_eq!(found, [keys[9].thumbprint()]);
    assert_eq!(set.select(Algorithm::ES384, Some(&kid)).count(), 0);
    for algorithm in [Algorithm::PS256, Algorithm::PS384, Algorithm::PS512, Algorithm::RS256] {
        assert_eq!(set.select(algorithm, Some("rsa")).count(), 1);
    }
    assert_eq!(set.select(Algorithm::PS256, Some("RSA")).count(), 0);
}

#[test]
fn private_keys_round_trip_and_keep_silent() {
    for curve in Curve::ALL {
        let key = PrivateKey::generate_on(curve).unwrap();
        let pem = key.to_pem().unwrap();
        assert_eq!(PrivateKey::from_pem(&pem).unwrap().to_pem().unwrap(), pem, "{curve}");
        assert_eq!(PrivateKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap().to_pem().unwrap(), pem);
        assert!(!format!("{key:?}").contains("[1") && format!("{key:?}").contains("PrivateKey"));
    }
}

#[test]
fn jwks_05_private_keys_must_agree_with_themselves() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS256] {
        let (key, other) =
            (SigningKey::generate(algorithm).unwrap(), SigningKey::generate(algorithm).unwrap());
        let mut mixed: Value = serde_json::from_str(&key.to_private_jwk()).unwrap();
        let other: Value = serde_json::from_str(&other.to_private_jwk()).unwrap();
        assert!(SigningKey::from_private_jwk(&mixed.to_string(), algorithm).is_ok(), "control");
        mixed["d"] = other["d"].clone();
        let refused = SigningKey::from_private_jwk(&mixed.to_string(), algorithm).map(drop);
        assert_eq!(refused, Err(KeyError::Inconsistent), "{algorithm}");
    }
    let x25519 = || {
        let key = PrivateKey::generate_on(Curve::X25519).unwrap();
        let key = DecryptionKey::new(key, JweAlgorithm::EcdhEs).unwrap();
        serde_json::from_str::<Value>(&key.to_private_jwk().unwrap()).unwrap()
    };
    let key = x25519();
    assert!(PrivateKey::from_jwk(&key.to_string()).is_ok(), "control");
    let mixed = with(&key, "d", x25519()["d"].clone());
    assert_eq!(PrivateKey::from_jwk(&mixed.to_string()).map(drop), Err(KeyError::Inconsistent));
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let refused = SigningKey::from_private_jwk(&key.to_private_jwk(), Algorithm::ES384).map(drop);
    assert_eq!(refused, Err(KeyError::OtherAlgorithm { algorithm: "ES384" }));
}

#[test]
fn pem_texts_of_other_tools() {
    let openssl = include_str!("vectors/pem.json");
    let vectors: Vec<Value> = serde_json::from_str(openssl).unwrap();
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let algorithm: Algorithm = text("alg").parse().unwrap();
        match (text("expect"), SigningKey::from_pem(text("pem"), algorithm)) {
            ("valid", Ok(key)) => {
                let again = SigningKey::from_pem(&key.to_pem().unwrap(), algorithm).unwrap();
                assert_eq!(again.thumbprint(), key.thumbprint());
            }
            ("invalid", Err(_)) => {}
            (_, other) => panic!("{}: {other:?}", text("name")),
        }
    }
}
