use countersign_evidence::record::{Record, RecordKind};
use countersign_jose::SystemEntropy;
use countersign_protocol::metadata::GrantType;
use countersign_protocol::parameter::{AuthorizationCode, RefreshToken};
use countersign_protocol::pkce::CodeChallenge;
use countersign_protocol::reason::Reason;
use countersign_protocol::server::{CodeFacts, verify_redemption};
use countersign_protocol::token::TokenResponse;
use countersign_storage::authorization_code::{self, FoundCode};
use countersign_storage::{Outcome, Statement, StorageError, Unit, login_session, refresh_token};

use super::issue::{Grant, Issued, issue};
use super::{Requester, may_act_for};
use crate::AuthorizationServer;
use crate::back_channel::refused_unit;
use crate::refusal::{Fault, Refusal};

/// Seconds for which the mark of a used code is kept at least (CODE-09).
const SHORTEST_MARK: u64 = 600;

/// A code and what was sent with it.
pub(super) struct Presented {
    pub(super) code: AuthorizationCode,
    pub(super) redirect_uri: Option<String>,
    pub(super) code_verifier: Option<String>,
}

/// Redeems an authorization code, in the order of CODE-08. Of two that present a code at once one is first.
///
/// # Errors
/// Every failure is `invalid_grant`; what it does to the code depends on why (CODE-05, CODE-06, CODE-07).
pub(super) async fn redeem(
    server: &AuthorizationServer,
    requester: &Requester,
    presented: &Presented,
) -> Result<TokenResponse, Refusal> {
    let found = authorization_code::find(server.store(), server.issuer(), presented.code.hash()).await?;
    let Some(found) = found else { return Err(requester.refuse(server, Reason::CodeUnknown, vec![]).await?) };
    match verify(server, requester, presented, &found).await? {
        Ok(()) => redeem_verified(server, requester, presented, &found).await,
        Err(reason) => Err(refuse(server, requester, presented, &found, reason).await?),
    }
}

async fn verify(
    server: &AuthorizationServer,
    requester: &Requester,
    presented: &Presented,
    found: &FoundCode,
) -> Result<Result<(), Reason>, Refusal> {
    let damaged = || Fault::Internal("a stored code lacks what it is bound to");
    let code = &found.code;
    let challenge = code.code_challenge.as_deref().ok_or_else(damaged)?;
    let challenge: CodeChallenge = challenge.parse().map_err(|_| damaged())?;
    let dpop_jkt = code.dpop_jkt.as_deref().map(str::parse).transpose().map_err(|_| damaged())?;
    let facts = CodeFacts {
        client_id: &code.client_id,
        redirect_uri: &code.redirect_uri,
        code_challenge: &challenge,
        dpop_jkt,
        expires: code.expires_at,
        redeemed: found.redeemed_at.is_some(),
    };
    let (redirect_uri, verifier) = (presented.redirect_uri.as_deref(), presented.code_verifier.as_deref());
    let client_id = requester.client().id();
    let verified = verify_redemption(facts, client_id, redirect_uri, verifier, requester.key, requester.now);
    if verified.is_err() {
        return Ok(verified);
    }
    let void = found.burned_at.is_some() || found.revoked_at.is_some();
    let usable = !void && may_act_for(server, &code.subject).await?;
    Ok(if usable { Ok(()) } else { Err(Reason::CodeUnknown) })
}

/// One unit: what the request spends, the code, the refresh token, the evidence. Then the answer, not before.
async fn redeem_verified(
    server: &AuthorizationServer,
    requester: &Requester,
    presented: &Presented,
    found: &FoundCode,
) -> Result<TokenResponse, Refusal> {
    let Issued { mut response, evidence } = issue(server, requester, grant(server, requester, found).await?)?;
    let refresh = refresh_token(server, requester, found);
    let unit = Unit::new()
        .then_all(requester.spends(server))
        .then(mark_redeemed(server, requester, presented))
        .then_all(refresh.as_ref().map(|(_, statement)| statement.clone()))
        .then_all(evidence);
    match unit.commit(server.store()).await? {
        Outcome::Committed(_) => {
            response.refresh_token = refresh.map(|(token, _)| token.expose().to_owned());
            Ok(response)
        }
        Outcome::Refused(authorization_code::REDEEM_REFUSED) => {
            Err(outrun(server, requester, presented).await?)
        }
        Outcome::Refused(statement) => Err(refused_unit(statement)),
    }
}

/// Somebody else had the code between our reading and our unit: if it was redeemed, this is a reuse (CODE-05).
async fn outrun(
    server: &AuthorizationServer,
    requester: &Requester,
    presented: &Presented,
) -> Result<Refusal, Refusal> {
    let found = authorization_code::find(server.store(), server.issuer(), presented.code.hash()).await?;
    match found {
        Some(found) if found.redeemed_at.is_some() => {
            refuse(server, requester, presented, &found, Reason::CodeReplayed).await
        }
        _ => requester.refuse(server, Reason::CodeUnknown, vec![]).await,
    }
}

/// What a refused presentation does, in a unit of its own.
async fn refuse(
    server: &AuthorizationServer,
    requester: &Requester,
    presented: &Presented,
    found: &FoundCode,
    reason: Reason,
) -> Result<Refusal, Refusal> {
    let consequences = match reason {
        Reason::CodeReplayed => revoke(server, requester, found)?,
        // Another client's code stays as it is; an expired or burned one is useless anyway.
        Reason::CodeForeign | Reason::CodeExpired | Reason::CodeUnknown => Vec::new(),
        _ if found.burned_at.is_some() || found.revoked_at.is_some() => Vec::new(),
        _ => {
            let (hash, client_id) = (presented.code.hash(), requester.client().id());
            vec![authorization_code::burn(server.issuer(), hash, client_id, requester.now)]
        }
    };
    requester.refuse(server, reason, consequences).await
}

/// Revokes every token issued from the code, once (CODE-05): the family must still be live, or somebody did so already.
fn revoke(
    server: &AuthorizationServer,
    requester: &Requester,
    found: &FoundCode,
) -> Result<Vec<Statement>, Fault> {
    if found.revoked_at.is_some() {
        return Ok(Vec::new());
    }
    let (issuer, transaction, now) = (server.issuer(), &found.code.transaction_id, requester.now);
    let client_id = requester.client().id().clone();
    let record = Record::new(issuer.clone(), transaction.clone(), RecordKind::TokensRevoked, now, client_id)
        .with_fact("reason", Reason::CodeReplayed.rule());
    let revoked = [
        authorization_code::keep_family(issuer, transaction, now.plus(SHORTEST_MARK)),
        authorization_code::revoke_family(issuer, transaction, now),
        refresh_token::revoke_family(issuer, transaction, now),
    ];
    Ok(revoked.into_iter().chain(server.evidence().keep(record, &[])?).collect())
}

fn mark_redeemed(server: &AuthorizationServer, requester: &Requester, presented: &Presented) -> Statement {
    let lifetimes = &server.settings().lifetimes;
    let refresh = if may_refresh(requester) { lifetimes.refresh_token } else { 0 };
    let longest = lifetimes.access_token.max(refresh).max(SHORTEST_MARK);
    let (hash, client_id, now) = (presented.code.hash(), requester.client().id(), requester.now);
    authorization_code::redeem(server.issuer(), hash, client_id, now.plus(longest), now)
}

async fn grant(
    server: &AuthorizationServer,
    requester: &Requester,
    found: &FoundCode,
) -> Result<Grant, Refusal> {
    let code = &found.code;
    let damaged = |_| Fault::Internal("a stored code does not read");
    Ok(Grant {
        transaction: code.transaction_id.clone(),
        subject: code.subject.clone(),
        scope: code.scope.parse().map_err(|_| Fault::Internal("a stored scope does not read"))?,
        auth_time: code.auth_time,
        amr: amr(server, requester, found).await?,
        nonce: code.nonce.as_deref().map(str::parse).transpose().map_err(damaged)?,
        grant_type: "authorization_code",
    })
}

/// How the person logged in, as their session knows it; unknown once it is over.
async fn amr(
    server: &AuthorizationServer,
    requester: &Requester,
    found: &FoundCode,
) -> Result<Vec<String>, StorageError> {
    let Some(session) = found.code.session else { return Ok(Vec::new()) };
    let session = login_session::find_live(server.store(), server.issuer(), session, requester.now).await?;
    let names = session.map(|session| serde_json::from_str(&session.amr).unwrap_or_default());
    Ok(names.unwrap_or_default())
}

/// A refresh token for a client registered for them, bound to client and grant (RT-04), not to the proof's key: a
/// client that authenticates may move to another key (RFC 9449 §5).
fn refresh_token(
    server: &AuthorizationServer,
    requester: &Requester,
    found: &FoundCode,
) -> Option<(RefreshToken, Statement)> {
    if !may_refresh(requester) {
        return None;
    }
    let token = RefreshToken::generate(&mut SystemEntropy);
    let code = &found.code;
    let row = refresh_token::RefreshToken {
        transaction_id: code.transaction_id.clone(),
        client_id: code.client_id.clone(),
        subject: code.subject.clone(),
        scope: code.scope.clone(),
        dpop_jkt: None,
        auth_time: code.auth_time,
        session: code.session,
        granted: code.granted.clone(),
        issued_at: requester.now,
        expires_at: requester.now.plus(server.settings().lifetimes.refresh_token),
    };
    let statement = refresh_token::issue(server.issuer(), token.hash(), &row);
    Some((token, statement))
}

fn may_refresh(requester: &Requester) -> bool {
    requester.client().may_use(GrantType::RefreshToken)
}
