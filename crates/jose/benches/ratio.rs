//! How much of the bare primitive is left: signing and verifying a request object of some 900 octets.
//!
//! `countersign` is the whole way: compact form, header rules, strict scan, typed claims. `bare` is the library's primitive
//! over the very same octets with a parsed key. Both run in turns, so that a busy machine slows both alike; `ratio` is
//! the median of bare / countersign of each turn. The budget is 0.85 for ES256. `--json` prints one JSON document.

#![expect(clippy::expect_used, clippy::panic, reason = "a test panics where it fails")]

use std::{
    env,
    hint::black_box,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
        KeyPair, ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair,
    },
};
use countersign_jose::{Algorithm, Limits, SigningKey, VerifyingKey, base64url, jws};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 301;
const ROUND: Duration = Duration::from_millis(2);

/// The claims of a request object as a client sends them.
#[derive(Clone, Serialize, Deserialize)]
struct RequestClaims {
    iss: String,
    aud: String,
    client_id: String,
    response_type: String,
    response_mode: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    dpop_jkt: String,
    jti: String,
    iat: u64,
    nbf: u64,
    exp: u64,
}

#[derive(Serialize)]
struct Line {
    operation: &'static str,
    algorithm: Algorithm,
    octets: usize,
    bare_us: f64,
    countersign_us: f64,
    ratio: f64,
}

/// The library's own keys for the same key material.
enum Bare {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

fn main() {
    let claims = claims();
    let mut lines = Vec::new();
    for algorithm in [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA] {
        let key = SigningKey::generate(algorithm).expect("a key");
        lines.push(verify(&key, algorithm, &claims));
        lines.push(sign(&key, algorithm, &claims));
    }
    if env::args().any(|argument| argument == "--json") {
        println!("{}", serde_json::to_string_pretty(&lines).expect("plain numbers"));
    } else {
        for line in lines {
            println!(
                "{:6} {:5}  bare {:8.1} µs  countersign {:8.1} µs  ratio {:.2}",
                line.operation, line.algorithm, line.bare_us, line.countersign_us, line.ratio
            );
        }
    }
}

fn verify(key: &SigningKey, algorithm: Algorithm, claims: &RequestClaims) -> Line {
    let token = jws::sign(key, Some("oauth-authz-req+jwt"), claims).expect("a token");
    let (input, signature) = token.rsplit_once('.').expect("three parts");
    let signature = base64url::decode(signature).expect("our own token");
    let public = Bare::new(key, algorithm).public(algorithm);
    let verifying = key.verifying_key();
    let bare = || public.verify_sig(black_box(input.as_bytes()), black_box(&signature)).is_ok();
    let ours = || receive(black_box(&token), &verifying).iss == "https://client.example";
    compare("verify", algorithm, token.len(), bare, ours)
}

fn receive(token: &str, key: &VerifyingKey) -> RequestClaims {
    let unverified = jws::Unverified::parse(token, &Limits::TOKEN).expect("well formed");
    unverified.verify(key).expect("signed").claims().expect("strict JSON")
}

fn sign(key: &SigningKey, algorithm: Algorithm, claims: &RequestClaims) -> Line {
    let token = jws::sign(key, Some("oauth-authz-req+jwt"), claims).expect("a token");
    let (input, _) = token.rsplit_once('.').expect("three parts");
    let private = Bare::new(key, algorithm);
    let bare = || private.sign(black_box(input.as_bytes())) > 0;
    let ours = || jws::sign(key, Some("oauth-authz-req+jwt"), black_box(claims)).is_ok();
    compare("sign", algorithm, token.len(), bare, ours)
}

fn compare(
    operation: &'static str,
    algorithm: Algorithm,
    octets: usize,
    mut bare: impl FnMut() -> bool,
    mut ours: impl FnMut() -> bool,
) -> Line {
    let start = Instant::now();
    assert!(bare() && ours(), "{operation} {algorithm}");
    let warm_up = 64;
    time(warm_up, &mut bare);
    let batch = (ROUND.as_nanos() / (start.elapsed().as_nanos() / (warm_up as u128 + 2)).max(1)).max(1);
    let batch = usize::try_from(batch).expect("a small number");
    let (mut bare_times, mut our_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare_times.push(time(batch, &mut bare));
        our_times.push(time(batch, &mut ours));
    }
    let ratio = median(bare_times.iter().zip(&our_times).map(|(bare, ours)| bare / ours).collect());
    let (bare_us, countersign_us) = (median(bare_times), median(our_times));
    Line { operation, algorithm, octets, bare_us, countersign_us, ratio }
}

/// Microseconds for one call.
fn time(calls: usize, call: &mut impl FnMut() -> bool) -> f64 {
    let start = Instant::now();
    let held = (0..calls).filter(|_| call()).count();
    let elapsed = start.elapsed();
    assert_eq!(held, calls);
    elapsed.as_secs_f64() * 1e6 / calls as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

impl Bare {
    fn new(key: &SigningKey, algorithm: Algorithm) -> Self {
        let pkcs8 = key.to_pkcs8().expect("our own key");
        match algorithm {
            Algorithm::ES256 => Self::Ec(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).expect("a P-256 key"),
            ),
            Algorithm::EdDSA => Self::Ed(Ed25519KeyPair::from_pkcs8(&pkcs8).expect("an Ed25519 key")),
            _ => Self::Rsa(RsaKeyPair::from_pkcs8(&pkcs8).expect("an RSA key")),
        }
    }

    /// Length of a fresh signature.
    fn sign(&self, input: &[u8]) -> usize {
        let random = SystemRandom::new();
        match self {
            Self::Ec(key) => key.sign(&random, input).expect("a signature").as_ref().len(),
            Self::Ed(key) => key.sign(input).as_ref().len(),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PSS_SHA256, &random, input, &mut signature).expect("a signature");
                black_box(signature).len()
            }
        }
    }

    fn public(&self, algorithm: Algorithm) -> ParsedPublicKey {
        let parsed = match self {
            Self::Ec(key) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key()),
            Self::Ed(key) => ParsedPublicKey::new(&ED25519, key.public_key()),
            Self::Rsa(key) => ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.public_key()),
        };
        parsed.unwrap_or_else(|_| panic!("public half of an {algorithm} key"))
    }
}

fn claims() -> RequestClaims {
    RequestClaims {
        iss: "https://client.example".to_owned(),
        aud: "https://as.example".to_owned(),
        client_id: "https://client.example".to_owned(),
        response_type: "code".to_owned(),
        response_mode: "jwt".to_owned(),
        redirect_uri: "https://client.example/callback".to_owned(),
        scope: "openid accounts payments".to_owned(),
        state: "R5yqFkOmvJbS3V0xk8nPZw".to_owned(),
        nonce: "n7YqkH0m2vJbS3V0xk8nPZ".to_owned(),
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        code_challenge_method: "S256".to_owned(),
        dpop_jkt: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".to_owned(),
        jti: "Xk8nPZwR5yqFkOmvJbS3V0".to_owned(),
        iat: 1_790_000_000,
        nbf: 1_790_000_000,
        exp: 1_790_000_300,
    }
}
