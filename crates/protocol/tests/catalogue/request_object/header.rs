//! What the header may say (ATK-JAR-17..28; JAR-48, 66..69, 108..110).

use countersign_jose::Algorithm;
use countersign_protocol::oauth_error::OAuthError;
use countersign_protocol::reason::Reason;
use countersign_testkit::keys::{Owner, key};
use serde_json::json;

use crate::desk::{Way, object, own, refuses};

#[test]
fn jar_69_the_named_key_must_be_the_one() {
    refuses(&[
        ("ATK-JAR-17 unknown", |it| it.header("kid", "unknown").sign(own()), Reason::RequestObjectKey),
        ("ATK-JAR-18 path", |it| it.header("kid", "../../etc/passwd").sign(own()), Reason::RequestObjectKey),
        ("ATK-JAR-18 SQL", |it| it.header("kid", "' OR 1=1--").sign(own()), Reason::RequestObjectKey),
        ("ATK-JAR-18 NUL", |it| it.header("kid", "a\0b").sign(own()), Reason::RequestObjectKey),
        ("ATK-JAR-18 array", |it| it.header("kid", json!(["a"])).sign(own()), Reason::RequestObjectHeader),
        (
            "ATK-JAR-18 object",
            |it| it.header("kid", json!({ "a": 1 })).sign(own()),
            Reason::RequestObjectHeader,
        ),
        (
            "JAR-69 other case",
            |it| {
                let kid = own().thumbprint().to_string();
                let swapped: String = kid
                    .chars()
                    .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
                    .collect();
                it.header("kid", swapped).sign(own())
            },
            Reason::RequestObjectKey,
        ),
    ]);
}

#[test]
fn atk_jar_18_a_kid_of_100_kb_is_refused_by_size() {
    for (way, expected) in [(Way::ByValue, 16_384), (Way::Pushed, 65_536)] {
        assert_eq!(way.send(&way.client(), &object().sign(own())).err(), None, "the control");
        let long = object().header("kid", "k".repeat(100_000)).sign(own());
        assert!(long.len() > expected);
        assert_eq!(way.send(&way.client(), &long).err(), Some(Reason::RequestObjectTooLarge), "{way:?}");
    }
}

#[test]
fn atk_jar_17_a_thousand_kids_lead_to_no_key() {
    for way in Way::BOTH {
        let client = way.client();
        assert_eq!(way.send(&client, &object().sign(own())).err(), None, "the control");
        for kid in 0..1000 {
            let refused =
                way.send(&client, &object().header("kid", kid.to_string()).with_signature(&[1; 64]));
            assert_eq!(refused.err(), Some(Reason::RequestObjectKey));
        }
    }
}

#[test]
fn jar_68_keys_never_come_from_the_token() {
    let refused = Reason::RequestObjectKeyInHeader;
    refuses(&[
        (
            "ATK-JAR-19",
            |it| {
                let attacker = key(Owner::Attacker, Algorithm::ES256);
                it.without_header("kid").header("jwk", json!(attacker.public_jwk())).sign(attacker)
            },
            refused,
        ),
        ("ATK-JAR-19 null", |it| it.header("jwk", json!(null)).sign(own()), refused),
        (
            "ATK-JAR-20",
            |it| it.header("jku", "https://evil.example/jwks").sign(key(Owner::Attacker, Algorithm::ES256)),
            refused,
        ),
        ("ATK-JAR-21 x5u", |it| it.header("x5u", "http://169.254.169.254/").sign(own()), refused),
        ("ATK-JAR-21 x5c", |it| it.header("x5c", json!(["MIIB"])).sign(own()), refused),
        ("ATK-JAR-22", |it| it.header("jku", "https://rp.example/redirect?to=evil").sign(own()), refused),
    ]);
    for way in Way::BOTH {
        let hints = object().header("x5t", "abc").header("x5t#S256", "abc").sign(own());
        assert_eq!(
            way.send(&way.client(), &hints).err(),
            None,
            "JAR-68: thumbprints of certificates are ignored"
        );
    }
}

#[test]
fn jar_66_no_extension_is_understood() {
    let refused = Reason::RequestObjectCritical;
    refuses(&[
        ("ATK-JAR-23 a claim", |it| it.header("crit", json!(["exp"])).header("exp", 1).sign(own()), refused),
        ("ATK-JAR-23 unknown", |it| it.header("crit", json!(["foo"])).header("foo", 1).sign(own()), refused),
        ("ATK-JAR-23 empty", |it| it.header("crit", json!([])).sign(own()), refused),
        ("ATK-JAR-23 a string", |it| it.header("crit", "b64").sign(own()), refused),
        (
            "ATK-JAR-23 twice",
            |it| it.header("crit", json!(["foo", "foo"])).header("foo", 1).sign(own()),
            refused,
        ),
        ("ATK-JAR-23 absent name", |it| it.header("crit", json!(["foo"])).sign(own()), refused),
        ("JAR-66 a standard name", |it| it.header("crit", json!(["alg"])).sign(own()), refused),
        ("JAR-66 null", |it| it.header("crit", json!(null)).sign(own()), refused),
        ("ATK-JAR-24", |it| it.header("b64", false).header("crit", json!(["b64"])).sign(own()), refused),
        ("JAR-67", |it| it.header("b64", true).sign(own()), Reason::RequestObjectHeader),
        ("JAR-67 false", |it| it.header("b64", false).sign(own()), Reason::RequestObjectHeader),
    ]);
}

#[test]
fn atk_jar_24_an_unencoded_payload_does_not_pass() {
    for way in Way::BOTH {
        let raw = object().header("b64", false).header("crit", json!(["b64"]));
        let (header, _) =
            raw.signing_input().split_once('.').map(|(h, p)| (h.to_owned(), p.to_owned())).unwrap();
        let input = format!("{header}.{}", raw.payload_text());
        let signature = countersign_jose::Signer::sign(own(), input.as_bytes()).unwrap();
        let token = format!("{input}.{}", countersign_jose::base64url::encode(signature));
        assert_eq!(way.send(&way.client(), &object().sign(own())).err(), None, "the control");
        let refused = way.send(&way.client(), &token).unwrap_err();
        assert_eq!(refused.oauth_error(), Some(OAuthError::InvalidRequestObject), "{way:?} {refused:?}");
    }
}

#[test]
fn jar_109_other_kinds_do_not_pass() {
    let refused = Reason::RequestObjectType;
    refuses(&[
        ("ATK-JAR-25", |it| it.header("typ", "at+jwt").sign(own()), refused),
        ("ATK-JAR-25", |it| it.header("typ", "dpop+jwt").sign(own()), refused),
        ("ATK-JAR-25", |it| it.header("typ", "logout+jwt").sign(own()), refused),
        ("ATK-JAR-25", |it| it.header("typ", "client-authentication+jwt").sign(own()), refused),
        ("ATK-JAR-25", |it| it.header("typ", "token-introspection+jwt").sign(own()), refused),
        ("ATK-JAR-25", |it| it.header("typ", "application/secevent+jwt").sign(own()), refused),
        ("ATK-JAR-25", |it| it.header("typ", "foo").sign(own()), refused),
        ("JAR-109 empty", |it| it.header("typ", "").sign(own()), refused),
        ("JAR-109 parameters", |it| it.header("typ", "oauth-authz-req+jwt;v=1").sign(own()), refused),
        ("JAR-48 a number", |it| it.header("typ", 1).sign(own()), Reason::RequestObjectHeader),
    ]);
}

#[test]
fn jar_108_the_type_is_compared_as_a_media_type() {
    for way in Way::BOTH {
        for typ in
            ["oauth-authz-req+jwt", "OAuth-Authz-Req+JWT", "application/oauth-authz-req+jwt", "JWT", "jwt"]
        {
            let sent = way.send(&way.client(), &object().header("typ", typ).sign(own()));
            assert_eq!(sent.err(), None, "ATK-JAR-26, JAR-109, {typ}");
        }
        let untyped = way.send(&way.client(), &object().without_header("typ").sign(own()));
        assert_eq!(untyped.err(), None, "JAR-109");
    }
}

#[test]
fn atk_jar_27_strict_typ_demands_the_explicit_type() {
    for way in Way::BOTH {
        let client = way.client_with(&json!({ "countersign_strict_typ": true }));
        assert_eq!(way.send(&client, &object().sign(own())).err(), None, "the control");
        for (typed, object) in
            [("absent", object().without_header("typ")), ("JWT", object().header("typ", "JWT"))]
        {
            let refused = way.send(&client, &object.sign(own())).err();
            assert_eq!(refused, Some(Reason::RequestObjectType), "JAR-110, {typed}, {way:?}");
        }
    }
}

#[test]
fn jar_48_the_header_is_one_strict_object() {
    let refused = Reason::RequestObjectHeader;
    refuses(&[
        ("ATK-JAR-28", |it| it.add_header("alg", "\"none\"").sign(own()), refused),
        ("ATK-JAR-28 same value", |it| it.add_header("alg", "\"ES256\"").sign(own()), refused),
        ("ATK-JAR-28 escaped", |it| it.add_header("\\u0061lg", "\"none\"").sign(own()), refused),
        ("ATK-JAR-28 unknown member", |it| it.add_header("x", "1").add_header("x", "1").sign(own()), refused),
        ("ATK-JAR-28 nested", |it| it.add_header("x", r#"{"a":1,"a":1}"#).sign(own()), refused),
        ("JAR-48 an array", |it| it.header_bytes(r#"["ES256"]"#).sign(own()), refused),
        ("JAR-48 not JSON", |it| it.header_bytes("alg=ES256").sign(own()), refused),
        ("JAR-48 two documents", |it| it.header_bytes(r#"{"alg":"ES256"}{}"#).sign(own()), refused),
        (
            "JAR-48 a byte order mark",
            |it| it.header_bytes("\u{feff}{\"alg\":\"ES256\"}").sign(own()),
            refused,
        ),
    ]);
}

#[test]
fn atk_jar_38_size_is_bounded_before_anything_is_read() {
    for way in Way::BOTH {
        let client = way.client();
        assert_eq!(way.send(&client, &object().sign(own())).err(), None, "the control");
        for (name, hostile) in [
            ("1 MB header", object().header("x", "x".repeat(1 << 20)).with_signature(&[1; 64])),
            ("1 MB payload", object().claim("x", "x".repeat(1 << 20)).with_signature(&[1; 64])),
            ("5 MB header", object().header("x", "x".repeat(5 << 20)).with_signature(&[1; 64])),
            ("100 000 members", {
                let members: Vec<String> = (0..100_000).map(|n| format!("\"m{n}\":0")).collect();
                object().header_bytes(format!("{{{}}}", members.join(","))).with_signature(&[1; 64])
            }),
        ] {
            assert_eq!(
                way.send(&client, &hostile).err(),
                Some(Reason::RequestObjectTooLarge),
                "{name}, {way:?}"
            );
        }
        let members: Vec<String> = (0..300).map(|n| format!("\"{n}\":0")).collect();
        let many = object().header_bytes(format!("{{{}}}", members.join(","))).with_signature(&[1; 64]);
        assert_eq!(way.send(&client, &many).err(), Some(Reason::RequestObjectHeader), "300 members");
    }
}
