//! Dependencies between our crates point down only, and the core depends on nothing that does I/O.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::Outcome;
use crate::workspace::Workspace;

/// Each crate and what it may depend on, lowest first. This is the drawing in `ARCHITECTURE.md` as a table.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("jose", &[]),
    ("protocol", &["jose"]),
    ("evidence", &["jose", "protocol"]),
    ("fetch", &["jose", "protocol"]),
    ("storage", &["jose", "protocol", "evidence"]),
    ("client", &["jose", "protocol", "fetch"]),
    ("server", &["jose", "protocol", "evidence", "fetch", "storage", "client"]),
    ("gateway", &["jose", "protocol", "evidence", "fetch", "storage", "client"]),
    ("cli", &["jose", "protocol", "evidence", "fetch", "storage", "client", "server", "gateway"]),
    ("testkit", &["jose", "protocol", "evidence", "fetch", "storage", "client", "server", "gateway"]),
];

/// Crates that decide and do nothing else: bytes, time and entropy come as arguments.
const CORE: [&str; 3] = ["jose", "protocol", "evidence"];

/// What the core must not reach for: async run times, HTTP, SQL, logging set-up, the system's clock or entropy.
const OUTSIDE: [&str; 16] = [
    "async-trait",
    "axum",
    "chrono",
    "deadpool-postgres",
    "futures",
    "futures-util",
    "getrandom",
    "hyper",
    "jiff",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "tokio",
    "tokio-postgres",
    "tower",
];

/// One dependency of one of our crates, outside tests.
struct Edge {
    from: String,
    to: String,
}

/// Checks every manifest of `crates/`. Development dependencies are free: tests may use everything.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let edges = edges(&workspace.metadata()?)?;
    let broken: Vec<String> = edges.iter().filter_map(violation).collect();
    for line in &broken {
        println!("error: {line}");
    }
    println!("{} dependencies looked at, {} against the direction", edges.len(), broken.len());
    Ok(if broken.is_empty() { Outcome::Held } else { Outcome::Failed })
}

fn edges(metadata: &Value) -> Result<Vec<Edge>> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut edges = Vec::new();
    for package in packages {
        let from = short_name(package["name"].as_str().unwrap_or_default());
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        for dependency in dependencies.filter(|dependency| dependency["kind"] != "dev") {
            let to = short_name(dependency["name"].as_str().unwrap_or_default());
            edges.push(Edge { from: from.to_owned(), to: to.to_owned() });
        }
    }
    Ok(edges)
}

/// `countersign-jose` → `jose`; the binary's own package is the cli.
fn short_name(package: &str) -> &str {
    match package {
        "countersign" => "cli",
        other => other.strip_prefix("countersign-").unwrap_or(other),
    }
}

/// Why an edge is refused; `None` if it may stand.
fn violation(edge: &Edge) -> Option<String> {
    let Edge { from, to } = edge;
    if from == "xtask" {
        return ours(to)
            .then(|| format!("xtask depends on {to}: chores must build in seconds, without the product"));
    }
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == from) else {
        return Some(format!("crate {from} has no place in the drawing: give it one in xtask/src/arrows.rs"));
    };
    if CORE.contains(&from.as_str()) && OUTSIDE.contains(&to.as_str()) {
        return Some(format!("{from} depends on {to}: the core holds no async, HTTP, SQL, clock or entropy"));
    }
    if ours(to) && !allowed.contains(&to.as_str()) {
        return Some(format!("{from} depends on {to}: arrows point down only (ARCHITECTURE.md)"));
    }
    None
}

fn ours(name: &str) -> bool {
    name == "xtask" || ALLOWED.iter().any(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ALLOWED, Edge, edges, violation};

    fn refused(from: &str, to: &str) -> bool {
        violation(&Edge { from: from.to_owned(), to: to.to_owned() }).is_some()
    }

    #[test]
    fn the_table_itself_points_down() {
        for (place, (name, allowed)) in ALLOWED.iter().enumerate() {
            for below in *allowed {
                let found = ALLOWED.iter().position(|(other, _)| other == below);
                assert!(found.is_some_and(|found| found < place), "{name} -> {below}");
            }
        }
    }

    #[test]
    fn arrows_up_or_out_of_the_core_are_refused() {
        for (from, to) in [
            ("jose", "protocol"),
            ("protocol", "tokio"),
            ("evidence", "storage"),
            ("storage", "server"),
            ("client", "server"),
            ("server", "testkit"),
            ("unheard-of", "serde"),
            ("xtask", "jose"),
        ] {
            assert!(refused(from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn arrows_down_stand() {
        for (from, to) in [
            ("protocol", "jose"),
            ("cli", "server"),
            ("server", "tokio"),
            ("jose", "serde"),
            ("xtask", "anyhow"),
        ] {
            assert!(!refused(from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn development_dependencies_are_free() -> anyhow::Result<()> {
        let metadata = json!({"packages": [{"name": "countersign-jose", "dependencies": [
            {"name": "countersign-testkit", "kind": "dev"},
            {"name": "serde", "kind": null},
        ]}]});
        let found = edges(&metadata)?;
        assert_eq!(
            found.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect::<Vec<_>>(),
            [("jose", "serde")]
        );
        Ok(())
    }
}
