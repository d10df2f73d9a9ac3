use crate::dpop::VerifiedProof;
use crate::parameter::Issuer;
use crate::policy::Control;
use crate::reason::Reason;
use crate::registration::Client;
use crate::replay::Unspent;
use crate::request::{
    AuthorizationRequest, Carriage, Expectations, MOST_PUSHED, RawParameters, RequestObject,
};
use crate::time::UnixTime;

/// Accepts a pushed authorization request of an authenticated client (RFC 9126 §2.1; PAR-02, PAR-05).
///
/// Everything that needs no person is checked here, so that a bad request fails before anybody is bothered. The
/// result still has to be spent, in the unit that stores it.
///
/// # Errors
/// The reason of the first step that failed; at this endpoint every one of them is a JSON error (JAR-127).
pub fn push(
    raw: &RawParameters,
    client: &Client,
    proof: Option<VerifiedProof>,
    issuer: &Issuer,
    now: UnixTime,
) -> Result<Unspent<AuthorizationRequest>, Reason> {
    if raw.get("request_uri").is_some() {
        return Err(Reason::RequestUriAtPar);
    }
    let proof_key = proof.map(|proof| proof.key());
    let accept = |carriage: Carriage<'_>| {
        carriage.into_request(client, true, proof_key, now).map_err(|rejection| rejection.reason())
    };
    match raw.get("request") {
        Some(compact) => {
            let object = RequestObject::parse(compact, MOST_PUSHED)?;
            let verified = object.verify(client, Expectations { issuer, now })?;
            verified.map(|verified| accept(Carriage::Signed(Box::new(verified))))
        }
        None if client.demands(Control::SignedRequest) => Err(Reason::SignedRequestRequired),
        None => Ok(Unspent::without_identifier(accept(Carriage::Plain(raw))?)),
    }
}
