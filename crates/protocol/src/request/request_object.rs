use countersign_jose::compact::{self, CompactError};
use countersign_jose::jws::{JwsError, Unverified, Verified};
use countersign_jose::{Algorithm, Limits, json};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::parameters::text;
use super::{RequestParameters, VerifiedRequest};
use crate::audience::Audience;
use crate::numeric_date::{EXPIRY_LEEWAY, FUTURE_SKEW, NumericDate, present};
use crate::parameter::{Issuer, JwtId};
use crate::policy::Profile;
use crate::reason::Reason;
use crate::registration::Client;
use crate::replay::{Purpose, ReplayKey, Unspent};
use crate::time::UnixTime;

/// Characters of a request object in a URL that are still read (JAR-45).
pub const MOST_BY_VALUE: usize = 16 * 1024;

/// Characters of a pushed request object that are still read (JAR-45).
pub const MOST_PUSHED: usize = 64 * 1024;

/// The media type of a request object (RFC 9101 §10.8), as it stands in `typ`.
pub const TYPE: &str = "oauth-authz-req+jwt";

/// A request object as it was received: nothing in it can be believed, and nothing can be read.
#[derive(Debug)]
pub struct RequestObject<'a> {
    compact: &'a str,
    unverified: Unverified<'a>,
}

/// What a request object must be addressed to, and when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The server it must name in `aud`.
    pub issuer: &'a Issuer,
    /// The time it must be valid at.
    pub now: UnixTime,
}

/// Everything a request object may say that this server processes; unknown claims are ignored (JAR-120).
#[derive(Deserialize)]
struct Claims {
    #[serde(default, deserialize_with = "text")]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "text")]
    sub: Option<String>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Claimed<Audience>>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    jti: Option<Claimed<JwtId>>,
    #[serde(default, deserialize_with = "present")]
    request: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    request_uri: Option<IgnoredAny>,
    #[serde(flatten)]
    parameters: RequestParameters,
}

/// A claim whose wrong type has a reason of its own.
#[derive(Deserialize)]
#[serde(untagged)]
enum Claimed<T> {
    Well(T),
    Ill(IgnoredAny),
}

impl<'a> RequestObject<'a> {
    /// Takes an object apart without believing it: size, compact form, header (JAR-45..48).
    ///
    /// # Errors
    /// The reason of the first step that failed.
    pub fn parse(compact: &'a str, most: usize) -> Result<Self, Reason> {
        if compact.len() > most {
            return Err(Reason::RequestObjectTooLarge);
        }
        if compact::parts(compact) == 5 {
            return Err(Reason::RequestObjectEncrypted);
        }
        let unverified = Unverified::parse(compact, &Limits::TOKEN).map_err(header_reason)?;
        let header = unverified.header();
        if header.typ.is_some() && !header.is_type(TYPE) && !header.is_type("JWT") {
            return Err(Reason::RequestObjectType);
        }
        Ok(Self { compact, unverified })
    }

    /// Verifies the object for a client, in the order of the catalogue (JAR-49..59; RFC 9101 §6).
    ///
    /// The result still has to be spent: each object is single use (JAR-105).
    ///
    /// # Errors
    /// The reason of the first step that failed. Skipping one lets a forged, foreign, old or repeated request be
    /// shown to a person as if the client had made it.
    pub fn verify(
        self,
        client: &Client,
        expect: Expectations<'_>,
    ) -> Result<Unspent<VerifiedRequest>, Reason> {
        let Self { compact, unverified } = self;
        check_type(&unverified, client)?;
        let signing_input = unverified.signing_input();
        let algorithm = permitted_algorithm(&unverified, client)?;
        let verified = verify_signature(unverified, client)?;
        let claims = read_claims(&verified)?;
        check_client_id(&claims, client)?;
        check_issuer(&claims, client)?;
        check_audience(&claims, expect.issuer)?;
        check_subject(&claims, client)?;
        let expires = check_times(&claims, client.profile(), expect.now)?;
        let replay = replay_key(&claims, signing_input, client, expires)?;
        check_not_nested(&claims)?;
        let object = compact.to_owned();
        let request =
            VerifiedRequest { parameters: claims.parameters, object, algorithm, key: verified.key() };
        Ok(Unspent::new(request, Some(replay)))
    }
}

/// JAR-110: where the client registered it so, only the explicit type passes.
fn check_type(unverified: &Unverified<'_>, client: &Client) -> Result<(), Reason> {
    let explicit = unverified.header().is_type(TYPE);
    if explicit || !client.metadata().strict_typ { Ok(()) } else { Err(Reason::RequestObjectType) }
}

/// JAR-49: the algorithm is one that the client registered, or that the profile allows.
fn permitted_algorithm(unverified: &Unverified<'_>, client: &Client) -> Result<Algorithm, Reason> {
    let named = unverified.header().algorithm;
    if client.may_sign_requests_with(named) { Ok(named) } else { Err(Reason::RequestObjectAlgorithm) }
}

/// JAR-50, JAR-51: a registered key of this client, and its signature.
fn verify_signature(unverified: Unverified<'_>, client: &Client) -> Result<Verified, Reason> {
    let kid = unverified.header().kid.clone();
    let candidates = client.keys().select(unverified.header().algorithm, kid.as_deref());
    unverified.verify_any(candidates).map_err(|error| match error {
        JwsError::NoKey => Reason::RequestObjectKey,
        _ => Reason::RequestObjectSignature,
    })
}

/// JAR-58, JAR-105: what makes the object single use. Without `jti`, the signed bytes; never the signature, which
/// can be malleable.
fn replay_key(
    claims: &Claims,
    signing_input: &str,
    client: &Client,
    exp: UnixTime,
) -> Result<ReplayKey, Reason> {
    let identifier = match &claims.jti {
        None => format!("object:{signing_input}"),
        Some(Claimed::Well(jti)) => format!("jti:{jti}"),
        Some(Claimed::Ill(_)) => return Err(Reason::RequestObjectJwtId),
    };
    let forget = exp.plus(EXPIRY_LEEWAY);
    Ok(ReplayKey::of_client(client.id(), Purpose::RequestObject, identifier.as_bytes(), forget))
}

/// JAR-52, JAR-119: strict JSON of the expected types.
fn read_claims(verified: &Verified) -> Result<Claims, Reason> {
    let text =
        json::scan_object(verified.payload(), &Limits::TOKEN).map_err(|_| Reason::RequestObjectClaims)?;
    serde_json::from_str(text).map_err(|_| Reason::RequestObjectParameter)
}

/// JAR-53.
fn check_client_id(claims: &Claims, client: &Client) -> Result<(), Reason> {
    let same = claims.client_id.as_deref() == Some(client.id().as_str());
    if same { Ok(()) } else { Err(Reason::RequestObjectClientId) }
}

/// JAR-54.
fn check_issuer(claims: &Claims, client: &Client) -> Result<(), Reason> {
    match claims.iss.as_deref() {
        Some(iss) if iss == client.id().as_str() => Ok(()),
        None if !client.profile().issuer_required => Ok(()),
        _ => Err(Reason::RequestObjectIssuer),
    }
}

/// JAR-55: the issuer identifier, alone or among others; never an endpoint URL.
fn check_audience(claims: &Claims, issuer: &Issuer) -> Result<(), Reason> {
    match &claims.aud {
        Some(Claimed::Well(audience)) if audience.contains(issuer.as_str()) => Ok(()),
        _ => Err(Reason::RequestObjectAudience),
    }
}

/// JAR-56: `sub` is what would make it a client assertion.
fn check_subject(claims: &Claims, client: &Client) -> Result<(), Reason> {
    let is_client = claims.sub.as_deref() == Some(client.id().as_str());
    if is_client { Err(Reason::RequestObjectSubject) } else { Ok(()) }
}

/// JAR-57, JAR-78..83. Returns the time of expiry.
fn check_times(claims: &Claims, profile: &Profile, now: UnixTime) -> Result<UnixTime, Reason> {
    let time = |claim: Option<NumericDate>| claim.map(NumericDate::time).transpose();
    let wrong = |_| Reason::RequestObjectTime;
    let (exp, nbf, iat) = (
        time(claims.exp).map_err(wrong)?,
        time(claims.nbf).map_err(wrong)?,
        time(claims.iat).map_err(wrong)?,
    );
    let exp = exp.ok_or(Reason::RequestObjectExpiryMissing)?;
    if profile.not_before_required && nbf.is_none() {
        return Err(Reason::RequestObjectNotBeforeMissing);
    }
    if [nbf, iat].into_iter().flatten().any(|time| time.since(now) > FUTURE_SKEW) {
        return Err(Reason::RequestObjectNotYetValid);
    }
    let longest = profile.request_object_lifetime;
    match nbf {
        Some(nbf) if now.since(nbf) > longest => return Err(Reason::RequestObjectTooOld),
        Some(nbf) if exp <= nbf || exp.since(nbf) > longest => return Err(Reason::RequestObjectLifetime),
        _ if !profile.not_before_required && exp.since(now) > longest => {
            return Err(Reason::RequestObjectLifetime);
        }
        _ => {}
    }
    if now >= exp.plus(EXPIRY_LEEWAY) { Err(Reason::RequestObjectExpired) } else { Ok(exp) }
}

/// JAR-59.
fn check_not_nested(claims: &Claims) -> Result<(), Reason> {
    let nested = claims.request.is_some() || claims.request_uri.is_some();
    if nested { Err(Reason::RequestObjectNested) } else { Ok(()) }
}

fn header_reason(error: JwsError) -> Reason {
    match error {
        JwsError::Compact(CompactError::TooLong { .. }) => Reason::RequestObjectTooLarge,
        JwsError::Compact(_) | JwsError::EmptyPart { .. } | JwsError::Base64 { .. } => {
            Reason::RequestObjectNotCompact
        }
        JwsError::Critical => Reason::RequestObjectCritical,
        JwsError::KeyFromToken { .. } | JwsError::EmbeddedKey(_) => Reason::RequestObjectKeyInHeader,
        JwsError::UnknownAlgorithm | JwsError::AlgorithmMismatch => Reason::RequestObjectAlgorithm,
        JwsError::KeyIdMismatch | JwsError::NoKey => Reason::RequestObjectKey,
        JwsError::Signature => Reason::RequestObjectSignature,
        JwsError::Header(_)
        | JwsError::HeaderTooLong { .. }
        | JwsError::NoAlgorithm
        | JwsError::UnencodedPayload => Reason::RequestObjectHeader,
    }
}
