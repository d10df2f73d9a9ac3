use countersign_evidence::decision::Decision;
use countersign_evidence::record::{
    FACT_REDIRECT_URI, FACT_RESPONSE_MODE, Made, Original, Record, RecordKind,
};
use countersign_protocol::parameter::TransactionId;
use countersign_protocol::policy::Verdict;
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::request::Presented;
use countersign_protocol::response::Answer;
use countersign_storage::Statement;

use super::interact::Progress;
use super::resolve::SignedObject;
use crate::AuthorizationServer;
use crate::refusal::Fault;

/// A flow that ends: what was asked, how it was decided, what the person saw, what was answered.
pub(super) struct Kept<'a> {
    pub(super) progress: &'a Progress,
    pub(super) decision: &'a Decision,
    pub(super) shown: Option<&'a str>,
    pub(super) answer: &'a Answer,
}

/// The evidence of a flow, to be committed with its answer: an answer that cannot be kept is not given.
///
/// # Errors
/// Whatever keeps it from being kept.
pub(super) async fn flow(server: &AuthorizationServer, kept: &Kept<'_>) -> Result<Vec<Statement>, Fault> {
    client_key(server, kept.progress).await?;
    let mut statements = request(server, kept)?;
    statements.extend(decision(server, kept)?);
    let client = &kept.progress.client;
    statements.extend(answer(server, client, &kept.progress.stored.transaction_id, kept.answer)?);
    Ok(statements)
}

/// The evidence of a signed request that was answered with an error before anybody was asked.
///
/// A request that nobody signed leaves none: anybody could fill the log with them, and they prove nothing.
///
/// # Errors
/// Whatever keeps it from being kept.
pub(super) fn refusal(
    server: &AuthorizationServer,
    client: &Client,
    transaction: &TransactionId,
    presented: &SignedObject,
    reason: Reason,
    sent: &Answer,
) -> Result<Vec<Statement>, Fault> {
    let record = record(server, client, transaction, RecordKind::RequestRefused)
        .with_fact("reason", reason.name())
        .with_fact("rule", reason.rule())
        .with_key(Made::RequestObject, presented.key);
    let original = [(Original::RequestObject, presented.object.as_bytes())];
    let mut statements = server.evidence().keep(record, &original)?;
    statements.extend(answer(server, client, transaction, sent)?);
    Ok(statements)
}

/// The key behind the request object comes before the records that name it (EVD-39).
async fn client_key(server: &AuthorizationServer, progress: &Progress) -> Result<(), Fault> {
    match progress.request.presented {
        Presented::Signed { key, algorithm, .. } => {
            server.evidence().client_key(&progress.client, key, algorithm, server.now()).await
        }
        Presented::Plain { .. } => Ok(()),
    }
}

fn request(server: &AuthorizationServer, kept: &Kept<'_>) -> Result<Vec<Statement>, Fault> {
    let Progress { request, client, stored, .. } = kept.progress;
    let mut record = record(server, client, &stored.transaction_id, RecordKind::RequestReceived);
    record.at = request.received_at;
    let record = record
        .with_fact("profile", request.verdict.profile.as_str())
        .with_fact("controls", &controls(&request.verdict));
    match &request.presented {
        Presented::Signed { object, key, .. } => {
            let record = record.with_key(Made::RequestObject, *key);
            server.evidence().keep(record, &[(Original::RequestObject, object.as_bytes())])
        }
        Presented::Plain { parameters } => {
            server.evidence().keep(record, &[(Original::RequestParameters, parameters.as_bytes())])
        }
    }
}

fn decision(server: &AuthorizationServer, kept: &Kept<'_>) -> Result<Vec<Statement>, Fault> {
    let Progress { client, stored, .. } = kept.progress;
    let record = record(server, client, &stored.transaction_id, RecordKind::Decision);
    let decided = kept.decision.to_bytes()?;
    let shown = kept.shown.map(|shown| (Original::Shown, shown.as_bytes()));
    let originals: Vec<(Original, &[u8])> =
        [(Original::Decision, decided.as_slice())].into_iter().chain(shown).collect();
    server.evidence().keep(record, &originals)
}

fn answer(
    server: &AuthorizationServer,
    client: &Client,
    transaction: &TransactionId,
    answer: &Answer,
) -> Result<Vec<Statement>, Fault> {
    let record = record(server, client, transaction, RecordKind::ResponseSent)
        .with_fact(FACT_REDIRECT_URI, answer.redirect_uri().as_str())
        .with_fact(FACT_RESPONSE_MODE, answer.delivery().mode().as_str());
    let message = answer.message();
    if !answer.delivery().signed {
        return server.evidence().keep(record, &[(Original::ResponseParameters, message.as_bytes())]);
    }
    let key = server.keys().signer(client.response_algorithm())?.public_jwk().thumbprint();
    let record = record.with_key(Made::ResponseJwt, key);
    server.evidence().keep(record, &[(Original::ResponseJwt, message.as_bytes())])
}

fn record(
    server: &AuthorizationServer,
    client: &Client,
    transaction: &TransactionId,
    kind: RecordKind,
) -> Record {
    Record::new(server.issuer().clone(), transaction.clone(), kind, server.now(), client.id().clone())
}

/// The controls that the flow showed, by name.
fn controls(verdict: &Verdict) -> String {
    let found = verdict.findings.iter().filter(|finding| finding.found);
    let names: Vec<String> =
        found.filter_map(|finding| serde_json::to_string(&finding.control).ok()).collect();
    names.join(" ").replace('"', "")
}
