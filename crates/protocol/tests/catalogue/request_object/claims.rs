//! What the claims must say, signature and header being right (ATK-JAR-40..56, 62..71; JAR-52..59, 119).

use countersign_protocol::reason::Reason;
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::parties::{CLIENT_ID, ISSUER, OTHER_CLIENT_ID, START};
use serde_json::json;

use crate::desk::{Way, accepts_claims, object, own, refuses_claims, refuses_claims_at};

#[test]
fn jar_53_one_client_inside_and_outside() {
    let refused = Reason::RequestObjectClientId;
    refuses_claims(&[
        ("ATK-JAR-40", |it| it.claim("client_id", OTHER_CLIENT_ID), refused),
        ("ATK-JAR-40 other case", |it| it.claim("client_id", "Bookshop"), refused),
        ("ATK-JAR-42", |it| it.without("client_id"), refused),
        ("ATK-JAR-95", |it| it.without("client_id").without("scope").without("response_type"), refused),
    ]);
}

#[test]
fn atk_jar_43_the_object_of_another_client() {
    for way in Way::BOTH {
        let client = way.client();
        assert_eq!(way.send(&client, &object().sign(own())).err(), None, "the control");
        let other = key(Owner::OtherClient, countersign_jose::Algorithm::ES256);
        let foreign =
            object().claim("client_id", OTHER_CLIENT_ID).claim("iss", OTHER_CLIENT_ID).sign_as(other);
        assert_eq!(way.send(&client, &foreign).err(), Some(Reason::RequestObjectKey), "ATK-PAR-07, {way:?}");
    }
}

#[test]
fn jar_54_the_issuer_is_the_client() {
    let refused = Reason::RequestObjectIssuer;
    refuses_claims(&[
        ("ATK-JAR-44 another client", |it| it.claim("iss", OTHER_CLIENT_ID), refused),
        ("ATK-JAR-44 the server", |it| it.claim("iss", ISSUER), refused),
        ("JAR-54 empty", |it| it.claim("iss", ""), refused),
    ]);
    refuses_claims_at(Way::Pushed, &[("ATK-JAR-45", |it| it.without("iss"), refused)]);
    let baseline = Way::ByValue.send(&Way::ByValue.client(), &object().without("iss").sign(own()));
    assert_eq!(baseline.err(), None, "JAR-54: the baseline does not demand it");
}

#[test]
fn jar_55_the_audience_is_this_server() {
    let refused = Reason::RequestObjectAudience;
    refuses_claims(&[
        ("ATK-JAR-46 missing", |it| it.without("aud"), refused),
        ("ATK-JAR-46 other server", |it| it.claim("aud", "https://other.example"), refused),
        ("ATK-JAR-46 trailing slash", |it| it.claim("aud", format!("{ISSUER}/")), refused),
        ("ATK-JAR-46 upper-case host", |it| it.claim("aud", "https://AS.example"), refused),
        ("ATK-JAR-46 token endpoint", |it| it.claim("aud", format!("{ISSUER}/token")), refused),
        ("ATK-JAR-46 empty array", |it| it.claim("aud", json!([])), refused),
        ("ATK-JAR-46 numbers", |it| it.claim("aud", json!([1, 2])), refused),
        ("ATK-JAR-48", |it| it.claim("aud", json!([{ "iss": ISSUER }, ISSUER])), refused),
        ("JAR-55 null", |it| it.claim("aud", json!(null)), refused),
        ("JAR-55 an object", |it| it.claim("aud", json!({ "0": ISSUER })), refused),
    ]);
    accepts_claims(&[
        ("ATK-JAR-47", |it| it.claim("aud", json!(["https://other.example", ISSUER]))),
        ("JAR-55 alone in an array", |it| it.claim("aud", json!([ISSUER]))),
    ]);
}

#[test]
fn jar_56_no_client_assertion() {
    refuses_claims(&[("ATK-JAR-63", |it| it.claim("sub", CLIENT_ID), Reason::RequestObjectSubject)]);
    accepts_claims(&[("JAR-118", |it| it.claim("sub", "somebody-else"))]);
}

#[test]
fn jar_59_nothing_inside_the_object_points_elsewhere() {
    let refused = Reason::RequestObjectNested;
    refuses_claims(&[
        ("ATK-JAR-64", |it| it.claim("request", object().sign(own())), refused),
        ("ATK-JAR-65", |it| it.claim("request_uri", "https://rp.example/object"), refused),
        ("ATK-PAR-02", |it| it.claim("request_uri", "urn:ietf:params:oauth:request_uri:x"), refused),
        ("JAR-59 null", |it| it.claim("request", json!(null)), refused),
    ]);
}

#[test]
fn jar_52_one_strict_object() {
    let refused = Reason::RequestObjectClaims;
    refuses_claims(&[
        ("ATK-JAR-66 iss", |it| it.add_claim("iss", "\"bookshop\""), refused),
        ("ATK-JAR-66 redirect_uri", |it| it.add_claim("redirect_uri", "\"https://evil.example\""), refused),
        ("ATK-JAR-66 client_id", |it| it.add_claim("client_id", "\"library\""), refused),
        ("ATK-JAR-66 exp", |it| it.add_claim("exp", "9999999999"), refused),
        ("ATK-JAR-66 escaped", |it| it.add_claim("\\u0065xp", "9999999999"), refused),
        ("ATK-JAR-66 nested", |it| it.claim_text("x", r#"{"y":[{"a":1,"\u0061":2}]}"#), refused),
        (
            "ATK-JAR-67 UTF-16",
            |it| {
                let utf16: Vec<u8> = it.payload_text().encode_utf16().flat_map(u16::to_be_bytes).collect();
                it.payload_bytes(utf16)
            },
            refused,
        ),
        (
            "ATK-JAR-67 bad sequence",
            |it| {
                let broken = it.payload_text().replace("inner-state", "inner-\u{1}").into_bytes();
                it.payload_bytes(
                    broken.into_iter().map(|byte| if byte == 1 { 0xff } else { byte }).collect::<Vec<u8>>(),
                )
            },
            refused,
        ),
        (
            "ATK-JAR-67 byte order mark",
            |it| {
                let marked = format!("\u{feff}{}", it.payload_text());
                it.payload_bytes(marked)
            },
            refused,
        ),
        ("ATK-JAR-67 lone surrogate", |it| it.claim_text("state", r#""\ud800""#), refused),
        ("ATK-JAR-68 array", |it| it.payload_bytes("[]"), refused),
        ("ATK-JAR-68 string", |it| it.payload_bytes("\"claims\""), refused),
        ("ATK-JAR-68 number", |it| it.payload_bytes("1"), refused),
        ("ATK-JAR-68 empty", |it| it.payload_bytes(""), Reason::RequestObjectNotCompact),
        ("ATK-JAR-69", |it| it.payload_bytes(format!("{{\"x\":{}", "[".repeat(10_000))), refused),
        (
            "JAR-52 33 levels",
            |it| it.claim_text("x", &format!("{}{}", "[".repeat(32), "]".repeat(32))),
            refused,
        ),
        (
            "JAR-52 trailing",
            |it| {
                let twice = format!("{} {{}}", it.payload_text());
                it.payload_bytes(twice)
            },
            refused,
        ),
    ]);
    accepts_claims(&[
        ("JAR-52 32 levels", |it| it.claim_text("x", &format!("{}{}", "[".repeat(31), "]".repeat(31)))),
        ("JAR-52 one name in two objects", |it| it.claim_text("x", r#"{"a":{"a":1},"b":{"a":1}}"#)),
        ("JAR-120", |it| it.claim("unknown_extension", json!({ "deep": [1, 2, 3] }))),
    ]);
}

#[test]
fn jar_119_every_parameter_has_its_type() {
    let refused = Reason::RequestObjectParameter;
    refuses_claims(&[
        (
            "ATK-JAR-70 redirect_uri",
            |it| it.claim("redirect_uri", json!(["https://rp.example/callback", "https://evil.example"])),
            refused,
        ),
        ("ATK-JAR-70 scope", |it| it.claim("scope", json!(["openid"])), refused),
        ("ATK-JAR-70 state", |it| it.claim("state", json!({ "a": 1 })), refused),
        ("ATK-JAR-71 redirect_uri", |it| it.claim("redirect_uri", json!(null)), refused),
        ("ATK-JAR-71 response_mode", |it| it.claim("response_mode", json!(null)), refused),
        ("JAR-119 a number", |it| it.claim("nonce", 7), refused),
        ("JAR-119 a truth", |it| it.claim("prompt", true), refused),
        ("JAR-119 client_id", |it| it.claim("client_id", json!([CLIENT_ID])), refused),
        ("JAR-119 max_age negative", |it| it.claim("max_age", -1), refused),
        ("JAR-119 max_age in parts", |it| it.claim("max_age", 1.5), refused),
        ("JAR-119 max_age array", |it| it.claim("max_age", json!([60])), refused),
        ("JAR-119 max_age null", |it| it.claim("max_age", json!(null)), refused),
        ("ATK-OIDC-03 text", |it| it.claim("max_age", "soon"), Reason::MaxAgeMalformed),
        ("ATK-OIDC-03 negative", |it| it.claim("max_age", "-1"), Reason::MaxAgeMalformed),
        ("ATK-OIDC-03 overflow", |it| it.claim("max_age", "99999999999999999999"), Reason::MaxAgeMalformed),
        ("JAR-119 max_age empty", |it| it.claim("max_age", ""), Reason::MaxAgeMalformed),
    ]);
    for (written, meant) in [(json!(60), 60), (json!("60"), 60), (json!(0), 0)] {
        let sent = Way::Pushed.send(&Way::Pushed.client(), &object().claim("max_age", written).sign(own()));
        assert_eq!(sent.unwrap().max_age, Some(meant), "JAR-119");
    }
}

#[test]
fn atk_jar_81_authorization_details_are_not_offered() {
    let refused = Reason::AuthorizationDetailsUnsupported;
    refuses_claims(&[
        ("ATK-JAR-81", |it| it.claim("authorization_details", r#"[{"type":"payment"}]"#), refused),
        ("RAR-01", |it| it.claim("authorization_details", json!([{ "type": "payment" }])), refused),
    ]);
}

#[test]
fn jar_107_the_jti_is_a_short_string() {
    let refused = Reason::RequestObjectJwtId;
    refuses_claims(&[
        ("ATK-JAR-62 10 kB", |it| it.claim("jti", "j".repeat(10_000)), refused),
        ("ATK-JAR-62 numeric", |it| it.claim("jti", 7), refused),
        ("JAR-107 257 characters", |it| it.claim("jti", "j".repeat(257)), refused),
        ("JAR-107 empty", |it| it.claim("jti", ""), refused),
        ("JAR-107 null", |it| it.claim("jti", json!(null)), refused),
    ]);
    accepts_claims(&[
        ("JAR-107 256 characters", |it| it.claim("jti", "j".repeat(256))),
        ("JAR-106", |it| it.without("jti")),
    ]);
}

#[test]
fn jar_83_times_are_plain_numbers_of_seconds() {
    let now = START.as_secs();
    assert_eq!(now, 1_800_000_000, "the texts below are written for this moment");
    let refused = Reason::RequestObjectTime;
    refuses_claims(&[
        ("ATK-JAR-55 string", |it| it.claim("exp", "1800000300"), refused),
        ("ATK-JAR-55 1e400", |it| it.claim_text("exp", "1e400"), Reason::RequestObjectParameter),
        ("ATK-JAR-55 negative", |it| it.claim("exp", -1), refused),
        ("ATK-JAR-55 2^63", |it| it.claim_text("exp", "9223372036854775808"), refused),
        ("ATK-JAR-55 2^53", |it| it.claim_text("exp", "9007199254740992"), refused),
        ("ATK-JAR-55 boolean", |it| it.claim("exp", true), refused),
        (
            "ATK-JAR-55 milliseconds",
            |it| it.claim_text("exp", "1800000300000"),
            Reason::RequestObjectLifetime,
        ),
        ("JAR-83 null", |it| it.claim("exp", json!(null)), refused),
        ("JAR-83 nbf string", |it| it.claim("nbf", "1800000000"), refused),
        ("JAR-83 iat object", |it| it.claim("iat", json!({})), refused),
    ]);
    accepts_claims(&[
        ("JAR-83 a fraction", |it| it.claim_text("exp", "1800000300.75")),
        ("JAR-83 an exponent", |it| it.claim_text("exp", "1.8000003e9")),
    ]);
}
