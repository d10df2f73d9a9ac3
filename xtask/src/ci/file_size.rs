//! One file, one idea: long Rust files are pointed out.

use std::fs;

use anyhow::{Context, Result};

use super::Step;
use crate::workspace::Workspace;

/// From here on a file should be looked at.
const LONG: usize = 400;
/// No file should reach this.
const TOO_LONG: usize = 600;

/// Lists every Rust file above the limits. A warning: length is a hint, not a fault.
pub(super) fn run(workspace: &Workspace) -> Result<Step> {
    let mut long = Vec::new();
    for path in workspace.files("crates", "rs")?.into_iter().chain(workspace.files("xtask", "rs")?) {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        long.push((text.lines().count(), path));
    }
    let looked_at = long.len();
    long.retain(|(lines, _)| *lines > LONG);
    long.sort_by(|left, right| right.cmp(left));
    for (lines, path) in &long {
        let word = if *lines > TOO_LONG { "too long" } else { "long" };
        println!("warning: {} has {lines} lines: {word}", workspace.relative(path).display());
    }
    println!("{looked_at} files looked at");
    Ok(match long.len() {
        0 => Step::Held,
        count => Step::Warned(format!("{count} files have more than {LONG} lines")),
    })
}
