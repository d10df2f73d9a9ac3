//! Single use (ATK-JAR-57..60; JAR-58, 105, 107).

use countersign_jose::{Algorithm, SigningKey, sha256};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::request::{Expectations, MOST_PUSHED, RequestObject};
use countersign_protocol::time::UnixTime;
use countersign_testkit::forge::{self, Forgery};
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::pair::{Pair, form};
use countersign_testkit::parties::{CLIENT_ID, OTHER_CLIENT_ID, START, client, issuer};

use crate::desk::{object, own};

/// A push by a client with a fresh client assertion each time.
fn push(
    pair: &mut Pair,
    client_id: &str,
    signer: &SigningKey,
    object: &str,
    attempt: u32,
) -> Result<(), Reason> {
    let assertion = forge::client_assertion(pair.now)
        .claim("iss", client_id)
        .claim("sub", client_id)
        .claim("jti", format!("assertion-{attempt}"))
        .sign_as(signer);
    let body = form(&[
        ("client_id", client_id),
        ("client_assertion_type", countersign_protocol::client_auth::ASSERTION_TYPE),
        ("client_assertion", &assertion),
        ("request", object),
    ]);
    pair.server.push(&body, &[], pair.now).map(drop)
}

#[test]
fn atk_jar_57_a_pushed_object_is_used_once() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let first = object().sign(own());
    assert_eq!(push(&mut pair, CLIENT_ID, own(), &first, 1), Ok(()), "the control");
    assert_eq!(push(&mut pair, CLIENT_ID, own(), &first, 2), Err(Reason::RequestObjectReplayed));
    let signed_again = object().sign(own());
    assert_ne!(signed_again, first, "another signature over the same claims");
    assert_eq!(push(&mut pair, CLIENT_ID, own(), &signed_again, 3), Err(Reason::RequestObjectReplayed));
    let fresh = object().claim("jti", "another").sign(own());
    assert_eq!(push(&mut pair, CLIENT_ID, own(), &fresh, 4), Ok(()), "another jti is another object");
}

#[test]
fn atk_jar_60_each_client_has_its_own_jti() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let other = key(Owner::OtherClient, Algorithm::ES256);
    let foreign = object().claim("client_id", OTHER_CLIENT_ID).claim("iss", OTHER_CLIENT_ID).sign_as(other);
    assert_eq!(push(&mut pair, CLIENT_ID, own(), &object().sign(own()), 1), Ok(()));
    assert_eq!(push(&mut pair, OTHER_CLIENT_ID, other, &foreign, 2), Ok(()), "the same jti, another client");
    assert_eq!(push(&mut pair, OTHER_CLIENT_ID, other, &foreign, 3), Err(Reason::RequestObjectReplayed));
}

#[test]
fn jar_105_without_a_jti_the_signed_bytes_count() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let bare = || object().without("jti");
    assert_eq!(push(&mut pair, CLIENT_ID, own(), &bare().sign(own()), 1), Ok(()), "the control");
    let replayed = push(&mut pair, CLIENT_ID, own(), &bare().sign(own()), 2);
    assert_eq!(replayed, Err(Reason::RequestObjectReplayed), "never the signature, which can be malleable");
    let other = bare().claim("nonce", "another").sign(own());
    assert_eq!(push(&mut pair, CLIENT_ID, own(), &other, 3), Ok(()));
}

#[test]
fn jar_105_a_refused_object_spends_nothing() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let forged = object().sign(key(Owner::Attacker, Algorithm::ES256));
    assert_eq!(push(&mut pair, CLIENT_ID, own(), &forged, 1), Err(Reason::RequestObjectSignature));
    assert_eq!(
        push(&mut pair, CLIENT_ID, own(), &object().sign(own()), 2),
        Ok(()),
        "the real one still counts"
    );
}

#[test]
fn atk_jar_58_and_59_an_object_in_a_url_ends_with_its_answer() {
    let mut pair = Pair::new(ProfileName::Baseline);
    let object = object().sign(own());
    let query = form(&[("client_id", CLIENT_ID), ("request", &object)]);
    let visit = pair.server.authorize(&query, pair.now).unwrap();
    let reload = pair.server.authorize(&query, pair.now).unwrap();
    assert_eq!(reload.request, visit.request, "ATK-JAR-59: a reload before the answer works");
    pair.person_agrees(&visit).unwrap();
    let second = pair.server.authorize(&query, pair.now).unwrap();
    assert_eq!(pair.person_agrees(&second).err(), Some(Reason::RequestObjectReplayed), "ATK-JAR-58");
    assert_eq!(pair.person_agrees(&reload).err(), Some(Reason::RequestObjectReplayed), "ATK-JAR-58");
}

/// What an object must spend.
fn spends(object: &Forgery) -> (String, [u8; 32], UnixTime) {
    let token = object.sign(own());
    let parsed = RequestObject::parse(&token, MOST_PUSHED).unwrap();
    let registered = client(ProfileName::Fapi2MessageSigning);
    let expect = Expectations { issuer: &issuer(), now: START };
    let (_, spends) = parsed.verify(&registered, expect).unwrap().into_parts();
    let [key] = spends.keys() else { panic!("one identifier") };
    (key.owner.clone(), key.digest, key.expires)
}

#[test]
fn jar_107_the_memory_is_bounded_in_size_and_time() {
    let (owner, digest, forgotten) = spends(&object());
    assert_eq!(owner, CLIENT_ID);
    assert_eq!(forgotten, START.plus(300 + 10), "exp + leeway: from then on it is refused for its age");
    assert_eq!(spends(&object().claim("jti", "j".repeat(256))).1.len(), digest.len());
    assert_ne!(spends(&object().claim("jti", "other")).1, digest);
    // A jti that spells what stands for another object without one is not taken for it.
    let bare = object().without("jti");
    let spelled = object().claim("jti", "object:x");
    assert_ne!(spends(&bare).1, spends(&spelled).1);
    assert_ne!(spends(&bare).1, sha256(bare.signing_input().as_bytes()), "namespaces are kept apart");
}
