//! What the messages of one transaction say to each other.

use countersign_protocol::parameter::{ResponseMode, ResponseType, Scope};
use countersign_protocol::time::UnixTime;
use serde_json::{Map, Value};

use super::message::{ANSWER, Message, REQUEST, kept};
use crate::bundle::{Bundle, BundledRecord, Kept};
use crate::decision::Decision;
use crate::record::{Original, RecordKind};
use crate::report::{Check, Report, Status};
use crate::utc::utc;

/// How far two clocks, and the seconds a flow's steps take, may be apart within one message (JAR-105: at most 60 s).
const LEEWAY: u64 = 60;

type Claims = Map<String, Value>;

/// The steps of the transaction, opened.
pub(super) struct Flow<'a> {
    bundle: &'a Bundle,
    pub(super) request: Option<&'a BundledRecord>,
    pub(super) decided: Option<&'a BundledRecord>,
    pub(super) answered: Option<&'a BundledRecord>,
    pub(super) request_message: Message,
    pub(super) answer_message: Message,
    pub(super) decision: Option<Decision>,
}

impl<'a> Flow<'a> {
    /// Finds and opens the steps; reports on signatures and on steps that stand there twice.
    pub(super) fn of(bundle: &'a Bundle, report: &mut Report) -> Self {
        let request =
            only(bundle, &[RecordKind::RequestReceived, RecordKind::RequestRefused], "request", report);
        let decided = only(bundle, &[RecordKind::Decision], "decision", report);
        let answered = only(bundle, &[RecordKind::ResponseSent], "answer", report);
        let mut open = |entry: Option<&BundledRecord>, kind| match entry {
            Some(entry) => Message::open(bundle, entry, kind, report),
            None => Message::Unreadable,
        };
        let request_message = open(request, &REQUEST);
        let answer_message = open(answered, &ANSWER);
        let decision = decided.and_then(|entry| read_decision(entry, report));
        Self { bundle, request, decided, answered, request_message, answer_message, decision }
    }

    /// Compares the steps with each other.
    pub(super) fn check(&self, report: &mut Report) {
        self.check_request(report);
        self.check_answer(report);
        self.check_decision(report);
        self.check_times(report);
    }

    fn check_request(&self, report: &mut Report) {
        let (Some(entry), Some(claims)) = (self.request, self.request_message.claims()) else { return };
        let client = entry.record.client_id.as_str();
        report.compare(
            Check::Request,
            text(claims, "client_id") == Some(client) && says_nothing_else(claims, "iss", client),
            format!("The request names the client {client}, as the record does."),
            format!("The request is not in the name of the recorded client {client}."),
        );
        if self.request_message.is_signed() {
            let issuer = self.bundle.issuer.as_str();
            report.compare(
                Check::Request,
                names_audience(claims, issuer),
                format!("The request is addressed to {issuer}."),
                format!("The request is not addressed to {issuer}."),
            );
        }
    }

    fn check_answer(&self, report: &mut Report) {
        let (Some(entry), Some(answer)) = (self.answered, self.answer_message.claims()) else { return };
        let issuer = self.bundle.issuer.as_str();
        let client = entry.record.client_id.as_str();
        if self.answer_message.is_signed() {
            report.compare(
                Check::Answer,
                text(answer, "iss") == Some(issuer) && text(answer, "aud") == Some(client),
                format!("The answer is from {issuer} to the client {client}."),
                format!("The answer is not from {issuer} to the client {client}."),
            );
        }
        if let Some(request) = self.request {
            report.compare(
                Check::Answer,
                request.record.client_id == entry.record.client_id,
                "Request and answer are recorded for the same client.",
                "Request and answer are recorded for different clients.",
            );
        }
        let Some(request) = self.request_message.claims() else {
            let sentence = "Whether the answer fits the request cannot be checked without the request.";
            report.add(Check::Answer, Status::NotCheckable, sentence);
            return;
        };
        report.compare(
            Check::Answer,
            request.get("state") == answer.get("state"),
            "The answer returns the `state` of the request.",
            "The answer does not return the `state` of the request.",
        );
        compare_fact(report, entry, "redirect_uri", text(request, "redirect_uri"));
        let mode =
            text(request, "response_mode").map(|mode| expected_mode(mode, text(request, "response_type")));
        compare_fact(report, entry, "response_mode", mode.as_deref());
    }

    fn check_decision(&self, report: &mut Report) {
        let (Some(entry), Some(decision)) = (self.decided, &self.decision) else { return };
        report.compare(
            Check::Decision,
            decision.transaction == entry.record.transaction && decision.client_id == entry.record.client_id,
            format!("The decision is about this transaction and the client {}.", decision.client_id),
            "The decision is about another transaction or client than its record.",
        );
        let request = self.request_message.claims();
        if let Some(asked) = request.map(|claims| text(claims, "scope").unwrap_or_default().parse::<Scope>())
        {
            report.compare(
                Check::Decision,
                asked.is_ok_and(|asked| decision.scope.is_subset(&asked)),
                format!(
                    "Nothing was granted that was not asked for (granted: {}).",
                    or_nothing(&decision.scope)
                ),
                format!("More was granted than was asked for (granted: {}).", or_nothing(&decision.scope)),
            );
        }
        if let Some(answer) = self.answer_message.claims() {
            let success = !answer.contains_key("error");
            report.compare(
                Check::Decision,
                success == decision.is_granted(),
                "The answer follows from the decision.",
                "The answer says otherwise than the decision.",
            );
        }
        match kept(entry, Original::Shown) {
            Some(Kept::Bytes { .. }) => report.add(
                Check::Decision,
                Status::Held,
                "The page the person was shown is recorded with the decision, and is in the file.",
            ),
            Some(Kept::Erased) => report.add(
                Check::Decision,
                Status::NotCheckable,
                "What the person was shown was erased and can no longer be read.",
            ),
            None => report.add(
                Check::Decision,
                Status::NotCheckable,
                "No page is recorded with the decision; nobody need have been shown one.",
            ),
        }
    }

    fn check_times(&self, report: &mut Report) {
        let tokens = self.bundle.records.iter().filter(|entry| entry.record.kind == RecordKind::TokensIssued);
        let first_tokens = tokens.min_by_key(|entry| entry.record.at);
        let steps: Vec<_> =
            [self.request, self.decided, self.answered, first_tokens].into_iter().flatten().collect();
        report.compare(
            Check::Times,
            steps.is_sorted_by_key(|entry| entry.record.at),
            "The steps are recorded in the order in which they must have happened.",
            "The recorded times are out of order: request, decision, answer, tokens.",
        );
        for (entry, message, word) in [
            (self.request, &self.request_message, "request"),
            (self.answered, &self.answer_message, "answer"),
        ] {
            if let (Some(entry), Message::Signed { claims, .. }) = (entry, message) {
                let at = entry.record.at;
                report.compare(
                    Check::Times,
                    is_timely(claims, at),
                    format!("The {word} was recorded within its own lifetime, on {}.", utc(at)),
                    format!("The {word} was recorded outside its own lifetime, on {}.", utc(at)),
                );
            }
        }
    }
}

/// The one record of these kinds; two of them contradict each other.
fn only<'a>(
    bundle: &'a Bundle,
    kinds: &[RecordKind],
    word: &str,
    report: &mut Report,
) -> Option<&'a BundledRecord> {
    let found: Vec<_> = bundle.records.iter().filter(|entry| kinds.contains(&entry.record.kind)).collect();
    match found.len() {
        0 => report.add(Check::Once, Status::NotCheckable, format!("The file has no record of a {word}.")),
        1 => report.add(Check::Once, Status::Held, format!("The file has one record of a {word}.")),
        many => report.add(
            Check::Once,
            Status::Broken,
            format!("The file has {many} records of a {word}, not one."),
        ),
    }
    found.first().copied()
}

fn read_decision(entry: &BundledRecord, report: &mut Report) -> Option<Decision> {
    match kept(entry, Original::Decision) {
        Some(Kept::Bytes { bytes, .. }) => match Decision::from_bytes(bytes) {
            Ok(decision) => Some(decision),
            Err(error) => {
                report.add(Check::Decision, Status::Broken, format!("The decision cannot be read: {error}."));
                None
            }
        },
        Some(Kept::Erased) => {
            let sentence = "The decision was erased: who decided, and what, can no longer be checked.";
            report.add(Check::Decision, Status::NotCheckable, sentence);
            None
        }
        None => {
            report.add(
                Check::Decision,
                Status::NotCheckable,
                "The log kept no digest of the decision itself.",
            );
            None
        }
    }
}

/// Compares what the record says with what the request asked, where both speak.
fn compare_fact(report: &mut Report, entry: &BundledRecord, name: &str, asked: Option<&str>) {
    let (Some(recorded), Some(asked)) = (entry.record.facts.get(name), asked) else {
        let sentence =
            format!("The `{name}` of request and answer cannot be compared: one of them does not name it.");
        report.add(Check::Answer, Status::NotCheckable, sentence);
        return;
    };
    report.compare(
        Check::Answer,
        recorded == asked,
        format!("The answer was sent with the `{name}` that was asked for: {recorded}."),
        format!("The answer was sent with the `{name}` {recorded}; asked for was {asked}."),
    );
}

/// The mode a record names for a requested one: `jwt` is resolved by the response type (JARM-02).
fn expected_mode(mode: &str, response_type: Option<&str>) -> String {
    let tokens = response_type
        .and_then(|types| types.parse::<ResponseType>().ok())
        .is_some_and(|types| types.has_tokens());
    match (mode.parse(), tokens) {
        (Ok(ResponseMode::Jwt), true) => ResponseMode::FragmentJwt.to_string(),
        (Ok(ResponseMode::Jwt), false) => ResponseMode::QueryJwt.to_string(),
        _ => mode.to_owned(),
    }
}

/// Whether `at` lies between `iat` and `nbf` on one side and `exp` on the other, with leeway; what is absent is no bound.
fn is_timely(claims: &Claims, at: UnixTime) -> bool {
    let time = |name: &str| claims.get(name).map(|value| value.as_u64());
    let begun = ["iat", "nbf"]
        .into_iter()
        .filter_map(time)
        .all(|begin| begin.is_some_and(|begin| begin <= at.as_secs().saturating_add(LEEWAY)));
    let not_over =
        time("exp").is_none_or(|end| end.is_some_and(|end| end.saturating_add(LEEWAY) >= at.as_secs()));
    begun && not_over
}

fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Whether the member is absent or is this text.
fn says_nothing_else(claims: &Claims, name: &str, expected: &str) -> bool {
    claims.get(name).is_none_or(|value| value.as_str() == Some(expected))
}

/// Whether `aud` is this text or a list with it (RFC 7519 §4.1.3).
fn names_audience(claims: &Claims, expected: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == expected,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(expected)),
        _ => false,
    }
}

fn or_nothing(scope: &Scope) -> String {
    if scope.is_empty() { "nothing".to_owned() } else { scope.to_string() }
}
