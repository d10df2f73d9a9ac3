//! The program as a person or a script runs it: arguments in, text or JSON and an exit code out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, which fail by panicking")]

mod client;
mod configuration;
mod demo;
mod evidence;
mod inspect;
mod people;
mod serve;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A directory of its own for each test, and the program run in it.
struct Bench {
    directory: TempDir,
}

/// What came out.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Bench {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// The program with these arguments, in an environment without anything of ours.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments).current_dir(self.path()).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        finish(self.command(arguments), input)
    }

    /// Runs with `--json`; standard output must be one JSON document, whatever the outcome.
    fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let ran = self.run(&[arguments, &["--json"]].concat());
        let document =
            serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err));
        (ran.code, document)
    }
}

fn finish(mut command: Command, input: &str) -> Ran {
    let mut child = command.spawn().unwrap();
    // A program that refuses early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn wrong_usage_is_2_and_help_is_0() {
    let bench = Bench::new();
    for usage in [
        &["no-such-command"][..],
        &[],
        &["client", "show"],
        &["evidence", "show", "not-a-uuid"],
        &["inspect", "hello"],
    ] {
        assert_eq!(bench.run(usage).code, Some(2), "{usage:?}");
    }
    assert_eq!(bench.run(&["--help"]).code, Some(0));
    assert_eq!(bench.run(&["--version"]).code, Some(0));
}

#[test]
fn wrong_usage_is_one_json_document_where_one_is_wanted() {
    let bench = Bench::new();
    for usage in [
        &["no-such-command"][..],
        &["client", "show"],
        &["client", "add", "--algorithm", "HS256"],
        &["inspect", "hello"],
    ] {
        let (code, document) = bench.json(usage);
        let message = document["error"]["message"].as_str().unwrap();
        assert!(code == Some(2) && !message.is_empty() && !message.starts_with("error:"), "{document}");
    }
}

#[test]
fn no_colour_goes_to_a_pipe() {
    let bench = Bench::new();
    let ran = bench.run(&["client", "show", "nobody"]);
    assert_eq!(ran.code, Some(1));
    assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'), "{}", ran.err);
}
