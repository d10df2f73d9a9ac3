//! What is recorded, as whoever operates the server reads it: the leaves, and the sealed decisions beside them.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::bail;
use countersign_evidence::bundle::Kept;
use countersign_evidence::decision::{Decision, Outcome};
use countersign_evidence::record::{Original, Record, RecordKind};
use countersign_jose::seal::Sealer;
use countersign_protocol::parameter::{Issuer, TransactionId};
use countersign_protocol::time::UnixTime;
use countersign_server::evidence::open_original;
use countersign_storage::Store;
use countersign_storage::evidence_record::{self, EvidenceRecord};
use serde::Serialize;
use serde_json::Value;

use super::World;
use crate::config::Config;
use crate::failure::Refusal;
use crate::output::STRONG;
use crate::table::table;
use crate::visible::visible;
use crate::words::utc;

/// Lists recorded transactions, newest first.
pub(super) async fn list(world: &World, config: &Config, limit: u64) -> anyhow::Result<()> {
    let kept = Records::open(config).await?;
    let mut transactions = Vec::new();
    for entry in evidence_record::transactions(&kept.store, &kept.issuer, None, limit).await? {
        let steps = kept.of(&entry.transaction_id).await?;
        transactions.push(Transaction {
            transaction: entry.transaction_id.to_string(),
            client_id: steps.first().map(|step| step.client_id.clone()),
            outcome: outcome(&steps),
            began_at: entry.began_at.as_secs(),
            ended_at: entry.ended_at.as_secs(),
            records: entry.records,
        });
    }
    world.output.show(&Transactions { transactions })?;
    Ok(())
}

/// Shows every record of a transaction.
pub(super) async fn show(world: &World, config: &Config, transaction: &TransactionId) -> anyhow::Result<()> {
    let records = Records::open(config).await?.of(transaction).await?;
    if records.is_empty() {
        let wrong = format!("Nothing is recorded about {transaction}.");
        bail!(Refusal::new("transaction", wrong, "One that `countersign evidence list` shows.", "EVD-30"));
    }
    world.output.show(&Steps { transaction: transaction.to_string(), records })?;
    Ok(())
}

/// The records of an issuer; what is sealed beside them opens only where there is a master key.
struct Records {
    store: Store,
    issuer: Issuer,
    sealer: Option<Sealer>,
}

impl Records {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        let (store, sealer) = (config.open_store().await?, config.master_key.open_existing()?);
        Ok(Self { store, issuer: config.settings.issuer.clone(), sealer })
    }

    /// The records of a transaction, in the order of their arrival.
    async fn of(&self, transaction: &TransactionId) -> anyhow::Result<Vec<Step>> {
        let mut steps = Vec::new();
        for row in evidence_record::of_transaction(&self.store, &self.issuer, transaction).await? {
            let record = Record::from_leaf(&row.leaf)?;
            let decided = match record.kind {
                RecordKind::Decision => Some(self.decided(&row).await?),
                _ => None,
            };
            steps.push(Step::of(row.leaf_index, record, decided)?);
        }
        Ok(steps)
    }

    /// The decision behind a record, as far as it can be read.
    async fn decided(&self, row: &EvidenceRecord) -> anyhow::Result<Decided> {
        let blobs = evidence_record::blobs(&self.store, &self.issuer, &row.record_id).await?;
        let Some(blob) = blobs.iter().find(|blob| blob.part == Original::Decision.as_str()) else {
            return Ok(Decided::Erased);
        };
        let opened =
            self.sealer.as_ref().map(|sealer| open_original(sealer, &self.issuer, &row.record_id, blob));
        match opened {
            Some(Ok(Kept::Bytes { bytes, .. })) => {
                Ok(Decided::Known(Box::new(Decision::from_bytes(&bytes)?)))
            }
            Some(Ok(Kept::Erased)) => Ok(Decided::Erased),
            Some(Err(_)) | None => Ok(Decided::Sealed),
        }
    }
}

/// What is known of a decision.
enum Decided {
    Known(Box<Decision>),
    /// Its bytes were erased.
    Erased,
    /// Its bytes do not open under the master key that is here.
    Sealed,
}

/// How a transaction came out, in a word.
fn outcome(steps: &[Step]) -> &'static str {
    let last = |kind: RecordKind| steps.iter().rev().find(|step| step.kind == kind.as_str());
    if let Some(decision) = last(RecordKind::Decision).and_then(|step| step.decision.as_ref()) {
        return decision.outcome;
    }
    if last(RecordKind::RequestRefused).is_some() { "refused" } else { "undecided" }
}

const fn in_a_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Granted => "granted",
        Outcome::Denied => "denied",
        Outcome::GrantedBefore => "granted_before",
        Outcome::Refused => "refused",
    }
}

#[derive(Serialize)]
struct Transaction {
    transaction: String,
    client_id: Option<String>,
    outcome: &'static str,
    began_at: u64,
    ended_at: u64,
    records: u64,
}

#[derive(Serialize)]
struct Transactions {
    transactions: Vec<Transaction>,
}

impl fmt::Display for Transactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.transactions.is_empty() {
            return f.write_str("Nothing is recorded yet.");
        }
        let time = |seconds| utc(UnixTime::from_secs(seconds));
        let rows = self.transactions.iter().map(|entry| {
            [
                entry.transaction.clone(),
                entry.client_id.clone().unwrap_or_default(),
                entry.outcome.replace('_', " "),
                time(entry.began_at),
                time(entry.ended_at),
                entry.records.to_string(),
            ]
        });
        f.write_str(&table(["transaction", "client", "outcome", "began", "ended", "records"], rows))
    }
}

/// A record, as it is shown: what is in the leaf, where in the log, and what was decided.
#[derive(Serialize)]
struct Step {
    index: Option<u64>,
    kind: String,
    at: u64,
    client_id: String,
    keys: Value,
    digests: Vec<String>,
    facts: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionShown>,
}

/// A decision, as it is shown.
#[derive(Serialize)]
struct DecisionShown {
    /// `erased` and `sealed` where the bytes are gone or do not open.
    outcome: &'static str,
    subject: Option<String>,
    scope: Option<String>,
    /// Whether a page was shown to the person before.
    page_shown: bool,
}

impl Step {
    fn of(index: Option<u64>, record: Record, decided: Option<Decided>) -> anyhow::Result<Self> {
        let page_shown = record.digests.iter().any(|digest| digest.of == Original::Shown);
        Ok(Self {
            index,
            kind: record.kind.to_string(),
            at: record.at.as_secs(),
            client_id: record.client_id.to_string(),
            keys: serde_json::to_value(&record.keys)?,
            digests: record.digests.iter().map(|digest| digest.of.to_string()).collect(),
            facts: record.facts,
            decision: decided.map(|decided| DecisionShown::of(decided, page_shown)),
        })
    }
}

impl DecisionShown {
    fn of(decided: Decided, page_shown: bool) -> Self {
        let unread = |outcome| Self { outcome, subject: None, scope: None, page_shown };
        match decided {
            Decided::Known(decision) => Self {
                outcome: in_a_word(decision.outcome),
                subject: decision.subject.map(|subject| subject.to_string()),
                scope: Some(decision.scope.to_string()),
                page_shown,
            },
            Decided::Erased => unread("erased"),
            Decided::Sealed => unread("sealed"),
        }
    }
}

#[derive(Serialize)]
struct Steps {
    transaction: String,
    records: Vec<Step>,
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{STRONG}{}{STRONG:#}", self.transaction)?;
        self.records.iter().try_for_each(|step| write!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.index.map_or("not in the log yet".to_owned(), |index| format!("leaf {index}"));
        let time = utc(UnixTime::from_secs(self.at));
        writeln!(f, "\n{time}  {STRONG}{}{STRONG:#}  {place}  {}", self.kind, visible(&self.client_id))?;
        if let Some(decision) = &self.decision {
            writeln!(f, "  outcome: {}", decision.outcome.replace('_', " "))?;
            writeln!(f, "  subject: {}", visible(decision.subject.as_deref().unwrap_or("nobody named")))?;
            writeln!(f, "  scope: {}", visible(decision.scope.as_deref().unwrap_or_default()))?;
            writeln!(f, "  a page was shown: {}", if decision.page_shown { "yes" } else { "no" })?;
        }
        for key in self.keys.as_array().into_iter().flatten() {
            let text = |member: &str| key.get(member).and_then(Value::as_str).unwrap_or_default();
            writeln!(f, "  key of {}: {}", text("made"), text("thumbprint"))?;
        }
        if !self.digests.is_empty() {
            writeln!(f, "  digests of: {}", self.digests.join(", "))?;
        }
        self.facts.iter().try_for_each(|(name, value)| writeln!(f, "  {name}: {}", visible(value)))
    }
}
