//! A public RSA key in the spellings that an attacker tries as an HMAC secret.

use countersign_jose::{SigningKey, base64url};
use serde_json::{Value, json};

/// The key as SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
pub fn rsa_public_der(key: &SigningKey) -> Vec<u8> {
    /// rsaEncryption with NULL parameters.
    const ALGORITHM: [u8; 15] = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let jwk = json!(key.public_jwk());
    let number = |name: &str| {
        let digits = jwk.get(name).and_then(Value::as_str).expect("an RSA key has n and e");
        let mut digits = base64url::decode(digits).expect("a published key decodes");
        if digits[0] >= 0x80 {
            digits.insert(0, 0);
        }
        element(0x02, &digits)
    };
    let numbers = element(0x30, &[number("n"), number("e")].concat());
    let bits = element(0x03, &[&[0], numbers.as_slice()].concat());
    element(0x30, &[&ALGORITHM[..], &bits].concat())
}

/// The key as PEM, with lines of 64 characters.
pub fn rsa_public_pem(key: &SigningKey) -> String {
    let standard = base64url::encode(rsa_public_der(key)).replace('-', "+").replace('_', "/");
    let padded = format!("{standard}{}", "=".repeat((4 - standard.len() % 4) % 4));
    let lines: Vec<&str> =
        padded.as_bytes().chunks(64).map(|line| str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// One DER element of less than 64 KiB.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("short");
    let [high, low] = length.to_be_bytes();
    let head = match length {
        0..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head.as_slice(), content].concat()
}
