use countersign_jose::jws::Unverified;
use countersign_jose::{Algorithm, JwkSet, Limits, SignError, Signer, jws};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::audience::Audience;
use crate::numeric_date::{EXPIRY_LEEWAY, FUTURE_SKEW, present};
use crate::parameter::{ClientId, Issuer, Nonce, Subject};
use crate::reason::Reason;
use crate::time::UnixTime;

/// An ID token (OpenID Connect Core §2; IDT-01): who logged in, for this client.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// Who says so.
    pub iss: Issuer,
    /// Who logged in.
    pub sub: Subject,
    /// For whom: one client and nobody else (IDT-05).
    #[serde(deserialize_with = "only_one")]
    pub aud: ClientId,
    /// When it ends.
    pub exp: UnixTime,
    /// When it was issued.
    pub iat: UnixTime,
    /// When the person logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<UnixTime>,
    /// The nonce of the request; only if one was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// How the person logged in (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

/// To whom the token was issued, where that is said (OpenID Connect Core §2, `azp`).
#[derive(Deserialize)]
struct AuthorizedParty {
    #[serde(default, deserialize_with = "present")]
    azp: Option<ClientId>,
}

/// What the client knows when an ID token arrives.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedIdToken<'a> {
    /// The issuer of this login.
    pub issuer: &'a Issuer,
    /// Its published keys.
    pub keys: &'a JwkSet,
    /// Who the client is there.
    pub client_id: &'a ClientId,
    /// The algorithm it registered for ID tokens.
    pub algorithm: Algorithm,
    /// The nonce it sent.
    pub nonce: Option<&'a Nonce>,
}

/// An ID token that held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedIdToken(IdTokenClaims);

impl IdTokenClaims {
    /// Signs the token.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, SignError> {
        jws::sign(signer, Some("JWT"), self)
    }
}

impl VerifiedIdToken {
    /// What it says.
    pub fn claims(&self) -> &IdTokenClaims {
        &self.0
    }
}

/// Verifies an ID token (OpenID Connect Core §3.1.3.7; IDT-05), its signature always.
///
/// # Errors
/// [`Reason::IdTokenInvalid`], whatever failed: acting on a bad one logs in somebody else.
pub fn verify_id_token(
    token: &str,
    expected: ExpectedIdToken<'_>,
    now: UnixTime,
) -> Result<VerifiedIdToken, Reason> {
    let unverified = Unverified::parse(token, &Limits::TOKEN).map_err(|_| Reason::IdTokenInvalid)?;
    let header = unverified.header();
    let foreign = header.typ.is_some() && !header.is_type("JWT");
    if foreign || header.algorithm != expected.algorithm {
        return Err(Reason::IdTokenInvalid);
    }
    let kid = header.kid.clone();
    let candidates = expected.keys.select(expected.algorithm, kid.as_deref());
    let verified = unverified.verify_any(candidates).map_err(|_| Reason::IdTokenInvalid)?;
    let claims: IdTokenClaims = verified.claims().map_err(|_| Reason::IdTokenInvalid)?;
    let party: AuthorizedParty = verified.claims().map_err(|_| Reason::IdTokenInvalid)?;
    let good = claims.iss == *expected.issuer
        && claims.aud == *expected.client_id
        && party.azp.as_ref().is_none_or(|azp| azp == expected.client_id)
        && claims.nonce.as_ref() == expected.nonce
        && now < claims.exp.plus(EXPIRY_LEEWAY)
        && claims.iat.since(now) <= FUTURE_SKEW
        && now.since(claims.iat) <= 24 * 60 * 60;
    if good { Ok(VerifiedIdToken(claims)) } else { Err(Reason::IdTokenInvalid) }
}

/// An audience of one client, as a string or alone in an array: whoever else it names is not trusted here.
fn only_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ClientId, D::Error> {
    let named = match Audience::deserialize(deserializer)? {
        Audience::One(named) => named,
        Audience::Several(named) => {
            let [only] =
                <[String; 1]>::try_from(named).map_err(|_| de::Error::custom("more than one audience"))?;
            only
        }
    };
    named.parse().map_err(de::Error::custom)
}
