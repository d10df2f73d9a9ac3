use countersign_protocol::parameter::RefreshToken;
use countersign_protocol::reason::Reason;
use countersign_protocol::server::refreshed_scope;
use countersign_protocol::token::TokenResponse;
use countersign_storage::{Outcome, Unit, authorization_code, refresh_token};

use super::issue::{Grant, Issued, issue};
use super::{Requester, may_act_for};
use crate::AuthorizationServer;
use crate::back_channel::refused_unit;
use crate::refusal::{Fault, Refusal};

/// Gives a new access token for a refresh token, which stays as it is: it is not rotated (RT-01).
///
/// # Errors
/// `invalid_grant` for a token that is unknown, expired, revoked, another client's, or of somebody locked out, without
/// telling which (RT-04); `invalid_scope` for more than was granted (TOK-09).
pub(super) async fn refresh(
    server: &AuthorizationServer,
    requester: &Requester,
    token: &RefreshToken,
    scope: Option<&str>,
) -> Result<TokenResponse, Refusal> {
    let Some(row) = find(server, requester, token).await? else {
        return Err(requester.refuse(server, Reason::RefreshTokenUnknown, vec![]).await?);
    };
    let damaged = |_| Fault::Internal("a stored scope does not read");
    let scope = match refreshed_scope(&row.scope.parse().map_err(damaged)?, scope) {
        Ok(scope) => scope,
        Err(reason) => return Err(requester.refuse(server, reason, vec![]).await?),
    };
    let (issuer, transaction) = (server.issuer(), row.transaction_id.clone());
    let forget_at = requester.now.plus(server.settings().lifetimes.access_token);
    let grant = Grant {
        transaction: row.transaction_id,
        subject: row.subject,
        scope,
        auth_time: row.auth_time,
        amr: Vec::new(),
        nonce: None,
        grant_type: "refresh_token",
    };
    let Issued { response, evidence } = issue(server, requester, grant)?;
    let unit = Unit::new()
        .then_all(requester.spends(server))
        .then(authorization_code::keep_family(issuer, &transaction, forget_at))
        .then_all(evidence);
    match unit.commit(server.store()).await? {
        Outcome::Committed(_) => Ok(response),
        Outcome::Refused(authorization_code::KEEP_FAMILY_REFUSED) => {
            Err(requester.refuse(server, Reason::RefreshTokenUnknown, vec![]).await?)
        }
        Outcome::Refused(statement) => Err(refused_unit(statement)),
    }
}

/// The token, if it is live and this client's, for a person who may still be acted for.
async fn find(
    server: &AuthorizationServer,
    requester: &Requester,
    token: &RefreshToken,
) -> Result<Option<refresh_token::RefreshToken>, Refusal> {
    let row = refresh_token::find_live(server.store(), server.issuer(), token.hash(), requester.now).await?;
    let Some(row) = row.filter(|row| row.client_id == *requester.client().id()) else { return Ok(None) };
    Ok(may_act_for(server, &row.subject).await?.then_some(row))
}
