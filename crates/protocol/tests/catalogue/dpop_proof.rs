//! DPoP proofs (ATK-POP-02..11, 13, 16, 21; DPOP-01..06, 15, 16, 19).

use countersign_jose::{Algorithm, base64url};
use countersign_protocol::dpop::{self, ProofTarget};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;
use countersign_protocol::server::push;
use countersign_protocol::time::UnixTime;
use countersign_testkit::forge::spelling::flip_signature_bit;
use countersign_testkit::forge::{self, Forgery};
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::pair::form;
use countersign_testkit::parties::{CLIENT_ID, START, client, issuer};
use serde_json::json;

use crate::desk::{Twist, object, own};

const TOKEN_ENDPOINT: &str = "https://as.example/token";
const ACCESS_TOKEN: &str = "the-access-token";

fn bound() -> &'static countersign_jose::SigningKey {
    key(Owner::Dpop, Algorithm::ES256)
}

fn proof() -> Forgery {
    forge::dpop_proof(START, "POST", TOKEN_ENDPOINT, None)
}

fn target(url: &str) -> ProofTarget<'_> {
    let algorithms = ProfileName::Fapi2Security.profile().algorithms;
    ProofTarget { method: "POST", url, access_token: None, algorithms }
}

fn judge(proof: &str, target: ProofTarget<'_>, now: UnixTime) -> Option<Reason> {
    match dpop::verify(proof, target, now) {
        Ok(verified) => {
            assert_eq!(verified.into_parts().0.key(), bound().thumbprint());
            None
        }
        Err(reason) => Some(reason),
    }
}

fn refuses(cases: &[(&str, Twist, Reason)]) {
    for (id, twist, expected) in cases {
        assert_eq!(judge(&proof().sign(bound()), target(TOKEN_ENDPOINT), START), None, "{id}: the control");
        assert_eq!(judge(&twist(proof()), target(TOKEN_ENDPOINT), START), Some(*expected), "{id}");
    }
}

#[test]
fn dpop_02_a_proof_has_all_its_parts() {
    refuses(&[
        ("ATK-POP-02 jti", |it| it.without("jti").sign(bound()), Reason::ProofMalformed),
        ("ATK-POP-02 htm", |it| it.without("htm").sign(bound()), Reason::ProofMalformed),
        ("ATK-POP-02 htu", |it| it.without("htu").sign(bound()), Reason::ProofMalformed),
        ("ATK-POP-02 iat", |it| it.without("iat").sign(bound()), Reason::ProofMalformed),
        ("ATK-POP-02 typ", |it| it.without_header("typ").sign(bound()), Reason::ProofType),
        ("ATK-POP-02 jwk", |it| it.without_header("jwk").sign(bound()), Reason::ProofKey),
        ("ATK-POP-02 alg", |it| it.without_header("alg").sign(bound()), Reason::ProofMalformed),
        ("ATK-POP-03 typ", |it| it.header("typ", "JWT").sign(bound()), Reason::ProofType),
        ("ATK-POP-03 RS256", |it| it.header("alg", "RS256").sign(bound()), Reason::ProofAlgorithm),
        ("ATK-POP-03 HS256", |it| it.hs256(b"secret"), Reason::ProofAlgorithm),
        ("ATK-POP-03 none", |it| it.header("alg", "none").unsigned(), Reason::ProofAlgorithm),
        ("ATK-POP-10", |it| format!("{0},{0}", it.sign(bound())), Reason::ProofMalformed),
        ("ATK-POP-21 jti", |it| it.claim("jti", "j".repeat(1 << 20)).sign(bound()), Reason::ProofMalformed),
        ("ATK-POP-21 257", |it| it.claim("jti", "j".repeat(257)).sign(bound()), Reason::ProofMalformed),
        (
            "JWT-03 twice",
            |it| it.add_claim("htu", "\"https://evil.example\"").sign(bound()),
            Reason::ProofMalformed,
        ),
        ("JAR-66", |it| it.header("crit", json!(["exp"])).sign(bound()), Reason::ProofMalformed),
    ]);
}

#[test]
fn dpop_02_the_key_in_the_header_is_public_strong_and_the_one() {
    refuses(&[
        (
            "ATK-POP-04 private",
            |it| {
                let mut jwk = json!(bound().public_jwk());
                jwk["d"] = json!(base64url::encode([1; 32]));
                it.header("jwk", jwk).sign(bound())
            },
            Reason::ProofKey,
        ),
        (
            "ATK-POP-04 symmetric",
            |it| it.header("jwk", json!({ "kty": "oct", "k": "c2VjcmV0" })).sign(bound()),
            Reason::ProofKey,
        ),
        ("ATK-POP-05 invalid", |it| flip_signature_bit(&it.sign(bound())), Reason::ProofSignature),
        (
            "ATK-POP-05 another key",
            |it| it.sign(key(Owner::Attacker, Algorithm::ES256)),
            Reason::ProofSignature,
        ),
        (
            "ATK-POP-21 RSA 16384",
            |it| {
                let jwk = json!({ "kty": "RSA", "n": base64url::encode([0xff; 2048]), "e": "AQAB" });
                it.header("alg", "PS256").header("jwk", jwk).with_signature(&[1; 64])
            },
            Reason::ProofKey,
        ),
        (
            "DPOP-02 another curve",
            |it| {
                it.header("jwk", json!(key(Owner::Attacker, Algorithm::EdDSA).public_jwk().bare()))
                    .sign(bound())
            },
            Reason::ProofKey,
        ),
    ]);
}

#[test]
fn dpop_03_one_request_and_no_other() {
    refuses(&[
        ("ATK-POP-06 method", |it| it.claim("htm", "GET").sign(bound()), Reason::ProofMethod),
        ("ATK-POP-06 lower case", |it| it.claim("htm", "post").sign(bound()), Reason::ProofMethod),
        (
            "ATK-POP-06 path, ATK-POP-16",
            |it| it.claim("htu", "https://as.example/par").sign(bound()),
            Reason::ProofAddress,
        ),
        (
            "ATK-POP-06 host",
            |it| it.claim("htu", "https://other.example/token").sign(bound()),
            Reason::ProofAddress,
        ),
        (
            "ATK-POP-06 scheme",
            |it| it.claim("htu", "http://as.example/token").sign(bound()),
            Reason::ProofAddress,
        ),
        (
            "ATK-POP-06 port",
            |it| it.claim("htu", "https://as.example:8443/token").sign(bound()),
            Reason::ProofAddress,
        ),
        (
            "ATK-POP-06 user",
            |it| it.claim("htu", "https://eve@as.example/token").sign(bound()),
            Reason::ProofAddress,
        ),
        (
            "DPOP-03 path case",
            |it| it.claim("htu", "https://as.example/Token").sign(bound()),
            Reason::ProofAddress,
        ),
        ("DPOP-03 no URL", |it| it.claim("htu", "token").sign(bound()), Reason::ProofAddress),
    ]);
    for htu in [
        "https://as.example/token?x=1",
        "https://as.example/token#x",
        "HTTPS://AS.EXAMPLE/token",
        "https://as.example:443/token",
    ] {
        let accepted = judge(&proof().claim("htu", htu).sign(bound()), target(TOKEN_ENDPOINT), START);
        assert_eq!(accepted, None, "ATK-POP-07 {htu}");
    }
    let extended = proof().claim("x", 1).header("x", 1).sign(bound());
    assert_eq!(judge(&extended, target(TOKEN_ENDPOINT), START), None, "DPOP-19");
}

#[test]
fn dpop_05_a_proof_is_fresh() {
    for (id, offset, expected) in [
        ("ATK-POP-08", -3600, Some(Reason::ProofTime)),
        ("ATK-POP-08", 3600, Some(Reason::ProofTime)),
        ("ATK-POP-08", -10, None),
        ("ATK-POP-08", 10, None),
        ("DPOP-05", -60, None),
        ("DPOP-05", -61, Some(Reason::ProofTime)),
        ("DPOP-05", 31, Some(Reason::ProofTime)),
    ] {
        let iat = START.as_secs().checked_add_signed(offset).unwrap();
        let judged = judge(&proof().claim("iat", iat).sign(bound()), target(TOKEN_ENDPOINT), START);
        assert_eq!(judged, expected, "{id}: {offset} seconds");
    }
    let text = judge(&proof().claim("iat", "1800000000").sign(bound()), target(TOKEN_ENDPOINT), START);
    assert_eq!(text, Some(Reason::ProofTime), "JAR-83");
}

#[test]
fn dpop_06_the_same_jti_under_the_same_key_is_a_replay() {
    let spent = |forged: Forgery| {
        let verified = dpop::verify(&forged.sign(bound()), target(TOKEN_ENDPOINT), START).unwrap();
        verified.into_parts().1.keys().to_vec()
    };
    assert_eq!(spent(proof()), spent(proof()), "ATK-POP-09");
    assert_ne!(spent(proof()), spent(proof().claim("jti", "another")));
    let [key] = spent(proof()).try_into().unwrap();
    assert_eq!(key.owner, bound().thumbprint().to_string());
    assert!(key.expires > START.plus(60), "remembered for as long as the proof is good");
}

#[test]
fn dpop_02_a_token_goes_with_its_own_proof() {
    let with_token = |forged: Forgery| {
        let target = ProofTarget { access_token: Some(ACCESS_TOKEN), ..target(TOKEN_ENDPOINT) };
        judge(&forged.sign(bound()), target, START)
    };
    let proof = |token| forge::dpop_proof(START, "POST", TOKEN_ENDPOINT, token);
    assert_eq!(with_token(proof(Some(ACCESS_TOKEN))), None, "the control");
    assert_eq!(with_token(proof(None)), Some(Reason::ProofAccessToken), "ATK-POP-02 ath");
    assert_eq!(with_token(proof(Some("another"))), Some(Reason::ProofAccessToken), "ATK-POP-11");
}

#[test]
fn dpop_16_the_request_names_one_key() {
    let client = client(ProfileName::Fapi2MessageSigning);
    let pushed = |named: Option<String>, proven: bool| {
        let mut object = object();
        if let Some(named) = named {
            object = object.claim("dpop_jkt", named);
        }
        let body = form(&[("client_id", CLIENT_ID), ("request", &object.sign(own()))]);
        let raw = RawParameters::parse(body.as_bytes()).unwrap();
        let proof = proven.then(|| {
            dpop::verify(&proof().sign(bound()), target(TOKEN_ENDPOINT), START).unwrap().into_parts().0
        });
        push(&raw, &client, proof, &issuer(), START).map(|accepted| accepted.into_parts().0.dpop_jkt)
    };
    let own_key = bound().thumbprint();
    let other = key(Owner::Attacker, Algorithm::ES256).thumbprint();
    assert_eq!(pushed(None, false), Ok(None));
    assert_eq!(pushed(None, true), Ok(Some(own_key)), "the header binds like the parameter");
    assert_eq!(pushed(Some(own_key.to_string()), false), Ok(Some(own_key)), "DPOP-15");
    assert_eq!(pushed(Some(own_key.to_string()), true), Ok(Some(own_key)), "the control: both, the same");
    assert_eq!(pushed(Some(other.to_string()), true), Err(Reason::DpopThumbprintDiffers), "ATK-POP-13");
    assert_eq!(pushed(Some("short".to_owned()), false), Err(Reason::DpopThumbprintMalformed));
}
