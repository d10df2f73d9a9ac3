//! What a signed answer must say (ATK-JARM-11..15, 20..23, 26..28, 41, 42, 46, 47; JARM-47..52).

use countersign_protocol::parameter::{Delivery, Encoding};
use countersign_protocol::reason::Reason;
use countersign_protocol::response::VerifiedOutcome;
use countersign_testkit::pair::form;
use countersign_testkit::parties::{CLIENT_ID, ISSUER, OTHER_CLIENT_ID, OTHER_ISSUER, START, server_keys};
use serde_json::json;

use super::counter::{STATE, answer, judge, receive, refuses, refuses_claims, server};

#[test]
fn jarm_47_the_issuer_is_the_one_that_was_asked() {
    refuses_claims(&[
        ("ATK-JARM-10", |it| it.claim("iss", OTHER_ISSUER), Reason::ResponseIssuer),
        ("ATK-JARM-11 missing", |it| it.without("iss"), Reason::ResponseIssuer),
        ("ATK-JARM-11 array", |it| it.claim("iss", json!([ISSUER])), Reason::ResponseClaims),
        ("ATK-JARM-11 slash", |it| it.claim("iss", format!("{ISSUER}/")), Reason::ResponseIssuer),
        ("ATK-JARM-11 case", |it| it.claim("iss", "https://AS.example"), Reason::ResponseIssuer),
        ("ATK-JARM-11 http", |it| it.claim("iss", "http://as.example"), Reason::ResponseIssuer),
    ]);
}

#[test]
fn jarm_48_the_audience_is_this_client_alone() {
    refuses_claims(&[
        ("ATK-JARM-12 missing", |it| it.without("aud"), Reason::ResponseAudience),
        ("ATK-JARM-12 another", |it| it.claim("aud", OTHER_CLIENT_ID), Reason::ResponseAudience),
        (
            "ATK-JARM-12 others too",
            |it| it.claim("aud", json!([CLIENT_ID, OTHER_CLIENT_ID])),
            Reason::ResponseAudience,
        ),
        ("JARM-48 empty array", |it| it.claim("aud", json!([])), Reason::ResponseAudience),
    ]);
    let alone = receive(&answer().claim("aud", json!([CLIENT_ID])).sign(server()));
    assert!(alone.is_ok(), "ATK-JARM-12: alone in an array");
}

#[test]
fn jarm_49_an_answer_is_for_now() {
    let now = START.as_secs();
    assert_eq!(now, 1_800_000_000);
    refuses_claims(&[
        ("ATK-JARM-13 missing", |it| it.without("exp"), Reason::ResponseExpired),
        ("ATK-JARM-13 string", |it| it.claim("exp", "1800000120"), Reason::ResponseExpired),
        ("ATK-JARM-13 past", |it| it.claim("exp", 1_799_999_990), Reason::ResponseExpired),
        ("ATK-JARM-13 50 years", |it| it.claim("exp", 3_400_000_000_u64), Reason::ResponseTooLong),
        ("ATK-JARM-13 milliseconds", |it| it.claim("exp", 1_800_000_120_000_u64), Reason::ResponseTooLong),
        ("ATK-JARM-14 nbf", |it| it.claim("nbf", 1_800_000_061), Reason::ResponseNotYetValid),
        ("ATK-JARM-14 iat", |it| it.claim("iat", 1_800_000_061), Reason::ResponseNotYetValid),
        ("JARM-27 nbf string", |it| it.claim("nbf", "1800000000"), Reason::ResponseNotYetValid),
    ]);
    for (id, name, at) in
        [("JARM-49", "exp", now - 9), ("JARM-64", "nbf", now + 10), ("JARM-64", "iat", now + 10)]
    {
        assert!(receive(&answer().claim(name, at).sign(server())).is_ok(), "{id} {name}");
    }
}

#[test]
fn jarm_52_the_state_is_the_one_that_was_sent() {
    refuses_claims(&[
        ("ATK-JARM-15 missing", |it| it.without("state"), Reason::ResponseState),
        ("ATK-JARM-15 different, ATK-JARM-17", |it| it.claim("state", "another"), Reason::ResponseState),
        ("ATK-JARM-15 empty", |it| it.claim("state", ""), Reason::ResponseState),
    ]);
    let delivery = Delivery { encoding: Encoding::Query, signed: true };
    let stateless = |jwt: String| {
        judge(&form(&[("response", jwt)]), Encoding::Query, delivery, None, &server_keys(), START)
    };
    assert!(
        stateless(answer().without("state").sign(server())).is_ok(),
        "the control: none sent, none returned"
    );
    let unexpected = stateless(answer().sign(server())).err();
    assert_eq!(unexpected, Some(Reason::ResponseState), "ATK-JARM-15: unexpected when none was sent");
    assert!(STATE.len() > 1);
}

#[test]
fn jarm_51_another_kind_of_jwt_is_no_answer() {
    let kind = Reason::ResponseKind;
    refuses(&[
        ("ATK-JARM-23", |it| it.header("typ", "at+jwt").sign(server()), kind),
        ("ATK-JARM-23", |it| it.header("typ", "logout+jwt").sign(server()), kind),
        ("ATK-JARM-23", |it| it.header("typ", "token-introspection+jwt").sign(server()), kind),
        ("ATK-JARM-23", |it| it.header("typ", "oauth-authz-req+jwt").sign(server()), kind),
        ("ATK-JARM-23", |it| it.header("typ", "").sign(server()), kind),
    ]);
    refuses_claims(&[
        ("ATK-JARM-21 nonce", |it| it.claim("nonce", "n"), kind),
        ("ATK-JARM-21 at_hash", |it| it.claim("at_hash", "h"), kind),
        ("ATK-JARM-22 events", |it| it.claim("events", json!({})), kind),
        ("ATK-JARM-22 cnf", |it| it.claim("cnf", json!({ "jkt": "x" })), kind),
        ("ATK-JARM-22 client_id", |it| it.claim("client_id", CLIENT_ID), kind),
        ("ATK-JARM-22 token_introspection", |it| it.claim("token_introspection", json!({})), kind),
        ("JARM-51 c_hash", |it| it.claim("c_hash", "h"), kind),
        ("JARM-51 s_hash null", |it| it.claim("s_hash", json!(null)), kind),
        ("ATK-JARM-41, ATK-JARM-42", |it| it.claim("id_token", "a.b.c"), kind),
        ("ATK-JARM-46 negative", |it| it.claim("expires_in", -1), kind),
        ("ATK-JARM-46 string", |it| it.claim("expires_in", "300"), kind),
        ("JARM-51 access_token", |it| it.claim("access_token", "t"), kind),
    ]);
    for typ in ["JWT", "jwt", "application/jwt"] {
        assert!(receive(&answer().header("typ", typ).sign(server())).is_ok(), "JARM-51 {typ}");
    }
    assert!(receive(&answer().without_header("typ").sign(server())).is_ok(), "JARM-51");
    assert!(receive(&answer().claim("sub", "person").sign(server())).is_ok(), "JARM-51: sub is tolerated");
}

#[test]
fn jarm_51_one_outcome() {
    refuses_claims(&[
        ("ATK-JARM-26", |it| it.claim("error", "access_denied"), Reason::ResponseIncomplete),
        ("ATK-JARM-27", |it| it.without("code"), Reason::ResponseIncomplete),
        ("ATK-JARM-27 empty", |it| it.claim("code", ""), Reason::ResponseIncomplete),
        ("ATK-JARM-28 number", |it| it.claim("code", 7), Reason::ResponseClaims),
        ("ATK-JARM-28 array", |it| it.claim("code", json!(["a"])), Reason::ResponseClaims),
        ("ATK-JARM-28 object", |it| it.claim("code", json!({})), Reason::ResponseClaims),
        ("ATK-JARM-28 null", |it| it.claim("code", json!(null)), Reason::ResponseClaims),
        ("ATK-JARM-28 twice", |it| it.add_claim("code", "\"another\""), Reason::ResponseClaims),
        ("ATK-JARM-28 escaped", |it| it.add_claim("\\u0063ode", "\"another\""), Reason::ResponseClaims),
        ("JARM-51 payload array", |it| it.payload_bytes("[]"), Reason::ResponseClaims),
    ]);
}

#[test]
fn jarm_27_what_is_not_known_is_ignored() {
    let extended = answer().claim("session_state", "s").claim("x", json!({ "y": [1] })).sign(server());
    assert_eq!(receive(&extended), Ok(VerifiedOutcome::Code("the-code".to_owned())), "ATK-JARM-47");
}

#[test]
fn jarm_23_a_signed_error_is_an_error() {
    let refused = answer().without("code").claim("error", "access_denied");
    let markup = "<script>alert(1)</script>";
    assert_eq!(
        receive(&refused.claim("error_description", markup).sign(server())),
        Ok(VerifiedOutcome::Error {
            error: "access_denied".to_owned(),
            description: Some(markup.to_owned()),
        }),
        "ATK-JARM-45: handed out as text, for the page to escape"
    );
}
