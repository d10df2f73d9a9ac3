//! Hostile encrypted tokens. Each is encrypted correctly under its header unless the case is about the encryption; the
//! control comes first.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use countersign_jose::{
    Algorithm, Curve, Jwk, KeyError, Limits, PrivateKey, SigningKey, SystemEntropy, base64url,
    compact::CompactError,
    json::JsonError,
    jwe::{
        self, ContentEncryption, DecryptionKey, EncryptionKey, JweAlgorithm, JweError, SharedKey, Unverified,
    },
    jws::{self, JwsError},
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

const SECRET: [u8; 16] = [9; 16];

fn signed() -> String {
    jws::sign(&SigningKey::generate(Algorithm::ES256).unwrap(), None, &json!({"iss": "client"})).unwrap()
}

fn shared() -> DecryptionKey {
    DecryptionKey::shared(
        SharedKey::new(Zeroizing::new(SECRET.to_vec()), ContentEncryption::A128Gcm).unwrap(),
    )
}

/// Encrypts any content under any header with AES-128-GCM and the shared key.
fn forge(header: &str, content: &[u8]) -> String {
    forge_under(&SECRET, header, content)
}

fn forge_under(key: &[u8], header: &str, content: &[u8]) -> String {
    let header = base64url::encode(header);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).unwrap());
    let mut sealed = content.to_vec();
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key([3; 12]),
        Aad::from(header.as_bytes()),
        &mut sealed,
    )
    .unwrap();
    let (ciphertext, tag) = sealed.split_at(sealed.len() - 16);
    let parts = [[3; 12].as_slice(), ciphertext, tag].map(base64url::encode);
    format!("{header}..{}", parts.join("."))
}

fn receive(token: &str, key: &DecryptionKey) -> Result<String, JweError> {
    Unverified::parse(token, &Limits::TOKEN)?.decrypt(key)
}

/// Replaces members of the header; the tag does not fit afterwards.
fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
    change(&mut header);
    format!("{}.{rest}", base64url::encode(header.to_string()))
}

fn with_part(token: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

fn encryption_key(key: &DecryptionKey) -> EncryptionKey {
    EncryptionKey::new(&key.public_jwk().unwrap(), key.algorithm()).unwrap()
}

#[test]
fn jar_94_96_every_combination_round_trips() {
    let signed = signed();
    let mut keys = vec![
        DecryptionKey::generate(JweAlgorithm::RsaOaep256).unwrap(),
        DecryptionKey::generate(JweAlgorithm::RsaOaep).unwrap(),
    ];
    for curve in [Curve::P256, Curve::P384, Curve::P521, Curve::X25519] {
        for algorithm in [JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA128Kw, JweAlgorithm::EcdhEsA256Kw] {
            keys.push(DecryptionKey::new(PrivateKey::generate_on(curve).unwrap(), algorithm).unwrap());
        }
    }
    for encryption in ContentEncryption::ALL {
        for key in &keys {
            let token = jwe::encrypt(&signed, &encryption_key(key), encryption, &mut SystemEntropy).unwrap();
            let copy =
                DecryptionKey::from_private_jwk(&key.to_private_jwk().unwrap(), key.algorithm()).unwrap();
            assert_eq!(receive(&token, &copy).as_ref(), Ok(&signed), "{} {encryption}", key.algorithm());
            let header = Unverified::parse(&token, &Limits::TOKEN).unwrap().header().clone();
            assert_eq!((header.algorithm, header.encryption), (key.algorithm(), encryption));
            assert_eq!(header.kid.as_deref(), key.key_id());
        }
        let secret = SharedKey::from_client_secret(b"a registered secret", encryption);
        let recipient = EncryptionKey::shared(secret.clone());
        let token = jwe::encrypt(&signed, &recipient, encryption, &mut SystemEntropy).unwrap();
        assert_eq!(receive(&token, &DecryptionKey::shared(secret)).as_ref(), Ok(&signed), "dir {encryption}");
    }
}

#[test]
fn headers_that_are_refused() {
    let header = |more: &str| format!(r#"{{"alg":"dir","enc":"A128GCM","cty":"JWT"{more}}}"#);
    let signed = signed();
    assert_eq!(receive(&forge(&header(""), signed.as_bytes()), &shared()).as_ref(), Ok(&signed), "control");
    assert!(receive(&forge(&header(r#","x":1,"cty2":0"#), signed.as_bytes()), &shared()).is_ok(), "control");
    let huge = base64url::encode([0; 300]);
    let from_token = |member| JweError::KeyFromToken { member };
    let other = |alg: &str, more: &str| format!(r#"{{"alg":"{alg}","enc":"A128GCM","cty":"JWT"{more}}}"#);
    let cases: Vec<(&str, String, JweError)> = vec![
        ("ATK-JWE-01", other("RSA1_5", ""), JweError::UnknownAlgorithm),
        ("ATK-JWE-07", header(r#","zip":"DEF""#), JweError::Compressed),
        ("ATK-JWE-07", header(r#","zip":null"#), JweError::Compressed),
        (
            "ATK-JWE-08",
            other("PBES2-HS256+A128KW", r#","p2c":2147483648,"p2s":"AAAA""#),
            JweError::UnknownAlgorithm,
        ),
        ("ATK-JWE-09", other("A128KW", ""), JweError::UnknownAlgorithm),
        ("ATK-JWE-16", other("A256KW", ""), JweError::UnknownAlgorithm),
        ("ATK-JWE-11", header(&format!(r#","apu":"{huge}""#)), JweError::PartyInfo { member: "apu" }),
        ("ATK-JWE-11", header(&format!(r#","apv":"{huge}""#)), JweError::PartyInfo { member: "apv" }),
        (
            "ATK-JWE-12",
            r#"{"alg":"dir","enc":"A192GCM","cty":"JWT"}"#.to_owned(),
            JweError::UnknownEncryption,
        ),
        (
            "ATK-JWE-12",
            r#"{"alg":"dir","enc":"a128gcm","cty":"JWT"}"#.to_owned(),
            JweError::UnknownEncryption,
        ),
        ("ATK-JWE-12", r#"{"alg":"dir","cty":"JWT"}"#.to_owned(), JweError::Missing { member: "enc" }),
        ("ATK-JWE-19", header(r#","crit":["exp"],"exp":1"#), JweError::Critical),
        ("ATK-JWE-19", header(r#","crit":[]"#), JweError::Critical),
        ("JAR-68", header(r#","jwk":{}"#), from_token("jwk")),
        ("JAR-68", header(r#","jku":"https://evil.example""#), from_token("jku")),
        ("JAR-68", header(r#","x5u":"https://evil.example""#), from_token("x5u")),
        ("JAR-68", header(r#","x5c":[]"#), from_token("x5c")),
        ("JAR-94", r#"{"alg":"dir","enc":"A128GCM"}"#.to_owned(), JweError::ContentType),
        ("JAR-94", r#"{"alg":"dir","enc":"A128GCM","cty":"text/plain"}"#.to_owned(), JweError::ContentType),
        ("JAR-47", r#"{"enc":"A128GCM","cty":"JWT"}"#.to_owned(), JweError::Missing { member: "alg" }),
        (
            "ATK-JAR-28",
            r#"{"alg":"dir","enc":"A128GCM","cty":"JWT","enc":"A128GCM"}"#.to_owned(),
            JweError::Header(JsonError::DuplicateMember { at: 41 }),
        ),
    ];
    for (requirement, header, expected) in cases {
        let refused = receive(&forge(&header, signed.as_bytes()), &shared()).unwrap_err();
        assert_eq!(refused, expected, "{requirement}: {header}");
        assert!(!refused.to_string().is_empty());
    }
}

#[test]
fn contents_that_are_refused() {
    let header = r#"{"alg":"dir","enc":"A128GCM","cty":"JWT"}"#;
    let inner = forge(header, signed().as_bytes());
    let cases: [(&str, &[u8]); 7] = [
        ("ATK-JWE-04", br#"{"iss":"client"}"#),
        ("ATK-JWE-04", br#"{"iss":"client","a":"b.c.d"}"#),
        ("ATK-JWE-06", inner.as_bytes()),
        ("JAR-99", b""),
        ("JAR-99", b"one.two"),
        ("JAR-99", b"\xff.\xff.\xff"),
        ("JAR-99", b"a.b.c.d"),
    ];
    for (requirement, content) in cases {
        assert_eq!(receive(&forge(header, content), &shared()), Err(JweError::Decryption), "{requirement}");
    }
    let none = format!("{}.{}.", base64url::encode(r#"{"alg":"none"}"#), base64url::encode("{}"));
    let inside = receive(&forge(header, none.as_bytes()), &shared()).unwrap();
    let refused = jws::Unverified::parse(&inside, &Limits::TOKEN).map(drop);
    assert_eq!(refused, Err(JwsError::UnknownAlgorithm), "ATK-JWE-05");
    let recipient = encryption_key(&DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap());
    for unsigned in [inner.as_str(), "{}", ""] {
        let refused = jwe::encrypt(unsigned, &recipient, ContentEncryption::A256Gcm, &mut SystemEntropy);
        assert_eq!(refused, Err(JweError::NotSigned), "JAR-99");
    }
}

#[test]
fn jar_95_damage_anywhere_looks_the_same() {
    let signed = signed();
    for (algorithm, encryption) in [
        (JweAlgorithm::RsaOaep256, ContentEncryption::A256Gcm),
        (JweAlgorithm::RsaOaep, ContentEncryption::A128CbcHs256),
        (JweAlgorithm::EcdhEs, ContentEncryption::A128CbcHs256),
        (JweAlgorithm::EcdhEsA128Kw, ContentEncryption::A128Gcm),
        (JweAlgorithm::EcdhEsA256Kw, ContentEncryption::A256CbcHs512),
    ] {
        let key = DecryptionKey::generate(algorithm).unwrap();
        let token = jwe::encrypt(&signed, &encryption_key(&key), encryption, &mut SystemEntropy).unwrap();
        assert_eq!(receive(&token, &key).as_ref(), Ok(&signed), "control");
        let parts: Vec<Vec<u8>> = token.split('.').map(|part| base64url::decode(part).unwrap()).collect();
        for (index, intact) in parts.iter().enumerate().skip(1) {
            let mut damaged = vec![intact.clone(); 5];
            damaged[0].pop();
            damaged[1].push(0);
            damaged[2].clear();
            damaged[3].truncate(intact.len() / 2);
            if let Some(first) = damaged[4].first_mut() {
                *first ^= 1;
            }
            for part in damaged.into_iter().filter(|part| part != intact) {
                let token = with_part(&token, index, &base64url::encode(part));
                assert_eq!(
                    receive(&token, &key),
                    Err(JweError::Decryption),
                    "ATK-JWE-03 {algorithm} {index}"
                );
            }
        }
        let short_tag = with_part(&token, 4, &base64url::encode(&parts[4][..8]));
        assert_eq!(receive(&short_tag, &key), Err(JweError::Decryption), "ATK-JWE-17");
        let relabelled = with_header(&token, |header| header["kid"] = json!("unknown"));
        assert_eq!(receive(&relabelled, &key), Err(JweError::Decryption), "ATK-JWE-18");
        let other = DecryptionKey::generate(algorithm).unwrap().with_key_id(key.key_id().unwrap());
        assert_eq!(receive(&token, &other), Err(JweError::Decryption), "JAR-95");
        let none: [&DecryptionKey; 0] = [];
        let unread = Unverified::parse(&token, &Limits::TOKEN).unwrap();
        assert_eq!(unread.decrypt_any(none), Err(JweError::Decryption), "JAR-95");
        assert_eq!(unread.decrypt_any([&other, &key]).as_ref(), Ok(&signed));
    }
}

#[test]
fn atk_jwe_17_cbc_tags_are_compared_whole() {
    let key = DecryptionKey::generate(JweAlgorithm::EcdhEs).unwrap();
    for encryption in [ContentEncryption::A128CbcHs256, ContentEncryption::A256CbcHs512] {
        let token = jwe::encrypt(&signed(), &encryption_key(&key), encryption, &mut SystemEntropy).unwrap();
        let tag = base64url::decode(token.rsplit_once('.').unwrap().1).unwrap();
        for length in 0..tag.len() {
            let short = with_part(&token, 4, &base64url::encode(&tag[..length]));
            assert_eq!(receive(&short, &key), Err(JweError::Decryption), "{encryption} {length}");
        }
    }
}

/// The same octets with the border between ciphertext and tag moved are another token, and refused.
#[test]
fn atk_jwe_17_gcm_tags_have_their_full_length() {
    let token = forge(r#"{"alg":"dir","enc":"A128GCM","cty":"JWT"}"#, signed().as_bytes());
    assert!(receive(&token, &shared()).is_ok(), "control");
    let parts: Vec<Vec<u8>> = token.split('.').map(|part| base64url::decode(part).unwrap()).collect();
    let both = [parts[3].as_slice(), &parts[4]].concat();
    for length in (0..16).chain(17..24) {
        let (ciphertext, tag) = both.split_at(both.len() - length);
        let moved = with_part(&token, 3, &base64url::encode(ciphertext));
        let moved = with_part(&moved, 4, &base64url::encode(tag));
        assert_eq!(receive(&moved, &shared()), Err(JweError::Decryption), "{length}");
    }
}

/// The stand-in key that keeps the timing even (JAR-95) must never open anything.
#[test]
fn jar_95_the_stand_in_key_opens_nothing() {
    for (algorithm, encrypted_key) in
        [(JweAlgorithm::RsaOaep256, base64url::encode([7; 256])), (JweAlgorithm::RsaOaep, String::new())]
    {
        let key = DecryptionKey::generate(algorithm).unwrap();
        let header = json!({"alg": algorithm, "enc": "A128GCM", "cty": "JWT"}).to_string();
        let token = with_part(&forge_under(&[0; 16], &header, signed().as_bytes()), 1, &encrypted_key);
        assert_eq!(receive(&token, &key), Err(JweError::Decryption), "ATK-JWE-03");
    }
}

#[test]
fn atk_jwe_02_rsa1_5_is_refused_before_any_rsa_operation() {
    for probe in 0..1000_u16 {
        let header = base64url::encode(r#"{"alg":"RSA1_5","enc":"A128CBC-HS256","cty":"JWT"}"#);
        let key = base64url::encode([&[0, 2], probe.to_be_bytes().as_slice(), &[7; 252]].concat());
        let token =
            format!("{header}.{key}.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(Unverified::parse(&token, &Limits::TOKEN).map(drop), Err(JweError::UnknownAlgorithm));
    }
}

#[test]
fn jar_98_atk_jwe_10_11_ephemeral_keys_that_are_refused() {
    let coordinate = |octets: Vec<u8>| json!(base64url::encode(octets));
    let on =
        |curve| DecryptionKey::new(PrivateKey::generate_on(curve).unwrap(), JweAlgorithm::EcdhEs).unwrap();
    let (p256, x25519) = (on(Curve::P256), on(Curve::X25519));
    let bare = |key: &DecryptionKey| serde_json::to_value(key.public_jwk().unwrap().bare()).unwrap();
    let p256_point = bare(&on(Curve::P256));
    let refused = |error| JweError::EphemeralKey(error);
    let change = |mut point: Value, member: &str, value: Value| {
        point[member] = value;
        point
    };
    let x = |value: u8| [&[value], [0; 31].as_slice()].concat();
    let order_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    let order_8 =
        (0..64).step_by(2).map(|at| u8::from_str_radix(&order_8[at..at + 2], 16).unwrap()).collect();
    let okp = |x| json!({"kty": "OKP", "crv": "X25519", "x": coordinate(x)});
    let cases = [
        (&p256, change(p256_point.clone(), "x", p256_point["y"].clone()), refused(KeyError::NotOnCurve)),
        (&p256, change(p256_point.clone(), "y", coordinate(vec![1; 32])), refused(KeyError::NotOnCurve)),
        (
            &p256,
            json!({"kty": "EC", "crv": "P-256", "x": coordinate(vec![0; 32]), "y": coordinate(vec![0; 32])}),
            refused(KeyError::NotOnCurve),
        ),
        (&p256, change(p256_point.clone(), "x", json!("")), refused(KeyError::Malformed { member: "x" })),
        (&p256, bare(&on(Curve::P384)), JweError::Decryption),
        (&p256, bare(&x25519), JweError::Decryption),
        (&x25519, p256_point.clone(), JweError::Decryption),
        (&x25519, okp(x(0)), JweError::Decryption),
        (&x25519, okp(x(1)), JweError::Decryption),
        (&x25519, okp(order_8), JweError::Decryption),
        (
            &p256,
            change(p256_point.clone(), "d", coordinate(vec![1; 32])),
            refused(KeyError::PrivateMember { member: "d" }),
        ),
        (&p256, json!({"kty": "oct", "k": "AA"}), refused(KeyError::Symmetric)),
        (&p256, json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), refused(KeyError::UnknownCurve)),
        (&p256, json!("text"), JweError::Header(JsonError::NotAnObject)),
    ];
    for (key, ephemeral, expected) in cases {
        let token =
            jwe::encrypt(&signed(), &encryption_key(key), ContentEncryption::A128Gcm, &mut SystemEntropy);
        let token = token.unwrap();
        assert!(receive(&token, key).is_ok(), "control");
        let token = with_header(&token, |header| header["epk"] = ephemeral.clone());
        assert_eq!(receive(&token, key), Err(expected), "ATK-JWE-10, ATK-JWE-11: {ephemeral}");
    }
    let token =
        jwe::encrypt(&signed(), &encryption_key(&p256), ContentEncryption::A128Gcm, &mut SystemEntropy);
    let without = with_header(&token.unwrap(), |header| drop(header.as_object_mut().unwrap().remove("epk")));
    assert_eq!(receive(&without, &p256), Err(JweError::Missing { member: "epk" }));
}

/// Even a token that was encrypted with the all-zero secret of a small-order point must not open.
#[test]
fn jar_98_small_order_points_agree_on_nothing() {
    let key = PrivateKey::generate_on(Curve::X25519).unwrap();
    let key = DecryptionKey::new(key, JweAlgorithm::EcdhEs).unwrap();
    let header = json!({"alg": "ECDH-ES", "enc": "A128GCM", "cty": "JWT",
        "epk": {"kty": "OKP", "crv": "X25519", "x": base64url::encode([0; 32])}});
    let mut kdf = vec![0, 0, 0, 1];
    kdf.extend([0; 32]);
    kdf.extend([0, 0, 0, 7]);
    kdf.extend(b"A128GCM");
    kdf.extend([0; 8]);
    kdf.extend([0, 0, 0, 128]);
    let derived = countersign_jose::sha256(&kdf);
    let token = forge_under(&derived[..16], &header.to_string(), signed().as_bytes());
    assert_eq!(receive(&token, &key), Err(JweError::Decryption), "ATK-JWE-10");
}

#[test]
fn keys_that_do_not_fit() {
    let rsa = DecryptionKey::generate(JweAlgorithm::RsaOaep256).unwrap();
    let modulus = serde_json::to_value(rsa.public_jwk().unwrap()).unwrap()["n"].as_str().unwrap().to_owned();
    let header = r#"{"alg":"dir","enc":"A128GCM","cty":"JWT"}"#;
    let public_octets = &base64url::decode(modulus).unwrap()[..16];
    let token = forge_under(public_octets, header, signed().as_bytes());
    assert_eq!(receive(&token, &rsa), Err(JweError::Decryption), "ATK-JWE-16");
    assert_eq!(receive(&forge(header, signed().as_bytes()), &rsa), Err(JweError::Decryption), "ATK-JWE-09");

    let signing = SigningKey::generate(Algorithm::PS256).unwrap();
    let published = EncryptionKey::new(&signing.public_jwk(), JweAlgorithm::RsaOaep256).map(drop);
    assert_eq!(published, Err(KeyError::OtherAlgorithm { algorithm: "RSA-OAEP-256" }), "ATK-JWE-13");
    let stripped = EncryptionKey::new(&signing.public_jwk().bare(), JweAlgorithm::RsaOaep256).unwrap();
    let token = jwe::encrypt(&signed(), &stripped, ContentEncryption::A128Gcm, &mut SystemEntropy).unwrap();
    assert_eq!(receive(&token, &rsa), Err(JweError::Decryption), "ATK-JWE-13");

    let same_key_other_alg = rsa.public_jwk().unwrap().bare();
    let oaep = EncryptionKey::new(&same_key_other_alg, JweAlgorithm::RsaOaep).unwrap();
    let token = jwe::encrypt(&signed(), &oaep, ContentEncryption::A128Gcm, &mut SystemEntropy).unwrap();
    assert_eq!(receive(&token, &rsa), Err(JweError::Decryption), "JAR-96: RSA-OAEP is opt-in");
    assert!(Jwk::from_value(&json!({"kty": "oct", "k": "AA"})).is_err());
}

#[test]
fn forms_that_are_refused() {
    let token = forge(r#"{"alg":"dir","enc":"A128GCM","cty":"JWT"}"#, signed().as_bytes());
    let parts = |found| Err(JweError::Compact(CompactError::Parts { expected: 5, found }));
    assert_eq!(receive(&signed(), &shared()), parts(3), "ATK-JAR-32");
    assert_eq!(receive(&format!("{token}.x"), &shared()), parts(6), "ATK-JAR-32");
    assert_eq!(receive(&format!("{token}="), &shared()), Err(JweError::Base64 { part: "tag" }), "ATK-JAR-31");
    let json = json!({"protected": token.split('.').next(), "unprotected": {"alg": "dir"}}).to_string();
    assert_eq!(
        receive(&json, &shared()),
        Err(JweError::Compact(CompactError::JsonSerialization)),
        "ATK-JWE-19"
    );
    let long = "a".repeat(65_537);
    let limit = JweError::Compact(CompactError::TooLong { limit: 65_536 });
    assert_eq!(receive(&long, &shared()), Err(limit), "ATK-JAR-39");
    let filled = format!(r#"{{"alg":"dir","enc":"A128GCM","cty":"JWT","x":"{}"}}"#, "x".repeat(5000));
    let limit = JweError::HeaderTooLong { limit: 4096 };
    assert_eq!(receive(&forge(&filled, b"a.b.c"), &shared()), Err(limit), "JWT-04");
}
