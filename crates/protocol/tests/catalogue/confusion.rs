//! No kind of JWT passes for another (ATK-JAR-87..89, ATK-JARM-20..22, 67, ATK-AUTH-05, 06; JAR-111, 112, JWT-01).

use countersign_jose::{Algorithm, SigningKey};
use countersign_protocol::client_auth::{ASSERTION_TYPE, ClientAssertion};
use countersign_protocol::dpop::{self, ProofTarget};
use countersign_protocol::parameter::{Delivery, Encoding, Nonce};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::request::RawParameters;
use countersign_protocol::token::{ExpectedIdToken, verify_access_token, verify_id_token};
use countersign_testkit::forge::{self, Forgery};
use countersign_testkit::keys::{Owner, jwks, key};
use countersign_testkit::pair::form;
use countersign_testkit::parties::{CLIENT_ID, ISSUER, START, client_with, issuer};
use serde_json::json;

use crate::authorization_response::judge;
use crate::desk::Way;

/// Where a token is presented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    RequestObject,
    Assertion,
    Response,
    IdToken,
    AccessToken,
    Proof,
}

const DOORS: [Door; 6] =
    [Door::RequestObject, Door::Assertion, Door::Response, Door::IdToken, Door::AccessToken, Door::Proof];

/// The one key that everybody uses: the worst case, so that nothing but the kind can tell the tokens apart.
fn one_key() -> &'static SigningKey {
    key(Owner::Server, Algorithm::ES256)
}

/// An honest token of the kind that this door is for, signed with the one key.
fn honest(door: Door) -> Forgery {
    match door {
        Door::RequestObject => forge::request_object(START),
        Door::Assertion => forge::client_assertion(START),
        Door::Response => forge::response(START, "s"),
        Door::IdToken => forge::id_token(START, "n"),
        Door::AccessToken => forge::access_token(START),
        Door::Proof => forge::dpop_proof(START, "POST", "https://as.example/token", None),
    }
}

fn signed(door: Door, forged: Forgery) -> String {
    if door == Door::Proof {
        forged.header("jwk", json!(one_key().public_jwk().bare())).sign(one_key())
    } else {
        forged.sign_as(one_key())
    }
}

/// Whether the door opens.
fn opens(door: Door, token: &str) -> bool {
    let keys = countersign_jose::JwkSet::parse(jwks(&[one_key()]).to_string()).unwrap();
    let client = client_with(ProfileName::Fapi2MessageSigning, &json!({ "jwks": jwks(&[one_key()]) }));
    match door {
        Door::RequestObject => Way::Pushed.send(&client, token).is_ok(),
        Door::Assertion => {
            let body = form(&[("client_assertion_type", ASSERTION_TYPE), ("client_assertion", token)]);
            let raw = RawParameters::parse(body.as_bytes()).unwrap();
            ClientAssertion::from_parameters(&raw).and_then(|it| it.verify(&client, &issuer(), START)).is_ok()
        }
        Door::Response => {
            let delivery = Delivery { encoding: Encoding::Query, signed: true };
            judge(&form(&[("response", token)]), Encoding::Query, delivery, Some("s"), &keys, START).is_ok()
        }
        Door::IdToken => {
            let nonce: Nonce = "n".parse().unwrap();
            let expected = ExpectedIdToken {
                issuer: &issuer(),
                keys: &keys,
                client_id: &CLIENT_ID.parse().unwrap(),
                algorithm: Algorithm::ES256,
                nonce: Some(&nonce),
            };
            verify_id_token(token, expected, START).is_ok()
        }
        Door::AccessToken => {
            verify_access_token(token, &keys, &issuer(), &format!("{ISSUER}/userinfo"), START).is_ok()
        }
        Door::Proof => {
            let algorithms = client.profile().algorithms;
            let target = ProofTarget {
                method: "POST",
                url: "https://as.example/token",
                access_token: None,
                algorithms,
            };
            dpop::verify(token, target, START).is_ok()
        }
    }
}

/// ATK-JAR-87 (ID token, access token and answer as request object), ATK-JAR-88 (assertion), ATK-JAR-89 (proof);
/// ATK-JARM-20 and ATK-JARM-22 (as answer), ATK-JARM-67 (the answer elsewhere), ATK-AUTH-05 and ATK-AUTH-06 (as assertion).
#[test]
fn jar_112_every_door_opens_for_its_own_kind_only() {
    for door in DOORS {
        assert!(opens(door, &signed(door, honest(door))), "the control: {door:?}");
        for kind in DOORS.into_iter().filter(|&kind| kind != door) {
            assert!(!opens(door, &signed(kind, honest(kind))), "{kind:?} at the door of {door:?}");
        }
    }
}

/// The same without the explicit type: the claims alone tell the kinds apart (JAR-109 accepts an absent `typ`).
#[test]
fn jar_112_the_claims_tell_kinds_apart_where_no_type_does() {
    for door in [Door::RequestObject, Door::Assertion, Door::Response, Door::IdToken] {
        assert!(opens(door, &signed(door, honest(door).without_header("typ"))), "the control: {door:?}");
        for kind in DOORS.into_iter().filter(|&kind| kind != door) {
            let untyped = signed(kind, honest(kind).without_header("typ"));
            assert!(!opens(door, &untyped), "untyped {kind:?} at the door of {door:?}");
        }
    }
}

#[test]
fn atk_jarm_21_an_id_token_with_a_code_is_no_answer() {
    let control = forge::response(START, "s").sign_as(one_key());
    assert!(opens(Door::Response, &control), "the control");
    let dressed = forge::id_token(START, "n").claim("code", "stolen").claim("state", "s");
    assert!(!opens(Door::Response, &dressed.clone().sign_as(one_key())), "the nonce gives it away");
    let stripped = dressed.without("nonce").claim("at_hash", "h").sign_as(one_key());
    assert!(!opens(Door::Response, &stripped), "at_hash gives it away");
}

#[test]
fn atk_jarm_22_other_tokens_of_the_server_are_no_answers() {
    for (name, forged) in [
        ("logout token", forge::response(START, "s").header("typ", "logout+jwt").claim("events", json!({}))),
        (
            "introspection",
            forge::response(START, "s").claim("token_introspection", json!({ "active": true })),
        ),
        (
            "signed userinfo",
            forge::response(START, "s").without("exp").without("code").claim("sub", "person"),
        ),
    ] {
        assert!(!opens(Door::Response, &forged.sign_as(one_key())), "{name}");
    }
}

#[test]
fn atk_auth_05_a_request_object_with_a_sub_is_no_assertion_either() {
    let sub = forge::request_object(START).claim("sub", CLIENT_ID).claim("exp", START.as_secs() + 60);
    for typed in [sub.clone(), sub.without_header("typ")] {
        assert!(!opens(Door::Assertion, &typed.sign_as(one_key())), "JAR-111");
    }
}
