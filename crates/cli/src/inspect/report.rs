//! What an inspection found, for a person and for a program.

use std::fmt;

use anstyle::Style;
use countersign_protocol::reason::Reason;
use countersign_protocol::time::UnixTime;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::carrier::Carrier;
use super::kind::Kind;
use super::rule::{Finding, Status, broken};
use super::token::{Moment, Part, Token};
use crate::output::{BROKEN, HELD, STRONG, UNKNOWN};
use crate::visible::visible;
use crate::words::{relative, utc};

/// Everything that was found.
#[derive(Default)]
pub(crate) struct Inspection {
    /// The URL around it.
    pub(super) carrier: Option<CarrierReport>,
    /// The encryption around it.
    pub(super) encryption: Option<EncryptionReport>,
    /// The signed token.
    pub(super) token: Option<TokenReport>,
}

/// How the signature came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Signature {
    /// It holds under a key that was given.
    Held,
    /// It does not.
    Broken,
    /// No key was given to check it with.
    NotChecked,
    /// Nothing here is signed.
    None,
}

/// A URL and its parameters.
#[derive(Serialize)]
pub(super) struct CarrierReport {
    what: &'static str,
    address: String,
    parameters: Vec<(String, String)>,
    findings: Vec<Finding>,
}

/// The outside of an encrypted token.
#[derive(Serialize)]
pub(super) struct EncryptionReport {
    header: Value,
    findings: Vec<Finding>,
}

/// A signed token.
#[derive(Serialize)]
pub(super) struct TokenReport {
    kind: Kind,
    header: Value,
    claims: Value,
    doubled: Vec<String>,
    findings: Vec<Finding>,
    verdict: Option<Judgement>,
    #[serde(skip)]
    lines: Vec<Line>,
}

/// What the product's own verification says.
#[derive(Serialize)]
struct Judgement {
    accepted: bool,
    reason: Option<String>,
    rule: Option<&'static str>,
}

/// A member as it is shown; doubled ones stand twice.
struct Line {
    heading: &'static str,
    name: String,
    value: String,
}

impl Inspection {
    /// Whether no rule is broken.
    pub(crate) fn holds(&self) -> bool {
        let verdict = self.token.as_ref().and_then(|token| token.verdict.as_ref());
        self.findings().all(|finding| finding.status != Status::Broken)
            && verdict.is_none_or(|verdict| verdict.accepted)
    }

    /// How the signature came out.
    fn signature(&self) -> Signature {
        let Some(token) = &self.token else {
            return if self.encryption.is_some() { Signature::NotChecked } else { Signature::None };
        };
        match token.findings.iter().find(|finding| finding.signature).map(|finding| finding.status) {
            Some(Status::Held) => Signature::Held,
            Some(Status::Broken) => Signature::Broken,
            Some(Status::NotCheckable) | None => Signature::NotChecked,
        }
    }

    /// The last line where nothing is broken: what that does not say stands in it.
    fn nothing_broken(&self) -> (Style, &'static str) {
        match self.signature() {
            Signature::Held | Signature::Broken => (HELD, "Nothing is broken."),
            Signature::None => (UNKNOWN, "Nothing checked is broken; nothing here is signed."),
            Signature::NotChecked if self.token.is_none() => {
                (UNKNOWN, "Nothing checked is broken; what is inside was NOT checked: give --key.")
            }
            Signature::NotChecked => (
                UNKNOWN,
                "Nothing checked is broken; the signature was NOT checked: give --jwks or --issuer.",
            ),
        }
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        let carrier = self.carrier.iter().flat_map(|carrier| &carrier.findings);
        let encryption = self.encryption.iter().flat_map(|encryption| &encryption.findings);
        carrier.chain(encryption).chain(self.token.iter().flat_map(|token| &token.findings))
    }
}

/// What is said of a URL whose token is no token at all.
pub(super) fn unreadable() -> Finding {
    let outcome = broken("What travels in the parameter is no compact token.");
    Finding::new("JAR-46", "A compact token of three or five parts.", outcome)
}

impl Serialize for Inspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Inspection", 5)?;
        document.serialize_field("holds", &self.holds())?;
        document.serialize_field("signature", &self.signature())?;
        document.serialize_field("carrier", &self.carrier)?;
        document.serialize_field("encryption", &self.encryption)?;
        document.serialize_field("token", &self.token)?;
        document.end()
    }
}

impl CarrierReport {
    pub(super) fn of(carrier: Carrier) -> Self {
        let Carrier { name, address, parameters, findings, .. } = carrier;
        Self { what: name, address, parameters, findings }
    }
}

impl EncryptionReport {
    pub(super) fn of(token: &Token, findings: Vec<Finding>) -> Self {
        Self { header: object(&token.header), findings }
    }
}

impl TokenReport {
    pub(super) fn of(
        token: &Token,
        kind: Kind,
        findings: Vec<Finding>,
        verdict: Option<Result<(), Reason>>,
        now: UnixTime,
    ) -> Self {
        let doubled = token.header.doubled().into_iter().chain(token.claims.doubled()).map(str::to_owned);
        Self {
            kind,
            header: object(&token.header),
            claims: object(&token.claims),
            doubled: doubled.collect(),
            findings,
            verdict: verdict.map(Judgement::of),
            lines: lines("Header", &token.header, |_| None)
                .chain(lines("Claims", &token.claims, |name| time_in_words(token, name, now)))
                .collect(),
        }
    }
}

impl Judgement {
    fn of(verdict: Result<(), Reason>) -> Self {
        let refused = verdict.err();
        Self {
            accepted: refused.is_none(),
            reason: refused.map(|reason| reason.wrong().to_owned()),
            rule: refused.map(Reason::rule),
        }
    }
}

/// As a JSON object; of doubled members, the last counts, as for most readers.
fn object(part: &Part) -> Value {
    match &part.members {
        Some(members) => Value::Object(members.iter().cloned().collect::<Map<_, _>>()),
        None => Value::Null,
    }
}

fn lines<'a>(
    heading: &'static str,
    part: &'a Part,
    words: impl Fn(&str) -> Option<String> + 'a,
) -> impl Iterator<Item = Line> + 'a {
    let unreadable = part.members.is_none().then(|| Line {
        heading,
        name: "(no JSON object)".to_owned(),
        value: String::from_utf8_lossy(&part.bytes).into_owned(),
    });
    let members = part.members.iter().flatten().map(move |(name, value)| Line {
        heading,
        name: name.clone(),
        value: match words(name) {
            Some(words) => format!("{value}  {words}"),
            None => value.to_string(),
        },
    });
    unreadable.into_iter().chain(members)
}

fn time_in_words(token: &Token, name: &str, now: UnixTime) -> Option<String> {
    match token.moment(name) {
        Moment::At(time) if matches!(name, "exp" | "nbf" | "iat" | "auth_time" | "updated_at") => {
            Some(format!("{}, {}", utc(time), relative(time, now)))
        }
        _ => None,
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(CarrierReport { what, address, parameters, findings }) = &self.carrier {
            writeln!(f, "{STRONG}{what}{STRONG:#}  {}\n", visible(address))?;
            for (name, value) in parameters {
                writeln!(f, "  {:<24}{}", visible(name), visible(value))?;
            }
            show_findings(f, findings)?;
        }
        if let Some(EncryptionReport { header, findings }) = &self.encryption {
            writeln!(f, "{STRONG}Encrypted token{STRONG:#}  {}", visible(&header.to_string()))?;
            show_findings(f, findings)?;
        }
        if let Some(token) = &self.token {
            writeln!(f, "{STRONG}{}{STRONG:#}", token.kind.name())?;
            let mut heading = "";
            for line in &token.lines {
                if line.heading != heading {
                    heading = line.heading;
                    writeln!(f, "\n{STRONG}{heading}{STRONG:#}")?;
                }
                writeln!(f, "  {:<24}{}", visible(&line.name), visible(&line.value))?;
            }
            show_findings(f, &token.findings)?;
            show_verdict(f, token.verdict.as_ref())?;
        }
        let broken = self.findings().filter(|finding| finding.status == Status::Broken).count();
        match (self.holds(), broken) {
            (true, _) => {
                let (style, words) = self.nothing_broken();
                writeln!(f, "{style}{words}{style:#}")
            }
            (false, 1) => writeln!(f, "{BROKEN}One rule is broken.{BROKEN:#}"),
            (false, 0) => writeln!(f, "{BROKEN}It is refused.{BROKEN:#}"),
            (false, several) => writeln!(f, "{BROKEN}{several} rules are broken.{BROKEN:#}"),
        }
    }
}

fn show_findings(f: &mut fmt::Formatter<'_>, findings: &[Finding]) -> fmt::Result {
    writeln!(f, "\n{STRONG}Rules{STRONG:#}")?;
    for Finding { rule, status, why, passes, .. } in findings {
        let (style, word) = match status {
            Status::Held => (HELD, "held"),
            Status::Broken => (BROKEN, "BROKEN"),
            Status::NotCheckable => (UNKNOWN, "not checkable"),
        };
        writeln!(f, "  {style}{word:<13}{style:#}  {rule:<9} {}", visible(why))?;
        if *status == Status::Broken {
            writeln!(f, "  {:<13}  {:<9} What would pass: {passes}", "", "")?;
        }
    }
    writeln!(f)
}

fn show_verdict(f: &mut fmt::Formatter<'_>, verdict: Option<&Judgement>) -> fmt::Result {
    match verdict {
        None => Ok(()),
        Some(Judgement { accepted: true, .. }) => {
            writeln!(
                f,
                "Countersign's own verification accepts it, as far as the rules above could be checked."
            )
        }
        Some(Judgement { reason, rule, .. }) => {
            let (reason, rule) = (reason.as_deref().unwrap_or_default(), rule.unwrap_or_default());
            writeln!(f, "Countersign's own verification refuses it: {reason} [{rule}]")
        }
    }
}
