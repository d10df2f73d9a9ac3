//! `cargo xtask test`: set up, run every test, sum up.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::Outcome;
use crate::command::line;
use crate::setup::{Setup, prepare};
use crate::workspace::Workspace;

/// Everything but benchmarks, which `--all-targets` would run.
const TARGETS: [&str; 4] = ["--lib", "--bins", "--tests", "--examples"];

/// Installs what is missing, then runs the tests. `extra` goes to `cargo test` and may narrow what is run.
pub(crate) fn run(workspace: &Workspace, extra: &[String]) -> Result<Outcome> {
    let path = match prepare(workspace)? {
        Setup::Ready { path } => path,
        Setup::Impossible(refusal) => {
            eprintln!("xtask test: {refusal}");
            return Ok(Outcome::Unusable);
        }
    };
    let started = Instant::now();
    let mut tally = Tally::default();
    for arguments in passes(extra) {
        run_pass(workspace, &path, &arguments, &mut tally)?;
    }
    tally.print(started.elapsed().as_secs());
    Ok(if tally.held() { Outcome::Held } else { Outcome::Failed })
}

/// The argument lists of the `cargo test` runs: code, then documentation, unless `extra` narrows the choice.
fn passes(extra: &[String]) -> Vec<Vec<String>> {
    let for_cargo = extra.iter().take_while(|argument| *argument != "--");
    let given = |names: &[&str]| for_cargo.clone().any(|argument| names.contains(&flag_name(argument)));
    let mut base = vec!["test".to_owned(), "--no-fail-fast".to_owned()];
    if !given(&["-p", "--package", "--workspace", "--manifest-path"]) {
        base.push("--workspace".to_owned());
    }
    let pass = |targets: &[&str]| {
        let targets = targets.iter().map(|target| (*target).to_owned());
        base.iter().cloned().chain(targets).chain(extra.iter().cloned()).collect::<Vec<_>>()
    };
    if given(&[
        "--doc",
        "--lib",
        "--bins",
        "--bin",
        "--tests",
        "--test",
        "--examples",
        "--example",
        "--benches",
        "--bench",
    ]) {
        vec![pass(&[])]
    } else if extra.is_empty() {
        vec![pass(&TARGETS), pass(&["--doc"])]
    } else {
        vec![pass(&TARGETS)]
    }
}

fn flag_name(argument: &str) -> &str {
    argument.split_once('=').map_or(argument, |(name, _)| name)
}

/// Runs cargo, showing its output as it comes and counting the results in it.
fn run_pass(workspace: &Workspace, path: &OsStr, arguments: &[String], tally: &mut Tally) -> Result<()> {
    let mut command: Command = workspace.cargo();
    command.args(arguments).env("PATH", path).stdout(Stdio::piped());
    println!("$ {}", line(&command));
    let mut child = command.spawn().context("cannot start cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    for text in BufReader::new(output).split(b'\n') {
        let text = text.context("reading the output of cargo test")?;
        let text = String::from_utf8_lossy(&text);
        println!("{text}");
        tally.read(&text);
    }
    tally.failed_runs += u32::from(!child.wait().context("waiting for cargo test")?.success());
    Ok(())
}

/// What the test programs reported.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// `cargo test` runs that did not succeed, for whatever reason: a build error counts no failed test.
    failed_runs: u32,
    failures: Vec<String>,
}

impl Tally {
    /// Reads one line of output; most say nothing.
    fn read(&mut self, text: &str) {
        if let Some(counts) = text.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
            for part in counts.1.split(';') {
                let mut words = part.split_whitespace();
                let count = words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
                match words.next() {
                    Some("passed") => self.passed += count,
                    Some("failed") => self.failed += count,
                    Some("ignored") => self.ignored += count,
                    _ => {}
                }
            }
        } else if let Some(name) =
            text.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        }
    }

    fn held(&self) -> bool {
        self.failed == 0 && self.failed_runs == 0
    }

    fn print(&self, seconds: u64) {
        println!(
            "\ntests: {} passed, {} failed, {} ignored in {seconds} s",
            self.passed, self.failed, self.ignored
        );
        for name in &self.failures {
            println!("  failed: {name}");
        }
        if self.failed == 0 && self.failed_runs > 0 {
            println!("  cargo test did not succeed: see the error above");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, passes};

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn everything_but_benchmarks_runs_by_default() {
        let code = words("test --no-fail-fast --workspace --lib --bins --tests --examples");
        assert_eq!(passes(&[]), [code, words("test --no-fail-fast --workspace --doc")]);
    }

    #[test]
    fn extra_arguments_narrow_the_run() {
        let narrowed =
            words("test --no-fail-fast --lib --bins --tests --examples -p x atk_jar_28 -- --nocapture");
        assert_eq!(passes(&words("-p x atk_jar_28 -- --nocapture")), [narrowed]);
        assert_eq!(passes(&words("--doc")), [words("test --no-fail-fast --workspace --doc")]);
    }

    #[test]
    fn results_add_up() {
        let mut tally = Tally::default();
        tally.read(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
        );
        assert!(tally.held());
        tally.read("test jws::tests::jar_66_crit_empty ... FAILED");
        tally.read("test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        assert!(!tally.held());
        assert_eq!((tally.passed, tally.failed, tally.ignored), (7, 1, 1));
        assert_eq!(tally.failures, ["jws::tests::jar_66_crit_empty"]);
    }

    #[test]
    fn a_build_error_is_no_success() {
        assert!(!Tally { failed_runs: 1, ..Tally::default() }.held());
    }
}
