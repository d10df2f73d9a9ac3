//! DPoP proofs (RFC 9449): a token is only good together with the key it is bound to.

use countersign_jose::jws::Unverified;
use countersign_jose::{
    Algorithm, Limits, SignError, SigningKey, Thumbprint, VerifyingKey, base64url, jws, sha256,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::numeric_date::{FUTURE_SKEW, NumericDate, present};
use crate::parameter::JwtId;
use crate::reason::Reason;
use crate::replay::{ReplayKey, Unspent};
use crate::time::UnixTime;

/// The `typ` of a proof (RFC 9449 §4.2).
pub const TYPE: &str = "dpop+jwt";

/// Seconds a proof stays good (DPOP-05).
const LIFETIME: u64 = 60;

/// The request a proof must be for.
#[derive(Clone, Copy, Debug)]
pub struct ProofTarget<'a> {
    /// The HTTP method, in upper case.
    pub method: &'a str,
    /// The URL of the endpoint, without query and fragment.
    pub url: &'a str,
    /// The access token it accompanies, at a resource.
    pub access_token: Option<&'a str>,
    /// The algorithms that may be used.
    pub algorithms: &'a [Algorithm],
}

/// A proof that held: the sender has the key of this thumbprint.
///
/// It proves possession of a key, never who the client is (DPOP-21).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerifiedProof {
    key: Thumbprint,
}

impl VerifiedProof {
    /// The key the sender has (RFC 7638, SHA-256).
    pub fn key(&self) -> Thumbprint {
        self.key
    }
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default, deserialize_with = "present")]
    jti: Option<JwtId>,
    #[serde(default, deserialize_with = "present")]
    htm: Option<String>,
    #[serde(default, deserialize_with = "present")]
    htu: Option<String>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    ath: Option<String>,
}

/// Verifies the proof of a request, in the order of RFC 9449 §4.3 (DPOP-02). The result still has to be spent.
///
/// # Errors
/// The reason of the first step that failed. Skipping one lets a stolen token or proof be used by somebody else.
pub fn verify(proof: &str, target: ProofTarget<'_>, now: UnixTime) -> Result<Unspent<VerifiedProof>, Reason> {
    let unverified = Unverified::parse(proof, &Limits::EMBEDDED_KEY).map_err(malformed)?;
    let header = unverified.header();
    if !header.is_type(TYPE) {
        return Err(Reason::ProofType);
    }
    if !target.algorithms.contains(&header.algorithm) {
        return Err(Reason::ProofAlgorithm);
    }
    let jwk = header.jwk.clone().ok_or(Reason::ProofKey)?;
    let key = VerifyingKey::new(&jwk, header.algorithm).map_err(|_| Reason::ProofKey)?;
    let verified = unverified.verify(&key).map_err(|_| Reason::ProofSignature)?;
    let claims: Claims = verified.claims().map_err(|_| Reason::ProofMalformed)?;
    let jti = claims.jti.as_ref().ok_or(Reason::ProofMalformed)?;
    check_method(&claims, target.method)?;
    check_address(&claims, target.url)?;
    let issued = check_time(&claims, now)?;
    check_access_token(&claims, target.access_token)?;
    let forget = issued.plus(LIFETIME + FUTURE_SKEW);
    let replay = ReplayKey::of_key(&key.thumbprint().to_string(), jti.as_str().as_bytes(), forget);
    Ok(Unspent::new(VerifiedProof { key: key.thumbprint() }, Some(replay)))
}

fn malformed(error: jws::JwsError) -> Reason {
    match error {
        jws::JwsError::UnknownAlgorithm => Reason::ProofAlgorithm,
        jws::JwsError::EmbeddedKey(_) => Reason::ProofKey,
        _ => Reason::ProofMalformed,
    }
}

fn check_method(claims: &Claims, method: &str) -> Result<(), Reason> {
    match claims.htm.as_deref() {
        None => Err(Reason::ProofMalformed),
        Some(htm) if htm == method => Ok(()),
        Some(_) => Err(Reason::ProofMethod),
    }
}

/// DPOP-03: compared after syntax- and scheme-based normalisation; query and fragment do not count.
fn check_address(claims: &Claims, url: &str) -> Result<(), Reason> {
    let htu = claims.htu.as_deref().ok_or(Reason::ProofMalformed)?;
    if htu == url {
        return Ok(());
    }
    let normal = |raw: &str| {
        let mut url = Url::parse(raw).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    match (normal(htu), normal(url)) {
        (Some(htu), Some(url)) if htu == url => Ok(()),
        _ => Err(Reason::ProofAddress),
    }
}

/// DPOP-05. Returns when the proof was made.
fn check_time(claims: &Claims, now: UnixTime) -> Result<UnixTime, Reason> {
    let issued = claims.iat.ok_or(Reason::ProofMalformed)?.time().map_err(|_| Reason::ProofTime)?;
    let good = now.since(issued) <= LIFETIME && issued.since(now) <= FUTURE_SKEW;
    if good { Ok(issued) } else { Err(Reason::ProofTime) }
}

fn check_access_token(claims: &Claims, access_token: Option<&str>) -> Result<(), Reason> {
    match access_token {
        None => Ok(()),
        Some(token) if claims.ath.as_deref() == Some(token_hash(token).as_str()) => Ok(()),
        Some(_) => Err(Reason::ProofAccessToken),
    }
}

fn token_hash(access_token: &str) -> String {
    base64url::encode(sha256(access_token.as_bytes()))
}

/// Makes a proof for one request (DPOP-01): the public key in the header, a new `jti` each time.
///
/// # Errors
/// When signing fails.
pub fn sign_proof(
    key: &SigningKey,
    method: &str,
    url: &str,
    access_token: Option<&str>,
    jti: &str,
    now: UnixTime,
) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Proof<'a> {
        jti: &'a str,
        htm: &'a str,
        htu: &'a str,
        iat: UnixTime,
        #[serde(skip_serializing_if = "Option::is_none")]
        ath: Option<String>,
    }
    let claims = Proof { jti, htm: method, htu: url, iat: now, ath: access_token.map(token_hash) };
    jws::sign_with_jwk(key, &key.public_jwk(), TYPE, &claims)
}
