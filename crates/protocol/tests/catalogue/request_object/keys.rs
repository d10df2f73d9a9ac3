//! Which registered keys may verify (ATK-JAR-34..37; JAR-69..72).

use countersign_jose::{Algorithm, base64url};
use countersign_protocol::reason::Reason;
use countersign_testkit::keys::{Owner, copy, jwks, key};
use countersign_testkit::parties::{client_metadata, merge, register};
use serde_json::{Value, json};

use crate::desk::{Way, object, own};

/// The client's own key as published, with other members.
fn own_jwk(members: &Value) -> Value {
    let mut jwk = json!(own().public_jwk());
    merge(&mut jwk, members);
    jwk
}

#[test]
fn jar_71_a_key_for_something_else_does_not_verify() {
    for way in Way::BOTH {
        let plain =
            way.client_with(&json!({ "jwks": { "keys": [own_jwk(&json!({ "use": null, "alg": null }))] } }));
        assert_eq!(way.send(&plain, &object().sign(own())).err(), None, "the control");
        for members in [
            json!({ "use": "enc" }),
            json!({ "alg": "ES384" }),
            json!({ "alg": "ECDH-ES", "use": null }),
            json!({ "use": null, "key_ops": ["encrypt"] }),
            json!({ "use": null, "key_ops": [] }),
        ] {
            let usable = key(Owner::Client, Algorithm::EdDSA).public_jwk();
            let client = way.client_with(&json!({ "jwks": { "keys": [own_jwk(&members), usable] } }));
            let refused = way.send(&client, &object().sign(own())).err();
            assert_eq!(refused, Some(Reason::RequestObjectKey), "ATK-JAR-35 {members} {way:?}");
        }
        let verify = own_jwk(&json!({ "key_ops": ["verify"] }));
        let client = way.client_with(&json!({ "jwks": { "keys": [verify] } }));
        assert_eq!(way.send(&client, &object().sign(own())).err(), None, "JAR-71");
    }
}

#[test]
fn atk_jar_36_a_symmetric_key_is_ignored() {
    let secret = b"a-secret-of-more-than-thirty-two-bytes";
    let oct = json!({ "kty": "oct", "kid": "shared", "k": base64url::encode(secret) });
    for way in Way::BOTH {
        let client = way.client_with(&json!({ "jwks": { "keys": [oct, own_jwk(&json!({}))] } }));
        assert_eq!(way.send(&client, &object().sign(own())).err(), None, "the control");
        let refused = way.send(&client, &object().header("kid", "shared").hs256(secret)).err();
        assert_eq!(refused, Some(Reason::RequestObjectAlgorithm), "JAR-73, {way:?}");
    }
}

#[test]
fn jar_72_weak_keys_cannot_be_registered() {
    let number = |bytes: usize| {
        let mut digits = vec![0xff; bytes];
        digits[bytes - 1] = 0x01;
        base64url::encode(digits)
    };
    let mut document = client_metadata(Way::Pushed.profile());
    assert!(register(&document).is_ok(), "the control");
    let point = json!(own().public_jwk());
    for (id, jwk) in [
        ("ATK-JAR-34 1024 bits", json!({ "kty": "RSA", "n": number(128), "e": "AQAB" })),
        ("ATK-JAR-34 e = 1", json!({ "kty": "RSA", "n": number(256), "e": "AQ" })),
        ("JAR-72 e even", json!({ "kty": "RSA", "n": number(256), "e": "Ag" })),
        ("ATK-DOS-06 16384 bits", json!({ "kty": "RSA", "n": number(2048), "e": "AQAB" })),
        ("ATK-DOS-06 huge exponent", json!({ "kty": "RSA", "n": number(256), "e": number(256) })),
        ("JWKS-05 off the curve", json!({ "kty": "EC", "crv": "P-256", "x": point["y"], "y": point["x"] })),
        (
            "ATK-REG-03 private",
            json!({ "kty": "EC", "crv": "P-256", "x": point["x"], "y": point["y"], "d": "AA" }),
        ),
    ] {
        document["jwks"] = json!({ "keys": [jwk] });
        assert!(register(&document).is_err(), "{id}");
    }
    document["jwks"] = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] });
    assert!(register(&document).is_err(), "ATK-REG-03: a symmetric key alone is no key");
}

#[test]
fn atk_jar_37_a_key_that_was_removed_verifies_no_more() {
    let next = key(Owner::Client, Algorithm::PS256);
    for way in Way::BOTH {
        let both = way.client_with(&json!({ "jwks": jwks(&[own(), next]) }));
        assert_eq!(way.send(&both, &object().sign(own())).err(), None, "the control: both are registered");
        let rotated = way.client_with(&json!({ "jwks": jwks(&[next]) }));
        let refused = way.send(&rotated, &object().sign(own())).err();
        assert_eq!(refused, Some(Reason::RequestObjectKey), "JAR-76, {way:?}");
        assert_eq!(way.send(&rotated, &object().sign_as(next)).err(), None, "JAR-76: the new one does");
    }
}

#[test]
fn jar_70_keys_that_share_a_kid_are_all_tried() {
    let namesake = |owner: Owner| copy(key(owner, Algorithm::ES256)).with_key_id("same");
    let (first, second) = (namesake(Owner::Attacker), namesake(Owner::Client));
    for way in Way::BOTH {
        let client = way.client_with(&json!({ "jwks": jwks(&[&first, &second]) }));
        assert_eq!(way.send(&client, &object().sign_as(&second)).err(), None, "{way:?}");
        assert_eq!(
            way.send(&client, &object().without_header("kid").sign(own())).err(),
            None,
            "no kid, {way:?}"
        );
    }
}

#[test]
fn jar_70_at_most_eight_keys_are_tried_without_a_kid() {
    let others: Vec<_> =
        (0..8).map(|_| countersign_jose::SigningKey::generate(Algorithm::ES256).unwrap()).collect();
    let mut all: Vec<_> = others.iter().collect();
    all.push(own());
    let client = Way::Pushed.client_with(&json!({ "jwks": jwks(&all) }));
    let unnamed = object().without_header("kid");
    assert_eq!(Way::Pushed.send(&client, &unnamed.sign(&others[7])).err(), None, "the control: the eighth");
    let ninth = Way::Pushed.send(&client, &unnamed.sign(own())).err();
    assert_eq!(ninth, Some(Reason::RequestObjectSignature));
    assert_eq!(Way::Pushed.send(&client, &object().sign(own())).err(), None, "named, the ninth is found");
}

#[test]
fn jar_65_every_allowed_algorithm_verifies() {
    for way in Way::BOTH {
        for &algorithm in way.profile().profile().algorithms {
            let signer = key(Owner::Client, algorithm);
            let client = way.client_with(&json!({ "jwks": jwks(&[signer]) }));
            let request = way.send(&client, &object().sign_as(signer)).unwrap();
            assert_eq!(request.redirect_uri.as_str(), "https://rp.example/callback", "{algorithm}");
        }
        let edwards = key(Owner::Client, Algorithm::EdDSA);
        let client = way.client_with(&json!({ "jwks": jwks(&[edwards]) }));
        let renamed = object().header("alg", "Ed25519").header("kid", edwards.thumbprint().to_string());
        assert_eq!(way.send(&client, &renamed.sign(edwards)).err(), None, "the name of RFC 9864");
    }
    let stranger = key(Owner::Client, Algorithm::ES384);
    let client =
        Way::Pushed.client_with(&json!({ "jwks": jwks(&[stranger, key(Owner::Client, Algorithm::EdDSA)]) }));
    let refused = Way::Pushed.send(&client, &object().sign_as(stranger)).err();
    assert_eq!(refused, Some(Reason::RequestObjectAlgorithm), "ES384 is no algorithm of FAPI 2.0");
}
