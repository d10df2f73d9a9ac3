//! The strict scan against what it must refuse, and against `serde_json` on everything else.

use countersign_jose::{
    Limits,
    json::{JsonError, parse_object, scan_object},
};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde::Deserialize;
use serde_json::{Map, Value};

fn scan(text: impl AsRef<[u8]>) -> Result<(), JsonError> {
    scan_object(text.as_ref(), &Limits::TOKEN).map(drop)
}

#[test]
fn jwt_03_what_a_lenient_reader_forgives() {
    let syntax = |at| JsonError::Syntax { at };
    for (text, expected) in [
        (r#"{"a":1,"a":2}"#, JsonError::DuplicateMember { at: 7 }),
        (r#"{"a":1,"\u0061":2}"#, JsonError::DuplicateMember { at: 7 }),
        (r#"{"é":1,"\u00e9":2}"#, JsonError::DuplicateMember { at: 8 }),
        (r#"{"😀":1,"\ud83d\ude00":2}"#, JsonError::DuplicateMember { at: 10 }),
        (r#"{"x":[{"b":{"a":1,"a":2}}]}"#, JsonError::DuplicateMember { at: 18 }),
        (r#"{"":1,"":2}"#, JsonError::DuplicateMember { at: 6 }),
        (r#"{"a":"\ud800"}"#, JsonError::LoneSurrogate { at: 6 }),
        (r#"{"a":"\udc00\ud800"}"#, JsonError::LoneSurrogate { at: 6 }),
        (r#"{"a":"\ud800\u0041"}"#, JsonError::LoneSurrogate { at: 6 }),
        (r#"{"\ud800":1}"#, JsonError::LoneSurrogate { at: 2 }),
        ("\u{feff}{}", JsonError::ByteOrderMark),
        ("[]", JsonError::NotAnObject),
        ("", JsonError::NotAnObject),
        ("{} x", syntax(3)),
        ("{}{}", syntax(2)),
        (r#"{"a":1,}"#, syntax(7)),
        (r#"{"a" 1}"#, syntax(5)),
        (r#"{"a":01}"#, syntax(6)),
        (r#"{"a":.5}"#, syntax(5)),
        (r#"{"a":1.}"#, syntax(7)),
        (r#"{"a":+1}"#, syntax(5)),
        (r#"{"a":1e}"#, syntax(7)),
        (r#"{"a":NaN}"#, syntax(5)),
        (r#"{"a":nul}"#, syntax(5)),
        (r#"{'a':1}"#, syntax(1)),
        (r#"{"a":"\x"}"#, syntax(7)),
        (r#"{"a":"\u00g0"}"#, syntax(10)),
        ("{\"a\":\"\n\"}", syntax(6)),
        (r#"{"a":"b"#, syntax(7)),
        ("{\"a\":1/*c*/}", syntax(6)),
        (r#"{"a":[1,]}"#, syntax(8)),
        (r#"{"a":[1 2]}"#, syntax(8)),
    ] {
        assert_eq!(scan(text), Err(expected), "{text}");
        assert!(!scan(text).unwrap_err().to_string().is_empty());
    }
    assert_eq!(scan([b'{', b'"', 0xff, b'"', b':', b'1', b'}']), Err(JsonError::NotUtf8));
    for text in [r#" { "a" : [ 1 , -0.5e+3 , true , null , "\ud83d\ude00" ] , "b" : { "a" : { } } } "#, "{}"]
    {
        assert_eq!(scan(text), Ok(()), "{text}");
    }
}

#[test]
fn jwt_04_depth_and_members_are_bounded() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert_eq!(scan(nested(32)), Ok(()));
    assert_eq!(scan(nested(33)), Err(JsonError::TooDeep { limit: 32 }));
    assert_eq!(scan(nested(30_000)), Err(JsonError::TooDeep { limit: 32 }));
    let object = |members: usize| {
        let members: Vec<String> = (0..members).map(|n| format!("\"{n}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(scan(object(256)), Ok(()));
    assert_eq!(scan(object(257)), Err(JsonError::TooManyMembers));
    let many = format!("{{\"a\":[{}]}}", vec![object(100); 21].join(","));
    assert_eq!(scan(many), Err(JsonError::TooManyMembers));
    assert_eq!(scan(" ".repeat(65_537)), Err(JsonError::TooLong { limit: 65_536 }));
}

#[test]
fn shapes_are_told_without_values() {
    #[derive(Debug, Deserialize)]
    struct Claims {
        #[expect(dead_code, reason = "only its shape matters")]
        exp: u64,
    }
    let refused =
        |text: &str| parse_object::<Claims>(text.as_bytes(), &Limits::TOKEN).unwrap_err().to_string();
    assert!(refused("{}").contains("missing field `exp`"));
    let message = refused(r#"{"exp":"a secret"}"#);
    assert!(!message.contains("secret") && message.contains("line 1"), "{message}");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_serde_writes_is_accepted(value in value()) {
        let text = serde_json::to_string(&serde_json::json!({ "v": value })).unwrap();
        prop_assert_eq!(scan(&text), Ok(()), "{}", text);
    }

    #[test]
    fn whatever_is_accepted_serde_reads(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = serde_json::to_vec(&serde_json::json!({ "v": value, "w": "\u{1f600}" })).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(text) = scan_object(&text, &Limits::TOKEN) {
            let read = serde_json::from_str::<Value>(text);
            // A number beyond the range of f64 is well-formed JSON that serde_json cannot hold.
            prop_assert!(read.is_ok() || read.unwrap_err().to_string().contains("number out of range"), "{}", text);
        }
    }

    #[test]
    fn the_scan_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = scan(&bytes);
        let _ = scan([b"{\"", bytes.as_slice()].concat());
    }

    #[test]
    fn duplicates_are_found_anywhere(name in any::<String>(), others in prop::collection::btree_set(any::<String>(), 0..8)) {
        let member = |name: &str| format!("{}:0", Value::from(name));
        let mut members: Vec<String> = others.iter().map(|other| member(other)).collect();
        members.push(member(&name));
        let text = format!("{{\"outer\":[{{{}}}]}}", members.join(","));
        if others.contains(&name) {
            prop_assert!(matches!(scan(&text), Err(JsonError::DuplicateMember { .. })), "{}", text);
        } else {
            prop_assert_eq!(scan(&text), Ok(()));
            let text = format!("{{\"outer\":[{{{},{}}}]}}", members.join(","), member(&name));
            prop_assert!(matches!(scan(&text), Err(JsonError::DuplicateMember { .. })), "{}", text);
        }
    }
}
