//! What follows from the findings, and what does not, in words.

use super::flow::Flow;
use super::message::Message;
use crate::bundle::{Bundle, Kept};
use crate::checkpoint::Checkpoint;
use crate::decision::Outcome;
use crate::report::{Check, Report};
use crate::utc::utc;

/// Fills in what is proven and what is not. Nothing is proven by evidence that is broken anywhere.
pub(super) fn conclude(
    bundle: &Bundle,
    checkpoint: Option<&Checkpoint>,
    flow: &Flow<'_>,
    trusted: bool,
    report: &mut Report,
) {
    if let Some(checkpoint) = checkpoint.filter(|_| report.holds()) {
        let mut proven = vec![in_the_log(bundle, checkpoint, trusted)];
        proven.extend(signed_request(flow, report));
        proven.extend(decided(flow));
        proven.extend(signed_answer(bundle, flow, report));
        report.proven = proven;
    }
    report.not_proven = not_proven(bundle, flow, trusted);
}

fn in_the_log(bundle: &Bundle, checkpoint: &Checkpoint, trusted: bool) -> String {
    let whose = if trusted { "the log key you trust" } else { "the log key in this file" };
    format!(
        "The holder of {whose} recorded these {} steps of transaction {} among the first {} leaves of the log {}, and \
         nothing in them has been changed since.",
        bundle.records.len(),
        bundle.transaction,
        checkpoint.size,
        checkpoint.origin
    )
}

fn signed_request(flow: &Flow<'_>, report: &Report) -> Option<String> {
    let record = &flow.request.filter(|_| report.held(Check::RequestSignature))?.record;
    Some(format!(
        "The holder of a key archived for the client {} signed exactly the request in this file, and the server \
         recorded it on {}.",
        record.client_id,
        utc(record.at)
    ))
}

fn decided(flow: &Flow<'_>) -> Option<String> {
    let (entry, decision) = flow.decided.zip(flow.decision.as_ref())?;
    let who = decision
        .subject
        .as_ref()
        .map_or("nobody named".to_owned(), |subject| format!("the subject {subject}"));
    let what = match decision.outcome {
        Outcome::Granted => format!("that {who} granted the scope `{}`", decision.scope),
        Outcome::GrantedBefore => {
            format!("that an earlier grant of {who} covered the scope `{}`", decision.scope)
        }
        Outcome::Denied => format!("that {who} declined"),
        Outcome::Refused => "that the server refused".to_owned(),
    };
    Some(format!("The server recorded on {} {what}.", utc(entry.record.at)))
}

fn signed_answer(bundle: &Bundle, flow: &Flow<'_>, report: &Report) -> Option<String> {
    let record = &flow.answered.filter(|_| report.held(Check::AnswerSignature))?.record;
    Some(format!(
        "The holder of a key archived for {} signed exactly the answer in this file, and recorded it on {}.",
        bundle.issuer,
        utc(record.at)
    ))
}

fn not_proven(bundle: &Bundle, flow: &Flow<'_>, trusted: bool) -> Vec<String> {
    let mut limits = Vec::new();
    let mut limit = |applies: bool, sentence: &str| {
        if applies {
            limits.push(sentence.to_owned());
        }
    };
    limit(
        !trusted,
        "That the log key is the issuer's: it was taken from this file. Learn it elsewhere and verify again with it.",
    );
    limit(
        true,
        "That the issuer shows everybody the same log: compare this checkpoint with one that a witness or another \
         client has seen.",
    );
    limit(
        true,
        "That the file is complete: the log may hold later records, such as a revocation or a retired key.",
    );
    limit(
        true,
        "That the times are right: they are by the server's clock and, inside signatures, the signer's.",
    );
    limit(true, "That nobody else held the private keys: a signature names a key, not a hand.");
    let archived_later =
        |message: &Message| matches!(message, Message::Signed { key_archived_later: true, .. });
    limit(
        archived_later(&flow.request_message) || archived_later(&flow.answer_message),
        "That a key was its owner's when it signed: it was archived only after the record that names it.",
    );
    limit(
        flow.decided.is_some(),
        "Which person the subject is, and that the person read and understood the page.",
    );
    limit(
        matches!(flow.request_message, Message::Plain(_)),
        "Who wrote the request: it was not signed. Only that the server recorded it so.",
    );
    limit(
        matches!(flow.answer_message, Message::Plain(_)),
        "That the answer reached the client as recorded: it was not signed.",
    );
    limit(flow.answered.is_some(), "That the answer arrived, and what the client did with it.");
    let erased = bundle.records.iter().flat_map(|entry| &entry.originals).any(|kept| *kept == Kept::Erased);
    limit(erased, "What the erased bytes said. That they existed, and where in the flow, is still proven.");
    limits
}
