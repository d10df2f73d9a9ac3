//! Round trips both ways against the npm package `jose`.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test panics where it fails")]

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use countersign_jose::{
    Algorithm, Curve, Limits, PrivateKey, SigningKey, SystemEntropy, base64url,
    jwe::{self, ContentEncryption, DecryptionKey, EncryptionKey, JweAlgorithm, SharedKey},
    jws,
};
use serde_json::{Value, json};

/// Lets `jose` do the jobs, in one process.
fn node(jobs: &[Value]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/node");
    assert!(
        folder.join("node_modules/jose").is_dir(),
        "the npm packages of tests/node are not installed: `cargo xtask test` sets them up (or `npm ci` in tests/node)"
    );
    let mut child = Command::new("node")
        .arg("jose/round_trip.mjs")
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node does not start: `cargo xtask test` sets it up");
    let input = serde_json::to_vec(jobs).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "node failed; its reason is above");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn signatures_both_ways() {
    let claims = json!({"iss": "https://client.example", "text": "Grüße 😀 \"quoted\"", "n": 1_790_000_000});
    let keys: Vec<SigningKey> =
        Algorithm::ALL.into_iter().map(|alg| SigningKey::generate(alg).unwrap()).collect();
    let mut jobs = Vec::new();
    for (key, alg) in keys.iter().zip(Algorithm::ALL) {
        let token = jws::sign(key, Some("test+jwt"), &claims).unwrap();
        jobs.push(json!({"operation": "verify", "jwk": key.public_jwk(), "alg": alg, "token": token}));
        let private = object(&key.to_private_jwk());
        jobs.push(
            json!({"operation": "sign", "jwk": private, "alg": alg, "claims": claims, "typ": "test+jwt"}),
        );
        jobs.push(json!({"operation": "thumbprint", "jwk": key.public_jwk()}));
    }
    for (key, results) in keys.iter().zip(node(&jobs).chunks(3)) {
        assert_eq!(results[0]["payload"], claims);
        assert_eq!(results[0]["header"]["kid"], key.thumbprint().to_string());
        let token = jws::Unverified::parse(results[1].as_str().unwrap(), &Limits::TOKEN).unwrap();
        let verified = token.verify(&key.verifying_key()).unwrap();
        assert_eq!(verified.claims::<Value>().unwrap(), claims);
        assert!(verified.header().is_type("test+jwt"));
        assert_eq!(results[2], key.thumbprint().to_string());
    }
}

#[test]
fn keys_made_by_jose() {
    let jobs = Algorithm::ALL.map(|alg| json!({"operation": "generate", "alg": alg}));
    for (alg, made) in Algorithm::ALL.into_iter().zip(node(&jobs)) {
        let from_jwk = SigningKey::from_private_jwk(&made["jwk"].to_string(), alg).unwrap();
        let from_pem = SigningKey::from_pem(made["pem"].as_str().unwrap(), alg).unwrap();
        assert_eq!(from_jwk.thumbprint(), from_pem.thumbprint(), "{alg}");
    }
    let curves = [Curve::P256, Curve::P384, Curve::P521, Curve::X25519];
    let jobs = curves.map(|curve| json!({"operation": "generate", "alg": "ECDH-ES", "crv": curve.as_str()}));
    for (curve, made) in curves.into_iter().zip(node(&jobs)) {
        let from_jwk = PrivateKey::from_jwk(&made["jwk"].to_string()).unwrap();
        let from_pem = PrivateKey::from_pem(made["pem"].as_str().unwrap()).unwrap();
        assert_eq!(from_jwk.to_pem().unwrap(), from_pem.to_pem().unwrap(), "{curve}");
    }
}

#[test]
fn encryption_both_ways() {
    let signer = SigningKey::generate(Algorithm::ES256).unwrap();
    let signed = jws::sign(&signer, None, &json!({"iss": "https://client.example"})).unwrap();
    let agreements = [JweAlgorithm::EcdhEs, JweAlgorithm::EcdhEsA128Kw, JweAlgorithm::EcdhEsA256Kw];
    let mut keys: Vec<DecryptionKey> = [JweAlgorithm::RsaOaep256, JweAlgorithm::RsaOaep]
        .map(|alg| DecryptionKey::generate(alg).unwrap())
        .into();
    for curve in [Curve::P256, Curve::P384, Curve::P521, Curve::X25519] {
        keys.extend(
            agreements.map(|alg| DecryptionKey::new(PrivateKey::generate_on(curve).unwrap(), alg).unwrap()),
        );
    }
    let mut jobs = Vec::new();
    for key in &keys {
        let public = key.public_jwk().unwrap();
        let recipient = EncryptionKey::new(&public, key.algorithm()).unwrap();
        for enc in ContentEncryption::ALL {
            let token = jwe::encrypt(&signed, &recipient, enc, &mut SystemEntropy).unwrap();
            let private = object(&key.to_private_jwk().unwrap());
            jobs.push(
                json!({"operation": "decrypt", "jwk": private, "alg": key.algorithm(), "token": token}),
            );
            let agrees = agreements.contains(&key.algorithm());
            let (apu, apv) = if agrees { (json!("Alice"), json!("Bob")) } else { (Value::Null, Value::Null) };
            jobs.push(json!({"operation": "encrypt", "jwk": public, "alg": key.algorithm(), "enc": enc,
                "plaintext": signed, "apu": apu, "apv": apv}));
        }
    }
    let results = node(&jobs);
    let mut results = results.chunks(2);
    for key in &keys {
        for enc in ContentEncryption::ALL {
            let [decrypted, encrypted] = results.next().unwrap() else { panic!("two results for each") };
            assert_eq!(decrypted["plaintext"], signed, "{} {enc}", key.algorithm());
            assert_eq!(decrypted["header"]["cty"], "JWT");
            let token = jwe::Unverified::parse(encrypted.as_str().unwrap(), &Limits::TOKEN).unwrap();
            assert_eq!(token.decrypt(key).as_ref(), Ok(&signed), "{} {enc}", key.algorithm());
        }
    }
}

#[test]
fn direct_encryption_both_ways() {
    let signer = SigningKey::generate(Algorithm::ES256).unwrap();
    let signed = jws::sign(&signer, None, &json!({})).unwrap();
    for (enc, length) in ContentEncryption::ALL.into_iter().zip([32, 16, 64, 32]) {
        let octets = vec![5; length];
        let key = SharedKey::new(octets.clone().into(), enc).unwrap();
        let recipient = EncryptionKey::shared(key.clone());
        let token = jwe::encrypt(&signed, &recipient, enc, &mut SystemEntropy).unwrap();
        let secret = base64url::encode(octets);
        let results = node(&[
            json!({"operation": "decrypt", "secret": secret, "alg": "dir", "token": token}),
            json!({"operation": "encrypt", "secret": secret, "alg": "dir", "enc": enc, "plaintext": signed}),
        ]);
        assert_eq!(results[0]["plaintext"], signed, "{enc}");
        let token = jwe::Unverified::parse(results[1].as_str().unwrap(), &Limits::TOKEN).unwrap();
        assert_eq!(token.decrypt(&DecryptionKey::shared(key)).as_ref(), Ok(&signed), "{enc}");
    }
}
