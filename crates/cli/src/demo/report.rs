//! What the demo saw, as facts: printed for people or as one JSON document.

use std::fmt;
use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;

use super::decoded::DecodedJwt;
use crate::output::{BROKEN, HELD, STRONG};

/// Everything that happened. The demo succeeds if and only if all of it held.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The authorization server of this run.
    pub(crate) issuer: String,
    /// The profile of the flow.
    pub(crate) profile: String,
    /// Whether everything held.
    pub(crate) held: bool,
    /// The flow, step by step.
    pub(crate) flow: Vec<Step>,
    /// What an attacker tried.
    pub(crate) attacks: Vec<Attack>,
    /// What a third party could verify afterwards.
    pub(crate) evidence: Evidence,
}

/// One step of the flow.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    /// Short name, such as `push`.
    pub(crate) name: &'static str,
    /// From whom to whom.
    pub(crate) parties: &'static str,
    /// What happened, in a sentence.
    pub(crate) what: String,
    /// The messages that travelled, decoded.
    pub(crate) messages: Vec<DecodedJwt>,
    /// What was checked and held.
    pub(crate) checks: Vec<Check>,
}

/// A check that held: the step that needed it succeeded.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    /// The requirement of the catalogue.
    pub(crate) rule: &'static str,
    /// Who checked.
    pub(crate) by: &'static str,
    /// What held.
    pub(crate) held: &'static str,
}

/// One attack, tried against the running server or client.
#[derive(Debug, Serialize)]
pub(crate) struct Attack {
    /// The case of the attack catalogue.
    pub(crate) case: &'static str,
    /// What was tried.
    pub(crate) tried: &'static str,
    /// Who refused it.
    pub(crate) refused_by: &'static str,
    /// By which rule, as the refusal itself said.
    pub(crate) rule: String,
    /// What the refusal said, or what was seen instead.
    pub(crate) answer: String,
    /// Whether it was refused by the expected rule and had no effect.
    pub(crate) held: bool,
}

/// The evidence of the flow, verified without server and network.
#[derive(Debug, Serialize)]
pub(crate) struct Evidence {
    /// The flow it is about.
    pub(crate) transaction: String,
    /// The size of the exported file, in bytes.
    pub(crate) bytes: usize,
    /// Whether the file as exported holds.
    pub(crate) verified: bool,
    /// What it proves, in sentences.
    pub(crate) proven: Vec<String>,
    /// What it does not prove.
    pub(crate) not_proven: Vec<String>,
    /// The byte that was flipped.
    pub(crate) flipped_byte: usize,
    /// Whether the flipped byte was found.
    pub(crate) flip_found: bool,
    /// What verification said about it.
    pub(crate) flip_finding: String,
}

impl Report {
    /// Whether all of it held.
    pub(crate) fn all_held(flow: &[Step], attacks: &[Attack], evidence: &Evidence) -> bool {
        !flow.is_empty()
            && !attacks.is_empty()
            && attacks.iter().all(|attack| attack.held)
            && evidence.verified
            && evidence.flip_found
    }
}

/// Prints one step of the flow.
pub(super) fn print_step(out: &mut dyn Write, number: usize, step: &Step) -> io::Result<()> {
    writeln!(out, "\n{STRONG}{number:>2}  {}{STRONG:#}  {DIM}{}{DIM:#}", step.what, step.parties)?;
    for message in &step.messages {
        message.print(out)?;
    }
    for Check { rule, by, held } in &step.checks {
        writeln!(out, "      {HELD}held{HELD:#}  {rule:<10} {held} {DIM}({by}){DIM:#}")?;
    }
    Ok(())
}

/// Prints the heading of the attacks.
pub(super) fn print_attack_heading(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n{STRONG}Now an attacker tries, against the running server and client{STRONG:#}\n")
}

/// Prints one attack.
pub(super) fn print_attack(out: &mut dyn Write, attack: &Attack) -> io::Result<()> {
    let Attack { case, tried, refused_by, rule, answer, held } = attack;
    let (style, word) = if *held { (HELD, "refused") } else { (BROKEN, "NOT REFUSED") };
    writeln!(out, "      {style}{word}{style:#}  {tried} {DIM}[{case}]{DIM:#}")?;
    writeln!(out, "               by the {refused_by}, {rule}: {DIM}{answer}{DIM:#}")
}

/// The end of the run; the steps before it were printed as they happened.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Evidence {
            transaction,
            bytes,
            verified,
            proven,
            not_proven,
            flipped_byte,
            flip_found,
            flip_finding,
        } = &self.evidence;
        writeln!(f, "\n{STRONG}What a third party can verify, without server and network{STRONG:#}\n")?;
        writeln!(f, "      transaction {transaction}, one file of {bytes} bytes")?;
        let (style, word) = if *verified { (HELD, "verified") } else { (BROKEN, "DOES NOT HOLD") };
        writeln!(f, "      {style}{word}{style:#}")?;
        for sentence in proven {
            writeln!(f, "      {HELD}proven{HELD:#}      {sentence}")?;
        }
        for sentence in not_proven {
            writeln!(f, "      {DIM}not proven  {sentence}{DIM:#}")?;
        }
        let (style, word) = if *flip_found { (HELD, "found") } else { (BROKEN, "NOT FOUND") };
        writeln!(
            f,
            "      one bit of byte {flipped_byte} flipped: {style}{word}{style:#} {DIM}{flip_finding}{DIM:#}"
        )?;
        let (style, word) =
            if self.held { (HELD, "All of it held.") } else { (BROKEN, "Something did not hold.") };
        write!(f, "\n{style}{word}{style:#}")
    }
}

pub(super) const DIM: Style = Style::new().dimmed();
