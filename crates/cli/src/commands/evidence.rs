use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use countersign_evidence::bundle::{Bundle, MAX_BUNDLE_BYTES};
use countersign_evidence::note::VerifierKey;
use countersign_evidence::report::{Report, Status};
use countersign_protocol::parameter::TransactionId;
use serde::Serialize;

use super::{Verdict, World, evidence_records};
use crate::config::Config;
use crate::failure::Usage;
use crate::output::{BROKEN, HELD, STRONG, UNKNOWN};
use crate::visible::visible;

/// List, show, export and verify evidence.
#[derive(Debug, Subcommand)]
pub(crate) enum Evidence {
    /// List recorded transactions, newest first
    List {
        /// How many at most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
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

const EXPORT_EXAMPLES: &str = "\
Examples:
  countersign evidence export 01890a5d-ac96-774b-bcce-b302099a8057 --out flow.json
  countersign evidence export 01890a5d-ac96-774b-bcce-b302099a8057 | countersign evidence verify -";

const VERIFY_EXAMPLES: &str = "\
The log's verifier key comes from the operator: `countersign keys list` prints it.

Examples:
  countersign evidence verify flow.json
  countersign evidence verify flow.json --trust 'as.example/evidence+c7a1d5b2+AT…'";

/// Write the evidence of a transaction to one file.
#[derive(Debug, Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct Export {
    /// The transaction id
    transaction: String,
    /// The file to write, which must not exist; - writes to standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    out: PathBuf,
}

/// Verify an exported file.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
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
            Self::List { limit } => evidence_records::list(world, &world.config()?, limit).await?,
            Self::Show { transaction } => {
                evidence_records::show(world, &world.config()?, &parse(&transaction)?).await?;
            }
            Self::Export(command) => command.run(world, &world.config()?).await?,
        }
        Ok(Verdict::Held)
    }
}

fn parse(transaction: &str) -> Result<TransactionId, Usage> {
    transaction.parse().map_err(|error| Usage(format!("{}: {error}", visible(transaction))))
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
