//! Licences, bans, sources and known vulnerabilities of everything we depend on, by cargo-deny.

use anyhow::Result;

use super::{Step, cargo};
use crate::command::{succeeds, succeeds_silently};
use crate::workspace::Workspace;

/// Runs cargo-deny. Where it is missing it is skipped, unless `install` allows to build it, which takes minutes.
pub(super) fn run(workspace: &Workspace, install: bool) -> Result<Step> {
    if !succeeds_silently(workspace.cargo().args(["deny", "--version"])) {
        if !install {
            return Ok(skip("cargo-deny is not installed (cargo xtask ci --deny installs it)"));
        }
        if !succeeds(workspace.cargo().args(["install", "cargo-deny", "--locked"]))? {
            return Ok(skip("cargo-deny could not be installed"));
        }
    }
    if succeeds(workspace.cargo().args(["deny", "fetch", "db"]))? {
        return cargo(workspace, &["deny", "check"]);
    }
    println!("the advisory database cannot be had: checking bans, licenses and sources only");
    Ok(match cargo(workspace, &["deny", "check", "bans", "licenses", "sources"])? {
        Step::Held => Step::Warned("advisories were not checked: their database cannot be had".to_owned()),
        other => other,
    })
}

fn skip(why: &str) -> Step {
    println!("skipped: {why}");
    Step::Skipped(why.to_owned())
}
