//! `cargo xtask bench`: the ratios to the bare cryptography, with the machine they were measured on.

use std::fs;

use anyhow::Result;
use serde_json::Value;

use crate::Outcome;
use crate::command::{output, succeeds};
use crate::workspace::Workspace;

/// What is measured: package, benchmark, and what its ratio says.
const BENCHMARKS: [(&str, &str, &str); 2] = [
    (
        "countersign-jose",
        "ratio",
        "verify a request object, sign an answer (budget: at least 0.85 of the bare primitive)",
    ),
    (
        "countersign-server",
        "flow",
        "the server's CPU for one whole flow (budget: at most 1.6 times its cryptography)",
    ),
];

/// Prints the machine and runs each benchmark that exists. Fails if one does.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    println!("machine: {}", machine(workspace));
    let metadata = workspace.metadata()?;
    let mut failed = false;
    for (package, benchmark, meaning) in BENCHMARKS {
        println!("\n== {package} {benchmark}: {meaning}");
        if exists(&metadata, package, benchmark) {
            failed |= !succeeds(workspace.cargo().args(["bench", "-p", package, "--bench", benchmark]))?;
        } else {
            println!("skipped: {package} has no benchmark called {benchmark}");
        }
    }
    Ok(if failed { Outcome::Failed } else { Outcome::Held })
}

fn exists(metadata: &Value, package: &str, benchmark: &str) -> bool {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut targets = packages
        .filter(|candidate| candidate["name"] == package)
        .flat_map(|candidate| candidate["targets"].as_array().into_iter().flatten());
    targets.any(|target| target["name"] == benchmark && target["kind"][0] == "bench")
}

/// Processor, cores, kernel and compiler: a figure without them says nothing.
fn machine(workspace: &Workspace) -> String {
    let cpu_info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu_info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ask =
        |program: &str, argument: &str| output(workspace.command(program).arg(argument)).unwrap_or_default();
    format!(
        "{model}, {cores} cores, {} {}, {}",
        ask("uname", "-s"),
        ask("uname", "-r"),
        ask("rustc", "--version")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::exists;

    #[test]
    fn only_benchmarks_of_the_package_count() {
        let metadata = json!({"packages": [{"name": "countersign-jose", "targets": [
            {"name": "ratio", "kind": ["bench"]},
            {"name": "flow", "kind": ["test"]},
        ]}]});
        assert!(exists(&metadata, "countersign-jose", "ratio"));
        assert!(!exists(&metadata, "countersign-jose", "flow"));
        assert!(!exists(&metadata, "countersign", "ratio"));
    }
}
