//! Any text as a compact token. What parses has one spelling, and no key verifies it.
#![no_main]

use std::sync::LazyLock;

use countersign_jose::{Algorithm, Limits, SigningKey, VerifyingKey, compact, jwe, jws};
use libfuzzer_sys::fuzz_target;

static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
    let keys = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS256].map(SigningKey::generate);
    keys.into_iter().map(|key| key.expect("a key").verifying_key()).collect()
});

fuzz_target!(|token: &str| {
    if let Ok(unverified) = jws::Unverified::parse(token, &Limits::EMBEDDED_KEY) {
        assert_eq!(compact::parts(token), 3);
        assert!(token.starts_with(unverified.signing_input()));
        assert!(unverified.verify_any(&*KEYS).is_err());
    }
    if jwe::Unverified::parse(token, &Limits::TOKEN).is_ok() {
        assert_eq!(compact::parts(token), 5);
    }
});
