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
use crate::form::parse_form;
use crate::refusal::{Fault, Refusal};

/// A back-channel request whose sender is known: client authenticated, proof verified, nothing spent yet.
pub(crate) struct Received {
    pub(crate) form: RawParameters,
    /// The registration of the authenticated client.
    pub(crate) client: Arc<Client>,
    /// The DPoP proof, if it brought one.
    pub(crate) proof: Option<VerifiedProof>,
    /// To be spent with whatever the request changes (CAUTH-13, DPOP-06).
    pub(crate) spends: Spends,
}

/// Reads a form that a client posted to the endpoint at `path`, and finds out who sent it.
///
/// # Errors
/// No form, a client that is not who it says, or a proof that does not hold.
pub(crate) async fn receive(
    server: &AuthorizationServer,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
    now: UnixTime,
) -> Result<Received, Refusal> {
    let form = parse_form(headers, body)?;
    let (client, spends) = authenticate(server, headers, &form, now).await?;
    let url = server.issuer().endpoint(path);
    let proof = verify_proof(headers, &url, "POST", None, client.profile(), now)?;
    let (proof, proof_spends) = proof.map(|proof| proof.into_parts()).unzip();
    Ok(Received { form, client, proof, spends: spends.join(proof_spends.unwrap_or_default()) })
}

/// Authenticates the client of a back-channel request, at every endpoint by the same rules (CAUTH-02).
///
/// # Errors
/// `invalid_client`, the same for an unknown client as for a wrong key (CAUTH-05).
async fn authenticate(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    form: &RawParameters,
    now: UnixTime,
) -> Result<(Arc<Client>, Spends), Refusal> {
    if headers.contains_key(header::AUTHORIZATION) {
        let twice = form.get("client_assertion").is_some();
        return Err(Refusal(if twice { Reason::AuthenticationTwice } else { Reason::AuthenticationMethod }));
    }
    let assertion = ClientAssertion::from_parameters(form)?;
    let client = server.client(assertion.claimed_client()).await?.ok_or(Reason::ClientUnknown)?;
    let authenticated: Unspent<AuthenticatedClient> = assertion.verify(&client, server.issuer(), now)?;
    let (_, spends) = authenticated.into_parts();
    Ok((client, spends))
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
