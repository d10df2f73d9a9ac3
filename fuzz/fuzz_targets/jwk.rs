//! Any text as a key, public or private. What is accepted comes back as the same key.
#![no_main]

use countersign_jose::{Algorithm, Jwk, PrivateKey, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(key) = Jwk::parse(text) {
        let again =
            Jwk::parse(&serde_json::to_string(&key).expect("a key is JSON")).expect("our own spelling");
        assert_eq!(again, key);
        assert_eq!(again.thumbprint(), key.thumbprint());
        for algorithm in Algorithm::ALL {
            let _ = VerifyingKey::new(&key, algorithm);
        }
    }
    let _ = PrivateKey::from_jwk(text).map(|key| key.to_pkcs8().expect("a checked key"));
    let _ = PrivateKey::from_pem(text);
});
