use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use countersign_evidence::bundle::{Bundle, MAX_BUNDLE_BYTES};
use countersign_evidence::note::VerifierKey;
use countersign_evidence::record::Record;
use countersign_evidence::report::{Report, Status};
use countersign_protocol::parameter::TransactionId;
use countersign_protocol::time::UnixTime;
use countersign_storage::evidence_record;
use serde::Serialize;
use serde_json::Value;

use super::{Verdict, World};
use crate::config::Config;
use crate::failure::{Refusal, Usage};
use crate::output::{BROKEN, HELD, STRONG, UNKNOWN};
use crate::table::table;
use crate::visible::visible;
use crate::words::utc;

/// List, show, export and verify evidence.
#[derive(Debug, Subcommand)]
pub(crate) enum Evidence {
    /// List recorded transactions, newest first
    List {
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u64,
    },
    /// Show the records of a transaction
    Show {
        /// The transaction id
        transaction: String,
    },
    /// Write one self-contained file that anybody can verify offline
    Export(Export),
    /// Verify an exported file: no database, no server, no network
    Verify(Verify),
}

/// Write the evidence of a transaction to one file.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The transaction id
    transaction: String,
    /// The file to write, which must not exist; - writes to standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    out: PathBuf,
}

/// Verify an exported file.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file; - reads standard input
    file: PathBuf,
    /// The log's verifier key (NAME+ID+BASE64), learnt elsewhere than from the file
    #[arg(long, value_name = "VKEY")]
    trust: Option<String>,
}

impl Evidence {
    pub(super) async fn run(self, world: &World) -> anyhow::Result<Verdict> {
        match self {
            Self::Verify(verify) => return verify.run(world),
            Self::List { limit } => list(world, &world.config()?, limit).await?,
            Self::Show { transaction } => show(world, &world.config()?, &parse(&transaction)?).await?,
            Self::Export(command) => command.run(world, &world.config()?).await?,
        }
        Ok(Verdict::Held)
    }
}

fn parse(transaction: &str) -> Result<TransactionId, Usage> {
    transaction.parse().map_err(|error| Usage(format!("{}: {error}", visible(transaction))))
}

async fn list(world: &World, config: &Config, limit: u64) -> anyhow::Result<()> {
    let store = config.open_store().await?;
    let found = evidence_record::transactions(&store, &config.settings.issuer, None, limit).await?;
    let transactions = found.into_iter().map(|entry| Transaction {
        transaction: entry.transaction_id.to_string(),
        began_at: entry.began_at.as_secs(),
        ended_at: entry.ended_at.as_secs(),
        records: entry.records,
    });
    world.output.show(&Transactions { transactions: transactions.collect() })?;
    Ok(())
}

async fn show(world: &World, config: &Config, transaction: &TransactionId) -> anyhow::Result<()> {
    let store = config.open_store().await?;
    let rows = evidence_record::of_transaction(&store, &config.settings.issuer, transaction).await?;
    if rows.is_empty() {
        let wrong = format!("Nothing is recorded about {transaction}.");
        bail!(Refusal::new("transaction", wrong, "One that `countersign evidence list` shows.", "EVD-30"));
    }
    let records = rows.iter().map(|row| Step::of(row.leaf_index, &row.leaf)).collect::<Result<_, _>>()?;
    world.output.show(&Steps { transaction: transaction.to_string(), records })?;
    Ok(())
}

impl Export {
    async fn run(self, world: &World, config: &Config) -> anyhow::Result<()> {
        let transaction = parse(&self.transaction)?;
        let parts = config.open(world.now()).await?;
        parts.evidence.sequence(&parts.keys, world.now()).await?;
        let bundle = parts.evidence.export(&parts.keys, &transaction).await?;
        let bytes = bundle.to_bytes()?;
        if self.out == Path::new("-") {
            let mut out = std::io::stdout().lock();
            out.write_all(&bytes).and_then(|()| out.flush()).context("the evidence cannot be written")?;
            return Ok(());
        }
        let unwritable = || format!("{} cannot be made", self.out.display());
        let mut file = super::new_file(&mut fs::OpenOptions::new(), &self.out).with_context(unwritable)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).with_context(unwritable)?;
        world.output.show(&Exported {
            file: self.out.display().to_string(),
            transaction: transaction.to_string(),
            records: bundle.records.len(),
            keys: bundle.keys.len(),
            log_key: bundle.log_key.to_string(),
        })?;
        Ok(())
    }
}

impl Verify {
    fn run(self, world: &World) -> anyhow::Result<Verdict> {
        let trust = self.trust.as_deref().map(str::parse::<VerifierKey>).transpose();
        let trust = trust.map_err(|error| Usage(format!("--trust: {error}")))?;
        let report = Bundle::verify(&read(&self.file)?, trust.as_ref());
        let held = report.holds();
        world.output.show(&Verified { holds: held, report })?;
        Ok(if held { Verdict::Held } else { Verdict::Refused })
    }
}

/// One byte more than a bundle can have is enough to see that it is none.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let unreadable = || format!("{} cannot be read", file.display());
    let limit = MAX_BUNDLE_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(limit).read_to_end(&mut bytes).with_context(unreadable)?;
    } else {
        let file = fs::File::open(file).with_context(unreadable)?;
        file.take(limit).read_to_end(&mut bytes).with_context(unreadable)?;
    }
    Ok(bytes)
}

#[derive(Serialize)]
struct Transaction {
    transaction: String,
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
            [entry.transaction.clone(), time(entry.began_at), time(entry.ended_at), entry.records.to_string()]
        });
        f.write_str(&table(["transaction", "began", "ended", "records"], rows))
    }
}

/// A record, as it is shown: what is in the leaf, and where in the log.
#[derive(Serialize)]
struct Step {
    index: Option<u64>,
    kind: String,
    at: u64,
    client_id: String,
    keys: Value,
    digests: Vec<String>,
    facts: Vec<(String, String)>,
}

impl Step {
    fn of(index: Option<u64>, leaf: &[u8]) -> anyhow::Result<Self> {
        let record = Record::from_leaf(leaf)?;
        Ok(Self {
            index,
            kind: record.kind.to_string(),
            at: record.at.as_secs(),
            client_id: record.client_id.to_string(),
            keys: serde_json::to_value(&record.keys)?,
            digests: record.digests.iter().map(|digest| digest.of.to_string()).collect(),
            facts: record.facts.into_iter().collect(),
        })
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
        for step in &self.records {
            let place = step.index.map_or("not in the log yet".to_owned(), |index| format!("leaf {index}"));
            let time = utc(UnixTime::from_secs(step.at));
            writeln!(f, "\n{time}  {STRONG}{}{STRONG:#}  {place}  {}", step.kind, visible(&step.client_id))?;
            for key in step.keys.as_array().into_iter().flatten() {
                let text = |member: &str| key.get(member).and_then(Value::as_str).unwrap_or_default();
                writeln!(f, "  key of {}: {}", text("made"), text("thumbprint"))?;
            }
            if !step.digests.is_empty() {
                writeln!(f, "  digests of: {}", step.digests.join(", "))?;
            }
            for (name, value) in &step.facts {
                writeln!(f, "  {name}: {}", visible(value))?;
            }
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Exported {
    file: String,
    transaction: String,
    records: usize,
    keys: usize,
    log_key: String,
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, records, keys, log_key, .. } = self;
        writeln!(f, "{file}: {records} records and {keys} keys.")?;
        write!(f, "Verify it anywhere: countersign evidence verify {file} --trust '{log_key}'")
    }
}

#[derive(Serialize)]
struct Verified {
    holds: bool,
    #[serde(flatten)]
    report: Report,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.report.findings {
            let style = match finding.status {
                Status::Held => HELD,
                Status::Broken => BROKEN,
                Status::NotCheckable => UNKNOWN,
            };
            let (status, sentence) = (finding.status, visible(&finding.sentence));
            writeln!(f, "{style}{status:<13}{style:#}  {}  {sentence}", finding.requirement)?;
        }
        let (style, verdict) = match self.holds {
            true => (HELD, "The evidence holds."),
            false => (BROKEN, "The evidence does not hold."),
        };
        writeln!(f, "\n{style}{verdict}{style:#}")?;
        for (title, sentences) in [("Proven", &self.report.proven), ("Not proven", &self.report.not_proven)] {
            if !sentences.is_empty() {
                writeln!(f, "\n{STRONG}{title}{STRONG:#}")?;
            }
            for sentence in sentences {
                writeln!(f, "- {}", visible(sentence))?;
            }
        }
        Ok(())
    }
}
