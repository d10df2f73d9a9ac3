//! The token endpoint (RFC 6749 §3.2): who asks, with which key, on which grant; then one unit that spends, redeems,
//! issues and keeps, or does none of it.

mod issue;
mod redeem;
mod refresh;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_jose::Thumbprint;
use countersign_protocol::dpop::VerifiedProof;
use countersign_protocol::parameter::Subject;
use countersign_protocol::policy::Control;
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::replay::Spends;
use countersign_protocol::time::UnixTime;
use countersign_protocol::token::{TokenRequest, TokenResponse};
use countersign_storage::{Outcome, Statement, StorageError, Unit, replay, user};

use crate::AuthorizationServer;
use crate::back_channel::{Received, receive, refused_unit};
use crate::refusal::{Fault, Refusal};

/// A token request whose sender is known: client authenticated, proof verified, nothing spent yet (CODE-08).
struct Requester {
    client: Arc<Client>,
    spends: Spends,
    /// The key the tokens will be bound to.
    key: Option<Thumbprint>,
    now: UnixTime,
}

/// `POST /token`: a code or a refresh token becomes an access token. Parameters in the query do not count (TOK-01).
pub(crate) async fn token(
    State(server): State<AuthorizationServer>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let now = server.now();
    let Received { form, client, proof, spends } = receive(&server, "/token", &headers, &body, now).await?;
    let key = binding(&client, proof)?;
    let request = TokenRequest::parse(&form, &client)?;
    let requester = Requester { client, spends, key, now };
    let response = match request {
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let presented = redeem::Presented { code, redirect_uri, code_verifier };
            redeem::redeem(&server, &requester, &presented).await?
        }
        TokenRequest::RefreshToken { token, scope } => {
            refresh::refresh(&server, &requester, &token, scope.as_deref()).await?
        }
    };
    answer(&response)
}

/// The key to bind to: that of the proof, which some clients must bring (SCT-01, DPOP-07).
fn binding(client: &Client, proof: Option<VerifiedProof>) -> Result<Option<Thumbprint>, Reason> {
    match proof {
        Some(proof) => Ok(Some(proof.key())),
        None if client.metadata().dpop_bound_access_tokens => Err(Reason::ProofMissing),
        None if client.binds_tokens() => Err(Control::SenderConstrainedTokens.missing()),
        None => Ok(None),
    }
}

/// TOK-02.
fn answer(response: &TokenResponse) -> Result<Response, Refusal> {
    let body =
        serde_json::to_vec(response).map_err(|_| Fault::Internal("a token response does not serialize"))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::OK, headers, body).into_response())
}

impl Requester {
    fn client(&self) -> &Client {
        &self.client
    }

    /// What the request spends, first in whatever unit it ends in.
    fn spends(&self, server: &AuthorizationServer) -> Vec<Statement> {
        replay::spend_all(server.issuer(), &self.spends, self.now)
    }

    /// Refuses the grant: spends what was brought, so that it cannot be presented again, together with what else the
    /// refusal changes. A replayed request changes nothing and is refused as a replay.
    async fn refuse(
        &self,
        server: &AuthorizationServer,
        reason: Reason,
        consequences: Vec<Statement>,
    ) -> Result<Refusal, Refusal> {
        let client_id = self.client().id();
        tracing::warn!(%client_id, reason = reason.name(), rule = reason.rule(), "a grant was refused");
        let unit = Unit::new().then_all(self.spends(server)).then_all(consequences);
        match unit.commit(server.store()).await? {
            Outcome::Committed(_) => Ok(Refusal(reason)),
            Outcome::Refused(statement) => match replay::spent_before(statement) {
                Some(_) => Err(refused_unit(statement)),
                // Somebody else did the same a moment ago.
                None => Ok(Refusal(reason)),
            },
        }
    }
}

/// Whether a person may still be acted for (RT-06).
async fn may_act_for(server: &AuthorizationServer, subject: &Subject) -> Result<bool, StorageError> {
    let person = user::find(server.store(), server.issuer(), subject).await?;
    Ok(person.is_some_and(|person| person.disabled_at.is_none()))
}
