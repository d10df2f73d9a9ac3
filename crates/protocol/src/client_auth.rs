//! Client authentication with `private_key_jwt` (OpenID Connect Core §9, RFC 7523).

use countersign_jose::jws::{Unverified, Verified};
use countersign_jose::{Limits, SignError, Signer, json, jws};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::audience::Audience;
use crate::numeric_date::{EXPIRY_LEEWAY, FUTURE_SKEW, NumericDate, present};
use crate::parameter::{ClientId, Issuer, JwtId};
use crate::reason::Reason;
use crate::registration::Client;
use crate::replay::{Purpose, ReplayKey, Unspent};
use crate::request::RawParameters;
use crate::time::UnixTime;

/// The only `client_assertion_type` (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The explicit type of a client assertion, as it stands in `typ`.
pub const TYPE: &str = "client-authentication+jwt";

/// Seconds a client assertion may live (CAUTH-12).
const LONGEST_LIFE: u64 = 600;

/// A client assertion as it was received.
#[derive(Debug)]
pub struct ClientAssertion<'a> {
    unverified: Unverified<'a>,
    claimed: ClientId,
}

/// A client that proved who it is. Only [`ClientAssertion::verify`] makes one.
#[derive(Debug)]
pub struct AuthenticatedClient(ClientId);

impl AuthenticatedClient {
    /// Who it is.
    pub fn id(&self) -> &ClientId {
        &self.0
    }
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default, deserialize_with = "present")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "present")]
    sub: Option<String>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Audience>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    jti: Option<JwtId>,
    #[serde(default, deserialize_with = "present")]
    response_type: Option<IgnoredAny>,
}

impl<'a> ClientAssertion<'a> {
    /// Finds the assertion among the parameters of a back-channel request.
    ///
    /// # Errors
    /// A reason of the `Authentication…` or `Assertion…` family; the peer is told only `invalid_client` (CAUTH-05).
    pub fn from_parameters(raw: &'a RawParameters) -> Result<Self, Reason> {
        let compact = raw.get("client_assertion").ok_or(Reason::AuthenticationMissing)?;
        if raw.get("client_secret").is_some() {
            return Err(Reason::AuthenticationTwice);
        }
        if raw.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(Reason::AssertionType);
        }
        let unverified =
            Unverified::parse(compact, &Limits::TOKEN).map_err(|_| Reason::AssertionMalformed)?;
        let claimed = claimed_client(&unverified)?;
        if raw.get("client_id").is_some_and(|id| id != claimed.as_str()) {
            return Err(Reason::ClientIdDiffers);
        }
        Ok(Self { unverified, claimed })
    }

    /// Who the sender claims to be: a key to look the registration up by, and nothing more.
    pub fn claimed_client(&self) -> &ClientId {
        &self.claimed
    }

    /// Verifies the assertion (RFC 7523 §3; CAUTH-06..15). The result still has to be spent: each is single use.
    ///
    /// # Errors
    /// The reason of the first step that failed. Skipping one lets somebody else act as this client.
    pub fn verify(
        self,
        client: &Client,
        issuer: &Issuer,
        now: UnixTime,
    ) -> Result<Unspent<AuthenticatedClient>, Reason> {
        let verified = self.verify_signature(client)?;
        let claims: Claims = verified.claims().map_err(|_| Reason::AssertionMalformed)?;
        check_names(&claims, client)?;
        check_audience(&claims, issuer)?;
        let expires = check_times(&claims, now)?;
        let jti = claims.jti.as_ref().ok_or(Reason::AssertionJwtId)?;
        let forget = expires.plus(EXPIRY_LEEWAY);
        let replay =
            ReplayKey::of_client(client.id(), Purpose::ClientAssertion, jti.as_str().as_bytes(), forget);
        Ok(Unspent::new(AuthenticatedClient(client.id().clone()), Some(replay)))
    }

    /// CAUTH-10, CAUTH-14: kind, algorithm, and a registered key of this client.
    fn verify_signature(self, client: &Client) -> Result<Verified, Reason> {
        let header = self.unverified.header();
        if header.typ.is_some() && !header.is_type(TYPE) && !header.is_type("JWT") {
            return Err(Reason::AssertionKind);
        }
        if !client.may_sign_assertions_with(header.algorithm) {
            return Err(Reason::AssertionAlgorithm);
        }
        let kid = header.kid.clone();
        let candidates = client.keys().select(header.algorithm, kid.as_deref());
        self.unverified.verify_any(candidates).map_err(|error| match error {
            jws::JwsError::NoKey => Reason::AssertionKey,
            _ => Reason::AssertionSignature,
        })
    }
}

/// Reads the client's own claim of who it is, before anything is verified.
fn claimed_client(unverified: &Unverified<'_>) -> Result<ClientId, Reason> {
    #[derive(Deserialize)]
    struct Sub {
        #[serde(default)]
        sub: Option<ClientId>,
    }
    let claims: Sub = json::parse_object(unverified.danger_unverified_payload(), &Limits::TOKEN)
        .map_err(|_| Reason::AssertionMalformed)?;
    claims.sub.ok_or(Reason::AssertionSubject)
}

/// CAUTH-04, CAUTH-06, CAUTH-11, JAR-111.
fn check_names(claims: &Claims, client: &Client) -> Result<(), Reason> {
    if claims.response_type.is_some() {
        return Err(Reason::AssertionKind);
    }
    if claims.sub.as_deref() != Some(client.id().as_str()) {
        return Err(Reason::AssertionSubject);
    }
    if claims.iss.as_deref() == Some(client.id().as_str()) { Ok(()) } else { Err(Reason::AssertionIssuer) }
}

/// CAUTH-08: the issuer, as one string.
fn check_audience(claims: &Claims, issuer: &Issuer) -> Result<(), Reason> {
    let issuer_only = claims.aud.as_ref().is_some_and(|audience| audience.is_string(issuer.as_str()));
    if issuer_only { Ok(()) } else { Err(Reason::AssertionAudience) }
}

/// CAUTH-12. Returns the time of expiry.
fn check_times(claims: &Claims, now: UnixTime) -> Result<UnixTime, Reason> {
    let time = |claim: Option<NumericDate>| {
        claim.map(NumericDate::time).transpose().map_err(|_| Reason::AssertionTime)
    };
    let exp = time(claims.exp)?.ok_or(Reason::AssertionTime)?;
    let (nbf, iat) = (time(claims.nbf)?, time(claims.iat)?);
    let early = [nbf, iat].into_iter().flatten().any(|time| time.since(now) > FUTURE_SKEW);
    let late = now >= exp.plus(EXPIRY_LEEWAY);
    let long = exp.since(now) > LONGEST_LIFE;
    if early || late || long { Err(Reason::AssertionTime) } else { Ok(exp) }
}

/// Makes the assertion a client authenticates with: `iss` and `sub` the client, `aud` the issuer as one string
/// (CAUTH-06, CAUTH-07), 60 seconds of life.
///
/// # Errors
/// When signing fails.
pub fn sign_assertion(
    client: &ClientId,
    issuer: &Issuer,
    jti: &str,
    signer: &dyn Signer,
    now: UnixTime,
) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Assertion<'a> {
        iss: &'a ClientId,
        sub: &'a ClientId,
        aud: &'a Issuer,
        jti: &'a str,
        iat: UnixTime,
        exp: UnixTime,
    }
    let claims = Assertion { iss: client, sub: client, aud: issuer, jti, iat: now, exp: now.plus(60) };
    jws::sign(signer, Some("JWT"), &claims)
}
