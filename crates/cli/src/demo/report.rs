//! What the demo saw, as facts: printed for people or as one JSON document.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::decoded::DecodedJwt;

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

    /// Prints one step of the flow as soon as it happened.
    pub(crate) fn print_step(number: usize, step: &Step) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        writeln!(out, "\n{BOLD}{number:>2}  {}{BOLD:#}  {DIM}{}{DIM:#}", step.what, step.parties)?;
        for message in &step.messages {
            message.print(&mut out)?;
        }
        for check in &step.checks {
            let Check { rule, by, held } = check;
            writeln!(out, "      {GOOD}held{GOOD:#}  {rule:<9} {held} {DIM}({by}){DIM:#}")?;
        }
        Ok(())
    }

    /// Prints the heading of the attacks.
    pub(crate) fn print_attack_heading() -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        writeln!(out, "\n{BOLD}Now an attacker tries, against the running server and client{BOLD:#}\n")
    }

    /// Prints one attack as soon as it was tried.
    pub(crate) fn print_attack(attack: &Attack) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        let Attack { case, tried, refused_by, rule, answer, held } = attack;
        let (style, word) = if *held { (GOOD, "refused") } else { (BAD, "NOT REFUSED") };
        writeln!(out, "      {style}{word}{style:#}  {tried} {DIM}[{case}]{DIM:#}")?;
        writeln!(out, "               by the {refused_by}, {rule}: {DIM}{answer}{DIM:#}")
    }

    /// Prints the evidence and the end.
    pub(crate) fn print_end(&self) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
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
        writeln!(out, "\n{BOLD}What a third party can verify, without server and network{BOLD:#}\n")?;
        writeln!(out, "      transaction {transaction}, one file of {bytes} bytes")?;
        let verdict = if *verified { (GOOD, "verified") } else { (BAD, "DOES NOT HOLD") };
        writeln!(out, "      {0}{1}{0:#}", verdict.0, verdict.1)?;
        for sentence in proven {
            writeln!(out, "      {GOOD}proven{GOOD:#}      {sentence}")?;
        }
        for sentence in not_proven {
            writeln!(out, "      {DIM}not proven  {sentence}{DIM:#}")?;
        }
        let verdict = if *flip_found { (GOOD, "found") } else { (BAD, "NOT FOUND") };
        writeln!(
            out,
            "      one bit of byte {flipped_byte} flipped: {0}{1}{0:#} {DIM}{flip_finding}{DIM:#}",
            verdict.0, verdict.1
        )?;
        let verdict = if self.held { (GOOD, "All of it held.") } else { (BAD, "Something did not hold.") };
        writeln!(out, "\n{0}{1}{0:#}", verdict.0, verdict.1)
    }
}

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
