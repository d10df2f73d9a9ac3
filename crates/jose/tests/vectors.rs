//! Published vectors of RFC 7515, 7520, 7638 and 8037.

use countersign_jose::{
    Algorithm, Jwk, KeyError, Limits, VerifyingKey,
    jws::{JwsError, Unverified},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct JwsVector {
    source: String,
    alg: Algorithm,
    key: Value,
    token: String,
    expect: String,
}

#[test]
fn jar_65_published_signatures_verify_or_are_refused() {
    let vectors: Vec<JwsVector> = serde_json::from_str(include_str!("vectors/jws.json")).unwrap();
    for JwsVector { source, alg, key, token, expect } in vectors {
        let key = VerifyingKey::new(&Jwk::from_value(&key).unwrap(), alg).unwrap();
        let outcome =
            Unverified::parse(&token, &Limits::TOKEN).and_then(|token| token.verify(&key).map(drop));
        let expected = match expect.as_str() {
            "valid" => Ok(()),
            "UnknownAlgorithm" => Err(JwsError::UnknownAlgorithm),
            other => panic!("unknown expectation {other}"),
        };
        assert_eq!(outcome, expected, "{source}");
    }
}

#[derive(Deserialize)]
struct JwkVector {
    source: String,
    key: Value,
    thumbprint: Option<String>,
    expect: String,
}

#[test]
fn jwks_05_published_keys_parse_or_are_refused() {
    let vectors: Vec<JwkVector> = serde_json::from_str(include_str!("vectors/jwk.json")).unwrap();
    for JwkVector { source, key, thumbprint, expect } in vectors {
        let outcome = Jwk::from_value(&key);
        match (expect.as_str(), outcome) {
            ("valid", Ok(key)) => {
                assert!(thumbprint.is_none_or(|print| print == key.thumbprint().to_string()), "{source}");
            }
            ("PrivateMember", Err(KeyError::PrivateMember { member: "d" })) => {}
            ("Symmetric", Err(KeyError::Symmetric)) => {}
            (_, other) => panic!("{source}: {other:?}"),
        }
    }
}
