//! `cargo xtask ci`: everything that must hold before a change lands, each step timed, all shown at the end.

mod deny;
mod file_size;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::command::succeeds;
use crate::requirements::Show;
use crate::workspace::Workspace;
use crate::{Outcome, arrows, documents, requirements, test};

/// How one step ended.
enum Step {
    Held,
    Failed,
    /// The machine lacks what the step needs; the step said what.
    Unusable,
    /// Not run, and why.
    Skipped(String),
    /// Nothing is red, but somebody should look.
    Warned(String),
}

/// Runs every step, whatever the earlier ones found, the quick ones first.
pub(crate) fn run(workspace: &Workspace, install_deny: bool) -> Result<Outcome> {
    let steps: [(&str, &dyn Fn() -> Result<Step>); 9] = [
        ("format", &|| cargo(workspace, &["fmt", "--all", "--", "--check"])),
        ("arrows", &|| arrows::run(workspace).map(Step::from)),
        ("documents", &|| documents::run(workspace).map(Step::from)),
        ("requirements", &|| requirements::run(workspace, Show::default()).map(Step::from)),
        ("file sizes", &|| file_size::run(workspace)),
        ("clippy", &|| cargo(workspace, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("doc", &|| document(workspace)),
        ("deny", &|| deny::run(workspace, install_deny)),
        ("test", &|| test::run(workspace, &[]).map(Step::from)),
    ];
    let mut report = Vec::new();
    for (name, step) in steps {
        println!("\n== {name}");
        let started = Instant::now();
        let ended = step().unwrap_or_else(|error| {
            println!("error: {error:#}");
            Step::Failed
        });
        report.push((name, started.elapsed(), ended));
    }
    Ok(print(&report))
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<Step> {
    judge(workspace.cargo().args(arguments))
}

fn document(workspace: &Workspace) -> Result<Step> {
    let flags = "-D warnings -D rustdoc::broken_intra_doc_links";
    judge(workspace.cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", flags))
}

fn judge(command: &mut Command) -> Result<Step> {
    Ok(if succeeds(command)? { Step::Held } else { Step::Failed })
}

fn print(report: &[(&str, Duration, Step)]) -> Outcome {
    println!("\n{:<14} {:>8}  result", "step", "time");
    for (name, time, step) in report {
        println!("{name:<14} {:>6.1} s  {}", time.as_secs_f64(), step.words());
    }
    if report.iter().any(|(_, _, step)| matches!(step, Step::Failed)) {
        Outcome::Failed
    } else if report.iter().any(|(_, _, step)| matches!(step, Step::Unusable)) {
        Outcome::Unusable
    } else {
        Outcome::Held
    }
}

impl Step {
    fn words(&self) -> String {
        match self {
            Self::Held => "held".to_owned(),
            Self::Failed => "FAILED".to_owned(),
            Self::Unusable => "COULD NOT RUN".to_owned(),
            Self::Skipped(why) => format!("skipped: {why}"),
            Self::Warned(what) => format!("held, but {what}"),
        }
    }
}

impl From<Outcome> for Step {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Held => Self::Held,
            Outcome::Failed => Self::Failed,
            Outcome::Unusable => Self::Unusable,
        }
    }
}
