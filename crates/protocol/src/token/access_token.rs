use countersign_jose::jws::{JwsError, Unverified};
use countersign_jose::{JwkSet, Limits, SignError, Signer, Thumbprint, jws};
use serde::{Deserialize, Serialize};

use crate::parameter::{ClientId, Issuer, Scope, Subject, TransactionId};
use crate::reason::Reason;
use crate::time::UnixTime;

/// The `typ` of a JWT access token (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";

/// A JWT access token (RFC 9068 §2.2), bound to a key by `cnf` where the client's tokens are (RFC 9449 §6.1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// Who issued it.
    pub iss: Issuer,
    /// The resource it is for.
    pub aud: String,
    /// Whose resources.
    pub sub: Subject,
    /// Who may use it.
    pub client_id: ClientId,
    /// When it ends.
    pub exp: UnixTime,
    /// When it was issued.
    pub iat: UnixTime,
    /// Its own name.
    pub jti: String,
    /// The flow it comes from (RFC 8417 §2.2): ties the use of a token to the evidence of its grant.
    pub txn: TransactionId,
    /// What it allows.
    pub scope: Scope,
    /// When the person logged in.
    pub auth_time: UnixTime,
    /// The key it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// The `cnf` claim (RFC 7800 §3.1, RFC 9449 §6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Confirmation {
    jkt: Thumbprint,
}

/// An access token whose signature, type, issuer, audience and expiry held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedAccessToken(AccessTokenClaims);

impl Confirmation {
    /// Binds to the key of this thumbprint.
    pub fn of(key: Thumbprint) -> Self {
        Self { jkt: key }
    }
}

impl AccessTokenClaims {
    /// Signs the token.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, SignError> {
        jws::sign(signer, Some(TYPE), self)
    }
}

impl VerifiedAccessToken {
    /// What it says.
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.0
    }

    /// The key it is bound to; it is good for nothing without a proof of that key (DPOP-14).
    pub fn bound_to(&self) -> Option<Thumbprint> {
        self.0.cnf.map(|cnf| cnf.jkt)
    }
}

/// Verifies an access token at the resource it is for (RFC 9068 §4; AT-04).
///
/// Binding and revocation are still to be checked: see [`VerifiedAccessToken::bound_to`].
///
/// # Errors
/// [`Reason::AccessTokenInvalid`], whatever failed.
pub fn verify_access_token(
    token: &str,
    keys: &JwkSet,
    issuer: &Issuer,
    audience: &str,
    now: UnixTime,
) -> Result<VerifiedAccessToken, Reason> {
    let invalid = |_: JwsError| Reason::AccessTokenInvalid;
    let unverified = Unverified::parse(token, &Limits::TOKEN).map_err(invalid)?;
    if !unverified.header().is_type(TYPE) {
        return Err(Reason::AccessTokenInvalid);
    }
    let kid = unverified.header().kid.clone();
    let candidates = keys.select(unverified.header().algorithm, kid.as_deref());
    let verified = unverified.verify_any(candidates).map_err(invalid)?;
    let claims: AccessTokenClaims = verified.claims().map_err(|_| Reason::AccessTokenInvalid)?;
    let good = claims.iss == *issuer && claims.aud == audience && now < claims.exp;
    if good { Ok(VerifiedAccessToken(claims)) } else { Err(Reason::AccessTokenInvalid) }
}
