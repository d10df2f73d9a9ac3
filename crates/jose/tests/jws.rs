//! Signing and verifying, all algorithms.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::sync::OnceLock;

use countersign_jose::{
    Algorithm, Jwk, JwkSet, Limits, PrivateKey, Signer, SigningKey, VerifyingKey, jwe, jws,
};
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

#[test]
fn every_algorithm_round_trips_through_every_key_format() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = jws::sign(&key, Some("test+jwt"), &json!({"iss": "me"})).unwrap();
        let copies = [
            SigningKey::from_pem(&key.to_pem().unwrap(), algorithm).unwrap(),
            SigningKey::from_pkcs8(&key.to_pkcs8().unwrap(), algorithm).unwrap(),
            SigningKey::from_private_jwk(&key.to_private_jwk(), algorithm).unwrap(),
        ];
        for copy in copies {
            assert_eq!(copy.public_jwk(), key.public_jwk());
            assert_eq!(copy.key_id(), key.thumbprint().to_string());
            let unverified = jws::Unverified::parse(&token, &Limits::TOKEN).unwrap();
            let verified = unverified.verify(&copy.verifying_key()).unwrap();
            assert!(verified.header().is_type("application/Test+JWT"));
            assert_eq!(verified.key(), key.thumbprint());
            assert_eq!(verified.claims::<Value>().unwrap(), json!({"iss": "me"}));
        }
        assert!(!format!("{key:?}").contains("private"));
    }
}

fn token() -> (String, VerifyingKey) {
    static TOKEN: OnceLock<(String, VerifyingKey)> = OnceLock::new();
    let make = || {
        let key = SigningKey::generate(Algorithm::EdDSA).unwrap();
        (jws::sign(&key, Some("JWT"), &json!({"iss": "me", "n": [1, 2]})).unwrap(), key.verifying_key())
    };
    TOKEN.get_or_init(make).clone()
}

fn verifies(token: &str, key: &VerifyingKey) -> bool {
    jws::Unverified::parse(token, &Limits::TOKEN).and_then(|token| token.verify(key)).is_ok()
}

proptest! {
    #[test]
    fn atk_jar_01_any_changed_character_is_refused(at in any::<prop::sample::Index>(), character in any::<char>()) {
        let (token, key) = token();
        prop_assert!(verifies(&token, &key));
        let at = at.index(token.len());
        let changed = format!("{}{character}{}", &token[..at], &token[at + 1..]);
        prop_assert!(changed == token || !verifies(&changed, &key), "{}", changed);
    }

    #[test]
    fn parsers_of_outside_text_never_panic(text in ".{0,200}", parts in prop::collection::vec("[A-Za-z0-9_-]{0,40}", 1..7)) {
        for text in [text, parts.join(".")] {
            let _ = jws::Unverified::parse(&text, &Limits::EMBEDDED_KEY).map(drop);
            let _ = jwe::Unverified::parse(&text, &Limits::TOKEN).map(drop);
            let _ = Jwk::parse(&text);
            let _ = JwkSet::parse(&text);
            let _ = PrivateKey::from_pem(&text);
            let _ = PrivateKey::from_pkcs8(text.as_bytes());
            let _ = PrivateKey::from_jwk(&text);
        }
    }

    #[test]
    fn claims_come_back_as_they_went(iss in any::<String>(), n in any::<u64>()) {
        let key = SigningKey::generate(Algorithm::EdDSA).unwrap();
        let claims = json!({ "iss": iss, "n": n });
        let token = jws::sign(&key, None, &claims).unwrap();
        let verified = jws::Unverified::parse(&token, &Limits::TOKEN).unwrap().verify(&key.verifying_key()).unwrap();
        prop_assert_eq!(verified.claims::<Value>().unwrap(), claims);
    }
}

#[test]
fn keys_cross_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<(SigningKey, VerifyingKey, JwkSet, PrivateKey, jwe::DecryptionKey, jwe::EncryptionKey)>();
}
