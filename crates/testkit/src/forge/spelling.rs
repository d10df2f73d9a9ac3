//! The same token, written otherwise: parts, base64, serializations, signatures.

use countersign_jose::base64url;
use serde_json::json;

/// The three parts of a compact JWS.
pub fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("a compact JWS has three parts")
}

/// One bit of the payload flipped, in the middle of it; the signature kept.
pub fn flip_payload_bit(token: &str) -> String {
    let [header, payload, signature] = parts(token);
    let mut bytes = base64url::decode(payload).expect("an honest payload decodes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    format!("{header}.{}.{signature}", base64url::encode(bytes))
}

/// One bit of the signature flipped.
pub fn flip_signature_bit(token: &str) -> String {
    let mut signature = signature(token);
    signature[10] ^= 1;
    with_signature(token, &signature)
}

/// The payload of one token under the signature of another.
pub fn payload_of(payload: &str, token: &str) -> String {
    let [header, _, signature] = parts(token);
    format!("{header}.{}.{signature}", parts(payload)[1])
}

/// The bytes of the signature.
pub fn signature(token: &str) -> Vec<u8> {
    base64url::decode(parts(token)[2]).expect("an honest signature decodes")
}

/// The token with these bytes as signature.
pub fn with_signature(token: &str, signature: &[u8]) -> String {
    let [header, payload, _] = parts(token);
    format!("{header}.{payload}.{}", base64url::encode(signature))
}

/// The token with its three parts written as these texts say: `{0}`-style, in order.
pub fn respell(token: &str, spell: impl Fn(usize, &str) -> String) -> String {
    let spelled: Vec<String> = parts(token).iter().enumerate().map(|(at, part)| spell(at, part)).collect();
    spelled.join(".")
}

/// The last character of the signature replaced so that it decodes to the same bytes under a lenient decoder: the
/// bits beyond the last byte are set.
pub fn stray_bits(token: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (kept, last) = token.split_at(token.len() - 1);
    let index = ALPHABET.iter().position(|&known| last.as_bytes() == [known]).expect("base64url");
    format!("{kept}{}", char::from(ALPHABET[index | 1]))
}

/// An ECDSA signature as DER, which JWS forbids (RFC 7518 §3.4).
pub fn der(fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    let integer = |number: &[u8]| {
        let mut digits: Vec<u8> = number.iter().copied().skip_while(|&byte| byte == 0).collect();
        if digits.first().is_none_or(|&first| first >= 0x80) {
            digits.insert(0, 0);
        }
        [&[0x02, u8::try_from(digits.len()).expect("short")], digits.as_slice()].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(body.len()).expect("short")], body.as_slice()].concat()
}

/// The flattened JSON serialization (RFC 7515 §7.2.2).
pub fn flattened(token: &str) -> String {
    let [protected, payload, signature] = parts(token);
    json!({ "protected": protected, "payload": payload, "signature": signature }).to_string()
}

/// The general JSON serialization with the signatures of several tokens over one payload (RFC 7515 §7.2.1).
pub fn general(tokens: &[&str]) -> String {
    let signatures: Vec<_> = tokens
        .iter()
        .map(|token| parts(token))
        .map(|[protected, _, signature]| json!({ "protected": protected, "signature": signature }))
        .collect();
    json!({ "payload": parts(tokens[0])[1], "signatures": signatures }).to_string()
}
