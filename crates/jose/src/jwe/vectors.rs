//! Published vectors. Most encrypt plain text, which the public interface refuses; so they are checked in here.

use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    Jwk, Limits, PrivateKey, base64url,
    jwe::{
        ContentEncryption, DecryptionKey, Header, JweAlgorithm, JweError, SharedKey, Unverified,
        concat_kdf::{self, Purpose},
    },
};

#[derive(Deserialize)]
struct Vector {
    source: String,
    alg: String,
    key: Option<Value>,
    token: String,
    plaintext: String,
    expect: String,
}

#[test]
fn jar_96_published_tokens_decrypt_or_are_refused() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/vectors/jwe.json")).unwrap();
    for vector in vectors {
        assert_eq!(outcome(&vector), expected(&vector), "{}", vector.source);
    }
}

fn expected(vector: &Vector) -> Result<String, JweError> {
    match vector.expect.as_str() {
        "valid" => Ok(vector.plaintext.clone()),
        "UnknownAlgorithm" => Err(JweError::UnknownAlgorithm),
        "Compressed" => Err(JweError::Compressed),
        other => panic!("unknown expectation {other}"),
    }
}

fn outcome(vector: &Vector) -> Result<String, JweError> {
    let part = vector.token.split('.').next().unwrap();
    let (header, _) = Header::parse_with_any_content(part, &Limits::TOKEN)?;
    let token = Unverified::under(header, &vector.token)?;
    let key = decryption_key(vector, token.header().encryption);
    let content = token.open(&key).map_err(|_| JweError::Decryption)?;
    Ok(String::from_utf8(content.to_vec()).unwrap())
}

fn decryption_key(vector: &Vector, encryption: ContentEncryption) -> DecryptionKey {
    let jwk = vector.key.as_ref().unwrap();
    match vector.alg.parse().unwrap() {
        JweAlgorithm::Direct => {
            let octets = base64url::decode(jwk["k"].as_str().unwrap()).unwrap();
            DecryptionKey::shared(SharedKey::new(Zeroizing::new(octets), encryption).unwrap())
        }
        algorithm => DecryptionKey::from_private_jwk(&jwk.to_string(), algorithm).unwrap(),
    }
}

#[test]
fn rfc_7518_appendix_c() {
    let vector: Value = serde_json::from_str(include_str!("../../tests/vectors/concat_kdf.json")).unwrap();
    let text = |name: &str| vector[name].as_str().unwrap().to_owned();
    for (own, peer) in [("ephemeral", "recipient"), ("recipient", "ephemeral")] {
        let own = PrivateKey::from_jwk(&vector[own].to_string()).unwrap();
        let own = match own.material() {
            crate::private_key::Material::Ec { curve, scalar, .. } => {
                crate::crypto::agreement::AgreementKey::new(*curve, scalar).unwrap()
            }
            _ => panic!("not an EC key"),
        };
        let mut peer = vector[peer].clone();
        peer.as_object_mut().unwrap().remove("d");
        let secret = own.agree(Jwk::from_value(&peer).unwrap().key()).unwrap();
        let purpose = Purpose {
            name: &text("name"),
            key_len: 16,
            party_u: &base64url::decode(text("apu")).unwrap(),
            party_v: &base64url::decode(text("apv")).unwrap(),
        };
        assert_eq!(base64url::encode(concat_kdf::derive(&secret, &purpose).as_slice()), text("derived"));
    }
}
