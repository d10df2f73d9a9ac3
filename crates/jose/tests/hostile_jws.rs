//! Hostile signed tokens. Each is signed correctly over exactly what it says, unless the case is about the signature, and
//! each family starts with its control: the same token without the flaw verifies.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use aws_lc_rs::hmac;
use countersign_jose::{
    Algorithm, JwkSet, KeyError, Limits, Signer, SigningKey, VerifyingKey, base64url,
    compact::CompactError,
    json::JsonError,
    jws::{self, JwsError, Unverified},
};
use serde_json::{Value, json};

const CLAIMS: &str = r#"{"iss":"client","aud":"https://as.example"}"#;

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

/// Signs any header and payload text as they are.
fn forge(key: &dyn Signer, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", base64url::encode(header), base64url::encode(payload));
    let signature = base64url::encode(key.sign(input.as_bytes()).unwrap());
    format!("{input}.{signature}")
}

fn receive(token: &str, key: &VerifyingKey) -> Result<Value, JwsError> {
    receive_within(token, key, &Limits::TOKEN)
}

fn receive_within(token: &str, key: &VerifyingKey, limits: &Limits) -> Result<Value, JwsError> {
    Unverified::parse(token, limits)?.verify(key)?.claims().map_err(JwsError::Header)
}

#[test]
fn control() {
    let key = key();
    let token = forge(&key, r#"{"alg":"ES256","unknown":1,"x5t":"ignored"}"#, CLAIMS);
    assert_eq!(receive(&token, &key.verifying_key()).unwrap()["iss"], "client");
}

#[test]
fn headers_that_are_refused() {
    let deep = format!(r#"{{"alg":"ES256","deep":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    let shape = |_: &str| JsonError::Shape(String::new());
    let duplicate = |at| JwsError::Header(JsonError::DuplicateMember { at });
    let from_token = |member| JwsError::KeyFromToken { member };
    let key = key();
    let embedded =
        format!(r#"{{"alg":"ES256","jwk":{}}}"#, serde_json::to_string(&key.public_jwk()).unwrap());
    let cases: Vec<(&str, &str, JwsError)> = vec![
        ("ATK-JAR-04", r#"{"alg":"none"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-05", r#"{"alg":"None"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-05", r#"{"alg":"NONE"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-05", r#"{"alg":"nOnE"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-05", r#"{"alg":"none "}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-05", r#"{"alg":"n\u006fne"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-05", r#"{"alg":""}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-06", r#"{"typ":"JWT"}"#, JwsError::NoAlgorithm),
        ("ATK-JAR-06", r#"{"alg":256}"#, JwsError::Header(shape("alg"))),
        ("ATK-JAR-06", r#"{"alg":["ES256"]}"#, JwsError::Header(shape("alg"))),
        ("ATK-JAR-06", r#"{"alg":null}"#, JwsError::Header(shape("alg"))),
        ("ATK-JAR-13", r#"{"alg":"Ed448"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-13", r#"{"alg":"ES256K"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-13", r#"{"alg":"RS1"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-13", r#"{"alg":"es256"}"#, JwsError::UnknownAlgorithm),
        ("ATK-JAR-18", r#"{"alg":"ES256","kid":["a"]}"#, JwsError::Header(shape("kid"))),
        ("ATK-JAR-18", r#"{"alg":"ES256","kid":{"a":1}}"#, JwsError::Header(shape("kid"))),
        ("ATK-JAR-18", r#"{"alg":"ES256","kid":"../../etc/passwd"}"#, JwsError::KeyIdMismatch),
        ("ATK-JAR-18", r#"{"alg":"ES256","kid":"' OR 1=1--"}"#, JwsError::KeyIdMismatch),
        ("ATK-JAR-18", r#"{"alg":"ES256","kid":"\u0000"}"#, JwsError::KeyIdMismatch),
        ("ATK-JAR-19", &embedded, from_token("jwk")),
        ("ATK-JAR-20", r#"{"alg":"ES256","jku":"https://evil.example/jwks"}"#, from_token("jku")),
        ("ATK-JAR-21", r#"{"alg":"ES256","x5u":"http://169.254.169.254/"}"#, from_token("x5u")),
        ("ATK-JAR-21", r#"{"alg":"ES256","x5c":["MIIB"]}"#, from_token("x5c")),
        ("ATK-JAR-22", r#"{"alg":"ES256","jku":"https://client.example/go?to=evil"}"#, from_token("jku")),
        ("ATK-JAR-23", r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, JwsError::Critical),
        ("ATK-JAR-23", r#"{"alg":"ES256","crit":["foo"]}"#, JwsError::Critical),
        ("ATK-JAR-23", r#"{"alg":"ES256","crit":[]}"#, JwsError::Critical),
        ("ATK-JAR-23", r#"{"alg":"ES256","crit":"b64"}"#, JwsError::Critical),
        ("ATK-JAR-23", r#"{"alg":"ES256","crit":["exp","exp"],"exp":1}"#, JwsError::Critical),
        ("ATK-JAR-23", r#"{"alg":"ES256","crit":null}"#, JwsError::Critical),
        ("ATK-JAR-24", r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, JwsError::Critical),
        ("ATK-JAR-24", r#"{"alg":"ES256","b64":false}"#, JwsError::UnencodedPayload),
        ("JAR-67", r#"{"alg":"ES256","b64":true}"#, JwsError::UnencodedPayload),
        ("ATK-JAR-28", r#"{"alg":"ES256","alg":"none"}"#, duplicate(15)),
        ("ATK-JAR-28", r#"{"alg":"none","alg":"ES256"}"#, duplicate(14)),
        ("ATK-JAR-28", r#"{"alg":"ES256","\u0061lg":"ES256"}"#, duplicate(15)),
        ("ATK-JAR-28", r#"{"alg":"ES256","foo":1,"foo":1}"#, duplicate(23)),
        ("ATK-JAR-28", r#"{"alg":"ES256","foo":{"a":1,"a":1}}"#, duplicate(28)),
        ("JAR-48", r#"{"alg":"ES256","typ":null}"#, JwsError::Header(shape("typ"))),
        ("JAR-48", r#"["ES256"]"#, JwsError::Header(JsonError::NotAnObject)),
        ("JWT-04", &deep, JwsError::Header(JsonError::TooDeep { limit: 32 })),
    ];
    for (requirement, header, expected) in cases {
        let refused = receive(&forge(&key, header, CLAIMS), &key.verifying_key()).unwrap_err();
        let same_kind = match (&refused, &expected) {
            (JwsError::Header(JsonError::Shape(_)), JwsError::Header(JsonError::Shape(_))) => true,
            (refused, expected) => refused == expected,
        };
        assert!(same_kind, "{requirement}: {header} gave {refused:?}");
        assert!(!refused.to_string().is_empty());
    }
}

#[test]
fn payloads_that_are_refused() {
    let key = key();
    let duplicate = |at| JsonError::DuplicateMember { at };
    let cases: [(&str, &[u8], JsonError); 8] = [
        ("ATK-JAR-66", br#"{"iss":"a","iss":"b"}"#, duplicate(11)),
        ("ATK-JAR-66", br#"{"exp":1,"\u0065xp":2}"#, duplicate(9)),
        ("ATK-JAR-66", br#"{"claims":{"userinfo":{"a":1,"a":2}}}"#, duplicate(29)),
        ("ATK-JAR-67", b"\xef\xbb\xbf{}", JsonError::ByteOrderMark),
        ("ATK-JAR-67", b"{\"a\":\"\xff\"}", JsonError::NotUtf8),
        ("ATK-JAR-67", br#"{"a":"\ud800"}"#, JsonError::LoneSurrogate { at: 6 }),
        ("ATK-JAR-68", b"[1]", JsonError::NotAnObject),
        ("ATK-JAR-68", b"\"text\"", JsonError::NotAnObject),
    ];
    for (requirement, payload, expected) in cases {
        let input = format!("{}.{}", base64url::encode(r#"{"alg":"ES256"}"#), base64url::encode(payload));
        let token = format!("{input}.{}", base64url::encode(key.sign(input.as_bytes()).unwrap()));
        assert_eq!(receive(&token, &key.verifying_key()), Err(JwsError::Header(expected)), "{requirement}");
    }
    let deep = format!("{}{}", "{\"a\":".repeat(10_000), "1".to_owned() + &"}".repeat(10_000));
    let limits = Limits { token_bytes: 1 << 20, json_bytes: 1 << 20, ..Limits::TOKEN };
    let token = forge(&key, r#"{"alg":"ES256"}"#, &deep);
    let refused = receive_within(&token, &key.verifying_key(), &limits);
    assert_eq!(refused, Err(JwsError::Header(JsonError::TooDeep { limit: 32 })), "ATK-JAR-69");
}

#[test]
fn forms_that_are_refused() {
    let key = key();
    let token = forge(&key, r#"{"alg":"ES256"}"#, CLAIMS);
    let [header, payload, signature] = countersign_jose::compact::split(&token, 9999).unwrap();
    let parts = |found| JwsError::Compact(CompactError::Parts { expected: 3, found });
    let base64 = |part| JwsError::Base64 { part };
    let flattened = json!({"protected": header, "payload": payload, "signature": signature}).to_string();
    let general = json!({"payload": payload, "signatures": [
        {"protected": header, "signature": signature}, {"protected": header, "signature": "AA"}]});
    let stray_bits = {
        let last = signature.chars().last().unwrap();
        let next = char::from(last as u8 + 1);
        format!("{header}.{payload}.{}{next}", &signature[..signature.len() - 1])
    };
    let json = JwsError::Compact(CompactError::JsonSerialization);
    let cases: Vec<(&str, String, JwsError)> = vec![
        ("ATK-JAR-03", format!("{header}.{payload}."), JwsError::EmptyPart { part: "signature" }),
        ("JAR-46", format!("{header}..{signature}"), JwsError::EmptyPart { part: "payload" }),
        ("ATK-JAR-29", flattened, json.clone()),
        ("ATK-JAR-30", general.to_string(), json.clone()),
        ("ATK-JAR-30", format!("{{\"{header}.{payload}.{signature}\":1}}"), json),
        ("ATK-JAR-31", format!("{header}.{payload}.{signature}=="), base64("signature")),
        ("ATK-JAR-31", format!("{header}=.{payload}.{signature}"), base64("header")),
        ("ATK-JAR-31", format!("{header}.{payload} .{signature}"), base64("payload")),
        ("ATK-JAR-31", format!("{header}.{payload}\n.{signature}"), base64("payload")),
        ("ATK-JAR-31", format!(" {header}.{payload}.{signature}"), base64("header")),
        ("ATK-JAR-31", format!("{header}.{payload}.{signature}\n"), base64("signature")),
        ("ATK-JAR-31", format!("{header}.{payload}.+/{}", &signature[2..]), base64("signature")),
        ("ATK-JAR-31", stray_bits, base64("signature")),
        ("ATK-JAR-32", format!("{header}.{payload}"), parts(2)),
        ("ATK-JAR-32", format!("{header}.{payload}.{signature}.{signature}"), parts(4)),
        ("ATK-JAR-32", format!("{header}.{payload}.{signature}.a.b.c"), parts(6)),
        ("ATK-JAR-32", format!(".{header}.{payload}.{signature}"), parts(4)),
        ("ATK-JAR-32", format!("{header}.{payload}.{signature}."), parts(4)),
        ("ATK-JAR-32", format!(".{payload}.{signature}"), JwsError::EmptyPart { part: "header" }),
        ("ATK-JAR-32", String::new(), parts(1)),
    ];
    for (requirement, token, expected) in cases {
        assert_eq!(receive(&token, &key.verifying_key()), Err(expected), "{requirement}: {token}");
    }
}

#[test]
fn atk_jar_38_39_sizes_are_bounded_before_anything_is_decoded() {
    let key = key();
    let filled =
        |length: usize| forge(&key, &format!(r#"{{"alg":"ES256","x":"{}"}}"#, "x".repeat(length)), CLAIMS);
    let too_long = JwsError::Compact(CompactError::TooLong { limit: 65_536 });
    assert_eq!(receive(&filled(5_000_000), &key.verifying_key()), Err(too_long.clone()), "ATK-JAR-38");
    assert_eq!(receive(&"a".repeat(65_537), &key.verifying_key()), Err(too_long), "ATK-JAR-39");
    let header = JwsError::HeaderTooLong { limit: 4096 };
    assert_eq!(receive(&filled(5_000), &key.verifying_key()), Err(header), "ATK-JAR-38");

    let members: Vec<String> = (0..100_000).map(|n| format!("\"{n}\":0")).collect();
    let token = forge(&key, &format!(r#"{{"alg":"ES256",{}}}"#, members.join(",")), CLAIMS);
    let wide = Limits { token_bytes: 1 << 22, header_bytes: 1 << 22, json_bytes: 1 << 22, ..Limits::TOKEN };
    let refused = receive_within(&token, &key.verifying_key(), &wide);
    assert_eq!(refused, Err(JwsError::Header(JsonError::TooManyMembers)), "ATK-JAR-38");

    let payload = format!(r#"{{"x":"{}"}}"#, "x".repeat(1 << 20));
    let refused = receive_within(
        &forge(&key, r#"{"alg":"ES256"}"#, &payload),
        &key.verifying_key(),
        &Limits { token_bytes: 1 << 22, ..Limits::TOKEN },
    );
    assert_eq!(refused, Err(JwsError::Header(JsonError::TooLong { limit: 65_536 })), "ATK-JAR-38");
}

#[test]
fn signatures_that_are_refused() {
    let key = key();
    let token = forge(&key, r#"{"alg":"ES256"}"#, CLAIMS);
    assert!(receive(&token, &key.verifying_key()).is_ok(), "control");
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = base64url::decode(signature).unwrap();
    let (r, s) = signature.split_at(32);
    let zero = [0; 32];
    let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let cases: [(&str, Vec<u8>); 11] = [
        ("ATK-JAR-33", [zero, zero].concat()),
        ("ATK-JAR-33", [&zero, s].concat()),
        ("ATK-JAR-33", [r, &zero].concat()),
        ("ATK-JAR-33", [&order, s].concat()),
        ("ATK-JAR-33", [r, &order].concat()),
        ("ATK-JAR-33", der(r, s)),
        ("ATK-JAR-33", signature[..63].to_vec()),
        ("ATK-JAR-33", [signature.as_slice(), &[0]].concat()),
        ("ATK-JAR-33", [&[0], signature.as_slice()].concat()),
        ("JAR-74", [s, r].concat()),
        ("JAR-74", vec![0]),
    ];
    for (requirement, forged) in cases {
        let token = format!("{input}.{}", base64url::encode(&forged));
        assert_eq!(
            receive(&token, &key.verifying_key()),
            Err(JwsError::Signature),
            "{requirement}: {forged:02x?}"
        );
    }
}

#[test]
fn atk_jar_01_02_changed_payloads_are_refused() {
    let key = key();
    let token = forge(&key, r#"{"alg":"ES256"}"#, r#"{"redirect_uri":"https://client.example/cb"}"#);
    let [header, payload, signature] = countersign_jose::compact::split(&token, 9999).unwrap();
    let payload = base64url::decode(payload).unwrap();
    for (at, bit) in (0..payload.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut flipped = payload.clone();
        flipped[at] ^= 1 << bit;
        let token = format!("{header}.{}.{signature}", base64url::encode(flipped));
        assert_eq!(receive(&token, &key.verifying_key()), Err(JwsError::Signature), "ATK-JAR-01");
    }
    let elsewhere = base64url::encode(r#"{"redirect_uri":"https://evil.example/cb"}"#);
    let token = format!("{header}.{elsewhere}.{signature}");
    assert_eq!(receive(&token, &key.verifying_key()), Err(JwsError::Signature), "ATK-JAR-02");
}

#[test]
fn atk_jar_07_08_09_hmac_under_anything_is_an_unknown_algorithm() {
    let rsa = SigningKey::generate(Algorithm::PS256).unwrap();
    let public = serde_json::to_value(rsa.public_jwk()).unwrap();
    let modulus = base64url::decode(public["n"].as_str().unwrap()).unwrap();
    let secrets: [(&str, &[u8]); 7] = [
        ("ATK-JAR-07", public["n"].as_str().unwrap().as_bytes()),
        ("ATK-JAR-07", &modulus),
        ("ATK-JAR-07", b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"),
        ("ATK-JAR-08", b"the client's real secret of thirty-two octets"),
        ("ATK-JAR-09", b""),
        ("ATK-JAR-09", b"client_id"),
        ("ATK-JAR-09", b"secret"),
    ];
    for (requirement, secret) in secrets {
        let input = format!("{}.{}", base64url::encode(r#"{"alg":"HS256"}"#), base64url::encode(CLAIMS));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        let token = format!("{input}.{}", base64url::encode(tag));
        assert_eq!(receive(&token, &rsa.verifying_key()), Err(JwsError::UnknownAlgorithm), "{requirement}");
    }
}

#[test]
fn atk_jar_10_11_12_the_key_pins_the_algorithm() {
    let ps256 = SigningKey::generate(Algorithm::PS256).unwrap();
    let rs256 = SigningKey::from_pkcs8(&ps256.to_pkcs8().unwrap(), Algorithm::RS256).unwrap();
    let as_ps256 = ps256.verifying_key();
    let honest_rs256 = forge(&rs256, r#"{"alg":"RS256"}"#, CLAIMS);
    assert!(receive(&honest_rs256, &rs256.verifying_key()).is_ok(), "control: opted in");
    assert_eq!(receive(&honest_rs256, &as_ps256), Err(JwsError::AlgorithmMismatch), "ATK-JAR-10");
    let relabelled = forge(&rs256, r#"{"alg":"PS256"}"#, CLAIMS);
    assert_eq!(receive(&relabelled, &as_ps256), Err(JwsError::Signature), "ATK-JAR-11");
    let relabelled = forge(&ps256, r#"{"alg":"RS256"}"#, CLAIMS);
    assert_eq!(receive(&relabelled, &rs256.verifying_key()), Err(JwsError::Signature), "ATK-JAR-11");

    let (first, second) = (key(), SigningKey::generate(Algorithm::ES384).unwrap());
    let token = forge(&second, r#"{"alg":"ES384"}"#, CLAIMS);
    assert_eq!(receive(&token, &first.verifying_key()), Err(JwsError::AlgorithmMismatch), "ATK-JAR-12");
}

#[test]
fn atk_jar_14_15_17_keys_of_others_do_not_count() {
    let (own, other) = (key().with_key_id("shared"), key().with_key_id("shared"));
    let set = JwkSet::from_iter([own.public_jwk()]);
    let receive = |signer: &SigningKey| {
        let token = jws::sign(signer, None, &json!({})).unwrap();
        let token = Unverified::parse(&token, &Limits::TOKEN).unwrap();
        let kid = token.header().kid.clone();
        token.verify_any(set.select(Algorithm::ES256, kid.as_deref())).map(drop)
    };
    assert_eq!(receive(&own), Ok(()), "control");
    assert_eq!(receive(&other), Err(JwsError::Signature), "ATK-JAR-15");
    assert_eq!(receive(&other.with_key_id("other")), Err(JwsError::NoKey), "ATK-JAR-14");
    assert_eq!(receive(&own.with_key_id("unknown")), Err(JwsError::NoKey), "ATK-JAR-17");
    assert!(!set.knows("unknown"));
}

#[test]
fn atk_jar_26_media_types_compare_as_such() {
    let key = key();
    for (typ, same) in [
        ("oauth-authz-req+jwt", true),
        ("OAuth-Authz-Req+JWT", true),
        ("application/oauth-authz-req+jwt", true),
        ("Application/oauth-authz-req+jwt", true),
        ("text/oauth-authz-req+jwt", false),
        ("application/a/oauth-authz-req+jwt", false),
        ("at+jwt", false),
    ] {
        let token = jws::sign(&key, Some(typ), &json!({})).unwrap();
        let token = Unverified::parse(&token, &Limits::TOKEN).unwrap();
        assert_eq!(token.header().is_type("oauth-authz-req+jwt"), same, "{typ}");
    }
}

#[test]
fn embedded_keys_are_read_only_where_asked_for() {
    let key = key();
    let token = jws::sign_with_jwk(&key, &key.public_jwk(), "dpop+jwt", &json!({"jti": "1"})).unwrap();
    let proof = Unverified::parse(&token, &Limits::EMBEDDED_KEY).unwrap();
    let embedded = proof.header().jwk.clone().unwrap();
    assert_eq!(embedded.thumbprint(), key.thumbprint());
    assert_eq!(embedded.kid(), None);
    let embedded = VerifyingKey::new(&embedded, proof.header().algorithm).unwrap();
    assert!(proof.verify(&embedded).is_ok());
    let private: Value = serde_json::from_str(&key.to_private_jwk()).unwrap();
    let token = forge(&key, &json!({"alg": "ES256", "jwk": private}).to_string(), CLAIMS);
    let refused = Unverified::parse(&token, &Limits::EMBEDDED_KEY).unwrap_err();
    assert_eq!(refused, JwsError::EmbeddedKey(KeyError::PrivateMember { member: "d" }));
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// `SEQUENCE { INTEGER r, INTEGER s }`.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| [&[2, 33, 0], number].concat();
    let body = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
}
