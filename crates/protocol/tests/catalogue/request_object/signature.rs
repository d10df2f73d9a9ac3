//! Who signed, with which algorithm, over which bytes (ATK-JAR-01..16, 33; JAR-49..51, 65, 73, 74).

use countersign_jose::{Algorithm, SigningKey};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_testkit::forge::spelling::{
    der, flip_payload_bit, flip_signature_bit, payload_of, signature, with_signature,
};
use countersign_testkit::forge::{rsa_public_der, rsa_public_pem};
use countersign_testkit::keys::{Owner, copy, jwks, key};
use countersign_testkit::parties::{CLIENT_ID, client_with};
use serde_json::json;

use crate::desk::{Way, object, own, refuses, refuses_at};

#[test]
fn what_was_signed_cannot_be_changed() {
    refuses(&[
        ("ATK-JAR-01", |it| flip_payload_bit(&it.sign(own())), Reason::RequestObjectSignature),
        (
            "ATK-JAR-02",
            |it| {
                let redirected = it.clone().claim("redirect_uri", "https://evil.example/callback");
                payload_of(&redirected.sign(own()), &it.sign(own()))
            },
            Reason::RequestObjectSignature,
        ),
        ("JAR-51", |it| flip_signature_bit(&it.sign(own())), Reason::RequestObjectSignature),
        ("ATK-JAR-03", |it| it.unsigned(), Reason::RequestObjectNotCompact),
    ]);
}

#[test]
fn no_algorithm_means_no_signature() {
    let unknown = Reason::RequestObjectAlgorithm;
    refuses(&[
        ("ATK-JAR-04 none, no signature", |it| it.header("alg", "none").unsigned(), unknown),
        ("ATK-JAR-04 none, a real signature", |it| it.header("alg", "none").sign(own()), unknown),
        ("ATK-JAR-05 None", |it| it.header("alg", "None").unsigned(), unknown),
        ("ATK-JAR-05 NONE", |it| it.header("alg", "NONE").unsigned(), unknown),
        ("ATK-JAR-05 nOnE", |it| it.header("alg", "nOnE").sign(own()), unknown),
        ("ATK-JAR-05 with a space", |it| it.header("alg", "none ").unsigned(), unknown),
        ("ATK-JAR-05 empty", |it| it.header("alg", "").sign(own()), unknown),
        ("ATK-JAR-06 missing", |it| it.without_header("alg").sign(own()), Reason::RequestObjectHeader),
        ("ATK-JAR-06 number", |it| it.header("alg", 256).sign(own()), Reason::RequestObjectHeader),
        (
            "ATK-JAR-06 array",
            |it| it.header("alg", json!(["ES256"])).sign(own()),
            Reason::RequestObjectHeader,
        ),
        ("ATK-JAR-06 null", |it| it.header("alg", json!(null)).sign(own()), Reason::RequestObjectHeader),
        ("ATK-JAR-13 Ed448", |it| it.header("alg", "Ed448").sign(own()), unknown),
        ("ATK-JAR-13 ES256K", |it| it.header("alg", "ES256K").sign(own()), unknown),
        ("ATK-JAR-13 RS1", |it| it.header("alg", "RS1").sign(own()), unknown),
        ("ATK-JAR-13 unknown", |it| it.header("alg", "XS256").sign(own()), unknown),
        ("JAR-49 lower case", |it| it.header("alg", "es256").sign(own()), unknown),
    ]);
}

/// A client whose only key is RSA, for PS256.
fn rsa() -> &'static SigningKey {
    key(Owner::Client, Algorithm::PS256)
}

#[test]
fn jar_73_a_public_key_is_no_secret() {
    let refused = Reason::RequestObjectAlgorithm;
    for way in Way::BOTH {
        let client = way.client_with(&json!({ "jwks": jwks(&[rsa()]) }));
        refuses_at(
            way,
            &client,
            rsa(),
            &[
                ("ATK-JAR-07 PEM", |it| it.hs256(rsa_public_pem(rsa()).as_bytes()), refused),
                ("ATK-JAR-07 DER", |it| it.hs256(&rsa_public_der(rsa())), refused),
                (
                    "ATK-JAR-07 JWK",
                    |it| it.hs256(json!(rsa().public_jwk())["n"].as_str().unwrap().as_bytes()),
                    refused,
                ),
                ("ATK-JAR-08", |it| it.hs256(b"the-registered-client-secret-0123456789"), refused),
                ("ATK-JAR-09 empty", |it| it.hs256(b""), refused),
                ("ATK-JAR-09 client_id", |it| it.hs256(CLIENT_ID.as_bytes()), refused),
                ("ATK-JAR-09 weak", |it| it.hs256(b"secret"), refused),
                (
                    "JAR-73 labelled PS256",
                    |it| {
                        let tag = signature(&it.clone().hs256(&rsa_public_der(rsa())));
                        it.header("alg", "PS256").header("kid", rsa().public_jwk().kid()).with_signature(&tag)
                    },
                    Reason::RequestObjectSignature,
                ),
            ],
        );
    }
}

/// The same RSA key, for the older padding.
fn pkcs1() -> SigningKey {
    SigningKey::from_pkcs8(&rsa().to_pkcs8().unwrap(), Algorithm::RS256).unwrap()
}

#[test]
fn jar_65_the_older_rsa_padding_does_not_pass() {
    // Published without `alg`, so that nothing but the profile speaks against RS256.
    let open = json!({ "jwks": { "keys": [rsa().public_jwk().bare()] } });
    for profile in ProfileName::ALL {
        let way = if profile == ProfileName::Baseline { Way::ByValue } else { Way::Pushed };
        let client = client_with(profile, &open);
        let honest = object().header("alg", "PS256").without_header("kid").sign(rsa());
        assert_eq!(way.send(&client, &honest).err(), None, "the control, {profile}");
        for (id, hostile, expected) in [
            (
                "ATK-JAR-10",
                object().header("alg", "RS256").without_header("kid").sign(&pkcs1()),
                Reason::RequestObjectAlgorithm,
            ),
            (
                "ATK-JAR-11",
                object().header("alg", "RS256").without_header("kid").sign(rsa()),
                Reason::RequestObjectAlgorithm,
            ),
            (
                "ATK-JAR-11",
                object().header("alg", "PS256").without_header("kid").sign(&pkcs1()),
                Reason::RequestObjectSignature,
            ),
        ] {
            assert_eq!(way.send(&client, &hostile).err(), Some(expected), "{id}, {profile}");
        }
    }
}

#[test]
fn atk_jar_12_the_registered_algorithm_is_the_only_one() {
    let second = key(Owner::Client, Algorithm::ES384);
    let keys = jwks(&[own(), second]);
    let object_by_second = object().sign_as(second);
    let either = Way::ByValue.client_with(&json!({ "jwks": keys }));
    assert_eq!(Way::ByValue.send(&either, &object_by_second).err(), None, "the control: nothing registered");
    for way in Way::BOTH {
        let client = way.client_with(&json!({ "jwks": keys, "request_object_signing_alg": "ES256" }));
        assert_eq!(way.send(&client, &object().sign(own())).err(), None, "the control");
        let refused = way.send(&client, &object_by_second).err();
        assert_eq!(refused, Some(Reason::RequestObjectAlgorithm), "JAR-136, {way:?}");
    }
}

#[test]
fn only_a_key_of_this_client_counts() {
    refuses(&[
        ("ATK-JAR-14", |it| it.sign_as(key(Owner::OtherClient, Algorithm::ES256)), Reason::RequestObjectKey),
        (
            "ATK-JAR-15",
            |it| {
                let namesake = copy(key(Owner::OtherClient, Algorithm::ES256)).with_key_id(own_kid());
                it.sign_as(&namesake)
            },
            Reason::RequestObjectSignature,
        ),
        ("ATK-JAR-16", |it| it.sign_as(key(Owner::Server, Algorithm::ES256)), Reason::RequestObjectKey),
        (
            "ATK-JAR-16 under the client's kid",
            |it| it.sign(key(Owner::Server, Algorithm::ES256)),
            Reason::RequestObjectSignature,
        ),
        (
            "JAR-50",
            |it| it.without_header("kid").sign(key(Owner::Attacker, Algorithm::ES256)),
            Reason::RequestObjectSignature,
        ),
    ]);
}

fn own_kid() -> String {
    own().thumbprint().to_string()
}

/// The order of P-256, as r or s.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

#[test]
fn jar_74_ecdsa_signatures_are_two_numbers_in_range() {
    let refused = Reason::RequestObjectSignature;
    refuses(&[
        ("ATK-JAR-33 zero", |it| it.with_signature(&[0; 64]), refused),
        (
            "ATK-JAR-33 r = n",
            |it| {
                let honest = it.sign(own());
                let s = signature(&honest)[32..].to_vec();
                with_signature(&honest, &[&ORDER[..], &s].concat())
            },
            refused,
        ),
        (
            "ATK-JAR-33 s = n",
            |it| {
                let honest = it.sign(own());
                let r = signature(&honest)[..32].to_vec();
                with_signature(&honest, &[&r[..], &ORDER].concat())
            },
            refused,
        ),
        (
            "ATK-JAR-33 DER",
            |it| {
                let honest = it.sign(own());
                with_signature(&honest, &der(&signature(&honest)))
            },
            refused,
        ),
        (
            "ATK-JAR-33 63 octets",
            |it| {
                let honest = it.sign(own());
                with_signature(&honest, &signature(&honest)[..63])
            },
            refused,
        ),
        (
            "ATK-JAR-33 65 octets",
            |it| {
                let honest = it.sign(own());
                with_signature(&honest, &[&signature(&honest)[..], &[0]].concat())
            },
            refused,
        ),
    ]);
}
