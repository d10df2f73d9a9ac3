use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use countersign_protocol::client_auth::{AuthenticatedClient, ClientAssertion};
use countersign_protocol::dpop::{self, ProofTarget, VerifiedProof};
use countersign_protocol::policy::Profile;
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::replay::{Spends, Unspent};
use countersign_protocol::request::RawParameters;
use countersign_protocol::time::UnixTime;
use countersign_storage::replay;

use crate::AuthorizationServer;
use crate::refusal::{Fault, Refusal};

/// The client behind a back-channel request, and what its authentication spends.
pub(crate) struct Caller {
    /// The registration of the authenticated client.
    pub(crate) client: Arc<Client>,
    /// To be spent with whatever the request changes (CAUTH-13).
    pub(crate) spends: Spends,
}

/// Reads a form-urlencoded body (PAR-01, TOK-01).
///
/// # Errors
/// Another content type, or parameters that are malformed or repeated.
pub(crate) fn parse_form(headers: &HeaderMap, body: &Bytes) -> Result<RawParameters, Reason> {
    check_form(headers)?;
    RawParameters::parse(body)
}

/// Whether the body is declared to be a form.
///
/// # Errors
/// [`Reason::ContentTypeWrong`].
pub(crate) fn check_form(headers: &HeaderMap) -> Result<(), Reason> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if form { Ok(()) } else { Err(Reason::ContentTypeWrong) }
}

/// Authenticates the client of a back-channel request, at every endpoint by the same rules (CAUTH-02).
///
/// # Errors
/// `invalid_client`, the same for an unknown client as for a wrong key (CAUTH-05).
pub(crate) async fn authenticate(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    form: &RawParameters,
    now: UnixTime,
) -> Result<Caller, Refusal> {
    if headers.contains_key(header::AUTHORIZATION) {
        let twice = form.get("client_assertion").is_some();
        return Err(Refusal(if twice { Reason::AuthenticationTwice } else { Reason::AuthenticationMethod }));
    }
    let assertion = ClientAssertion::from_parameters(form)?;
    let client = server.client(assertion.claimed_client()).await?.ok_or(Reason::ClientUnknown)?;
    let authenticated: Unspent<AuthenticatedClient> = assertion.verify(&client, server.issuer(), now)?;
    let (_, spends) = authenticated.into_parts();
    Ok(Caller { client, spends })
}

/// Verifies the DPoP proof of a request, if it has one (RFC 9449 §4.3).
///
/// # Errors
/// More than one proof, or one that does not hold.
pub(crate) fn verify_proof(
    headers: &HeaderMap,
    url: &str,
    method: &str,
    access_token: Option<&str>,
    profile: &Profile,
    now: UnixTime,
) -> Result<Option<Unspent<VerifiedProof>>, Reason> {
    let mut proofs = headers.get_all("dpop").iter();
    let Some(proof) = proofs.next() else { return Ok(None) };
    if proofs.next().is_some() {
        return Err(Reason::ProofRepeated);
    }
    let proof = proof.to_str().map_err(|_| Reason::ProofMalformed)?;
    let target = ProofTarget { method, url, access_token, algorithms: profile.algorithms };
    dpop::verify(proof, target, now).map(Some)
}

/// Why a unit was refused: something in it was spent before; anything else is a fault of this server.
pub(crate) fn refused_unit(statement: &'static str) -> Refusal {
    match replay::spent_before(statement) {
        Some(purpose) => Refusal(purpose.replayed()),
        None => Fault::Internal(statement).into(),
    }
}
