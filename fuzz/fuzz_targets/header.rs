//! Any octets as the header of a JWS and of a JWE.
#![no_main]

use countersign_jose::{Limits, base64url, jwe, jws};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let header = base64url::encode(header);
    let signed = jws::Unverified::parse(&format!("{header}.e30.AA"), &Limits::EMBEDDED_KEY).map(drop);
    // Whatever passes is an object that the ordinary reader reads, without duplicate members.
    if signed.is_ok() {
        let octets = base64url::decode(&header).expect("just encoded");
        assert!(serde_json::from_slice::<serde_json::Value>(&octets).is_ok_and(|value| value.is_object()));
    }
    let _ = jwe::Unverified::parse(&format!("{header}.AA.AA.AA.AA"), &Limits::TOKEN).map(drop);
});
