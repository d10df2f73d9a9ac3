//! Signing and verifying, all algorithms.

use countersign_jose::{Algorithm, Limits, Signer, SigningKey, jws};
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
