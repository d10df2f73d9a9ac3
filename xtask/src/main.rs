//! The project's chores, run as `cargo xtask <chore>`. What CI runs is what a developer runs.
//!
//! Exit codes: 0 all held, 1 something failed, 2 wrong usage or something needed cannot be installed.

mod arrows;
mod bench;
mod ci;
mod command;
mod documents;
mod requirements;
mod setup;
mod test;
mod workspace;

use std::process::ExitCode;

use crate::workspace::Workspace;

const USAGE: &str = "\
cargo xtask <chore>

  test [-- ARGS]                    install what is missing, then run every test; ARGS go to `cargo test`
  ci [--deny]                       format, arrows, documents, requirements, clippy, doc, test, deny, file sizes
                                    --deny installs cargo-deny first if it is missing (takes minutes)
  requirements [--missing] [--json] which ids of docs/requirements have tests; last line `covered N of M`
  bench                             the benchmarks as ratios to the bare cryptography, and the machine

Exit codes: 0 all held, 1 something failed, 2 usage, or something needed is missing and cannot be installed.";

/// How a chore ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything that was checked held.
    Held,
    /// Something that was checked did not hold.
    Failed,
    /// The chore could not start: wrong usage, or a program is missing that we may not install.
    Unusable,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Held => Self::SUCCESS,
            Outcome::Failed => Self::from(1),
            Outcome::Unusable => Self::from(2),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            eprintln!("xtask: {error:#}");
            Outcome::Failed.into()
        }
    }
}

fn dispatch(arguments: &[String]) -> anyhow::Result<Outcome> {
    let Some((chore, rest)) = arguments.split_first() else {
        return Ok(refuse_usage("no chore given"));
    };
    let workspace = Workspace::find()?;
    match chore.as_str() {
        "test" => match rest.split_first() {
            None => test::run(&workspace, &[]),
            Some((separator, extra)) if separator == "--" => test::run(&workspace, extra),
            Some((other, _)) => {
                Ok(refuse_usage(&format!("`{other}`: arguments for cargo test come after `--`")))
            }
        },
        "ci" => match flags(rest, ["--deny"]) {
            Ok([install_deny]) => ci::run(&workspace, install_deny),
            Err(unknown) => Ok(refuse_usage(&unknown)),
        },
        "requirements" => match flags(rest, ["--missing", "--json"]) {
            Ok([missing, json]) => requirements::run(&workspace, requirements::Show { missing, json }),
            Err(unknown) => Ok(refuse_usage(&unknown)),
        },
        "bench" => match flags(rest, []) {
            Ok([]) => bench::run(&workspace),
            Err(unknown) => Ok(refuse_usage(&unknown)),
        },
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(Outcome::Held)
        }
        other => Ok(refuse_usage(&format!("no chore is called `{other}`"))),
    }
}

/// Which of `known` were given; the first argument that is none of them is the error.
fn flags<const N: usize>(arguments: &[String], known: [&str; N]) -> Result<[bool; N], String> {
    match arguments.iter().find(|argument| !known.contains(&argument.as_str())) {
        Some(unknown) => Err(format!("unknown argument `{unknown}`")),
        None => Ok(known.map(|flag| arguments.iter().any(|argument| argument == flag))),
    }
}

fn refuse_usage(problem: &str) -> Outcome {
    eprintln!("xtask: {problem}\n\n{USAGE}");
    Outcome::Unusable
}
