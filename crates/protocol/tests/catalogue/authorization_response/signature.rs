//! Whose word the client takes (ATK-JARM-04..10, 25, 29, 30, 32, 34, 36, 40, 48; JARM-45, 46, 50, 56).

use countersign_jose::{Algorithm, JwkSet};
use countersign_protocol::parameter::{Delivery, Encoding};
use countersign_protocol::reason::Reason;
use countersign_protocol::response::VerifiedOutcome;
use countersign_testkit::forge::rsa_public_pem;
use countersign_testkit::forge::spelling::{
    der, flattened, flip_payload_bit, flip_signature_bit, general, signature, stray_bits, with_signature,
};
use countersign_testkit::keys::{Owner, jwks, key};
use countersign_testkit::pair::form;
use countersign_testkit::parties::{OTHER_ISSUER, START};
use serde_json::json;

use super::counter::{STATE, answer, judge, refuses, server};

#[test]
fn jarm_50_only_the_signature_of_the_expected_server_counts() {
    let algorithm = Reason::ResponseAlgorithm;
    refuses(&[
        ("ATK-JARM-04", |it| it.header("alg", "none").unsigned(), algorithm),
        ("ATK-JARM-04 case", |it| it.header("alg", "NoNe").sign(server()), algorithm),
        ("ATK-JARM-05 flipped", |it| flip_signature_bit(&it.sign(server())), Reason::ResponseSignature),
        ("ATK-JARM-05 removed", |it| it.unsigned(), Reason::ResponseNotCompact),
        ("ATK-JARM-05 zero", |it| it.with_signature(&[0; 64]), Reason::ResponseSignature),
        (
            "ATK-JARM-05 DER",
            |it| {
                let honest = it.sign(server());
                with_signature(&honest, &der(&signature(&honest)))
            },
            Reason::ResponseSignature,
        ),
        (
            "ATK-JARM-06",
            |it| it.hs256(rsa_public_pem(key(Owner::Server, Algorithm::PS256)).as_bytes()),
            algorithm,
        ),
        ("ATK-JARM-07", |it| it.hs256(b"the-client-secret"), algorithm),
        ("ATK-JARM-08 RS256", |it| it.header("alg", "RS256").sign(server()), algorithm),
        (
            "ATK-JARM-08 a real key, another algorithm",
            |it| it.sign_as(key(Owner::Server, Algorithm::PS256)),
            algorithm,
        ),
        ("ATK-JARM-09", |it| it.sign_as(key(Owner::OtherServer, Algorithm::ES256)), Reason::ResponseKey),
        (
            "ATK-JARM-09 under the kid",
            |it| it.sign(key(Owner::OtherServer, Algorithm::ES256)),
            Reason::ResponseSignature,
        ),
        (
            "ATK-JARM-25",
            |it| {
                it.without("code")
                    .claim("error", "access_denied")
                    .sign(key(Owner::Attacker, Algorithm::ES256))
            },
            Reason::ResponseSignature,
        ),
        ("ATK-JARM-34", |it| it.header("kid", "unknown").sign(server()), Reason::ResponseKey),
    ]);
    assert_ne!(flip_payload_bit(&answer().sign(server())), answer().sign(server()));
}

#[test]
fn jarm_51_the_header_brings_no_keys_and_no_extensions() {
    let header = Reason::ResponseHeader;
    refuses(&[
        ("ATK-JARM-32 jku", |it| it.header("jku", "https://evil.example/jwks").sign(server()), header),
        ("ATK-JARM-32 x5u", |it| it.header("x5u", "https://evil.example").sign(server()), header),
        ("ATK-JARM-32 x5c", |it| it.header("x5c", json!([])).sign(server()), header),
        (
            "ATK-JARM-32 jwk",
            |it| {
                let attacker = key(Owner::Attacker, Algorithm::ES256);
                it.without_header("kid").header("jwk", json!(attacker.public_jwk())).sign(attacker)
            },
            header,
        ),
        ("ATK-JARM-40 crit", |it| it.header("crit", json!(["exp"])).sign(server()), header),
        ("ATK-JARM-40 b64", |it| it.header("b64", false).sign(server()), header),
        ("ATK-JARM-28 alg twice", |it| it.add_header("alg", "\"none\"").sign(server()), header),
        ("JARM-50 no alg", |it| it.without_header("alg").sign(server()), header),
    ]);
}

#[test]
fn jarm_45_compact_small_and_in_one_spelling() {
    let spelling = Reason::ResponseNotCompact;
    refuses(&[
        ("ATK-JARM-40 flattened", |it| flattened(&it.sign(server())), spelling),
        ("ATK-JARM-40 general", |it| general(&[&it.sign(server())]), spelling),
        ("JARM-45 2 parts", |it| it.signing_input(), spelling),
        ("JARM-45 4 parts", |it| format!("{}.AA", it.sign(server())), spelling),
        ("JARM-45 padding", |it| format!("{}==", it.sign(server())), spelling),
        ("JARM-45 stray bits", |it| stray_bits(&it.sign(server())), spelling),
        ("JARM-45 white space", |it| format!("{} ", it.sign(server())), spelling),
        (
            "ATK-JARM-36 10 MB",
            |it| it.claim("x", "x".repeat(10 << 20)).with_signature(&[1; 64]),
            Reason::ResponseTooLarge,
        ),
        (
            "ATK-JARM-36 deep",
            |it| it.claim_text("x", &format!("{}{}", "[".repeat(5000), "]".repeat(5000))).sign(server()),
            Reason::ResponseClaims,
        ),
        ("ATK-JARM-29 JARM-46", |it| format!("{}.AA.AA", it.sign(server())), Reason::ResponseEncryption),
    ]);
}

#[test]
fn atk_jarm_48_the_first_failure_in_the_order_of_jarm_is_reported() {
    let attacker = || key(Owner::Attacker, Algorithm::ES256);
    refuses(&[
        (
            "iss before the signature",
            |it| it.claim("iss", OTHER_ISSUER).with_signature(&[1; 64]),
            Reason::ResponseIssuer,
        ),
        (
            "iss before aud",
            |it| it.claim("iss", OTHER_ISSUER).claim("aud", "other").sign(server()),
            Reason::ResponseIssuer,
        ),
        (
            "aud before exp",
            |it| it.claim("aud", "other").claim("exp", 1).sign(server()),
            Reason::ResponseAudience,
        ),
        (
            "exp before the signature",
            |it| it.claim("exp", 1).with_signature(&[1; 64]),
            Reason::ResponseExpired,
        ),
        (
            "the algorithm before the key",
            |it| it.header("alg", "PS256").header("kid", "x").sign(server()),
            Reason::ResponseAlgorithm,
        ),
        (
            "the signature before the kind",
            |it| it.header("typ", "at+jwt").with_signature(&[1; 64]),
            Reason::ResponseSignature,
        ),
        (
            "the kind before the state",
            |it| it.claim("nonce", "n").claim("state", "other").sign(server()),
            Reason::ResponseKind,
        ),
        (
            "the state before the outcome",
            |it| it.without("code").claim("state", "other").sign(server()),
            Reason::ResponseState,
        ),
    ]);
    let signed_by_nobody = answer().sign(attacker());
    assert_ne!(signed_by_nobody, answer().sign(server()));
}

#[test]
fn jarm_57_the_keys_are_those_of_the_expected_issuer() {
    let delivery = Delivery { encoding: Encoding::Query, signed: true };
    let encoded = form(&[("response", answer().sign(server()))]);
    let with = |keys: &JwkSet| judge(&encoded, Encoding::Query, delivery, Some(STATE), keys, START);
    let own = JwkSet::parse(jwks(&[server()]).to_string()).unwrap();
    assert_eq!(with(&own), Ok(VerifiedOutcome::Code("the-code".to_owned())), "the control");
    let other = JwkSet::parse(jwks(&[key(Owner::OtherServer, Algorithm::ES256)]).to_string()).unwrap();
    assert_eq!(with(&other).err(), Some(Reason::ResponseKey), "ATK-JARM-09");
    assert_eq!(with(&JwkSet::default()).err(), Some(Reason::ResponseKey));
    let foreign = form(&[("response", answer().claim("iss", "https://evil.example").sign(server()))]);
    let judged = judge(&foreign, Encoding::Query, delivery, Some(STATE), &JwkSet::default(), START);
    assert_eq!(
        judged.err(),
        Some(Reason::ResponseIssuer),
        "ATK-JARM-33: refused before any key is looked for"
    );
}
