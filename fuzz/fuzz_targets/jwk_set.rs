//! Any octets as a key set. What is accepted comes back as the same set, and selection stays bounded.
#![no_main]

use countersign_jose::{Algorithm, JwkSet, MAX_CANDIDATES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| {
    if let Ok(set) = JwkSet::parse(document) {
        assert!(set.keys().len() <= 100);
        let again =
            JwkSet::parse(serde_json::to_vec(&set).expect("a set is JSON")).expect("our own spelling");
        assert_eq!(again, set);
        for algorithm in Algorithm::ALL {
            assert!(set.select(algorithm, None).count() <= MAX_CANDIDATES);
        }
    }
});
