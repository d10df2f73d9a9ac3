//! `cargo xtask requirements`: which ids of the catalogue have tests.

mod catalogue;
mod mention;
mod test_code;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::Outcome;
use crate::workspace::Workspace;

pub(crate) use catalogue::Catalogue;

/// What to print beside the table.
#[derive(Clone, Copy, Default)]
pub(crate) struct Show {
    /// The ids without a test, too.
    pub(crate) missing: bool,
    /// One JSON document in place of the table.
    pub(crate) json: bool,
}

/// Reads the catalogue and the tests and prints how far the second covers the first.
///
/// Fails if a test names an id the catalogue lacks: it would look covered and be checked by nobody.
pub(crate) fn run(workspace: &Workspace, show: Show) -> Result<Outcome> {
    let coverage = measure(workspace)?;
    let report = if show.json { coverage.to_json()? } else { coverage.to_table(show.missing) };
    // A reader such as `head` may have seen enough: that is no failure.
    let _ = writeln!(std::io::stdout(), "{report}");
    Ok(if coverage.unknown.is_empty() { Outcome::Held } else { Outcome::Failed })
}

/// The catalogue held against the tests.
struct Coverage {
    files: Vec<FileCoverage>,
    /// Id that the catalogue lacks → the test files that name it.
    unknown: BTreeMap<String, BTreeSet<String>>,
}

struct FileCoverage {
    file: String,
    covered: Vec<String>,
    missing: Vec<String>,
}

fn measure(workspace: &Workspace) -> Result<Coverage> {
    let mut catalogues = Vec::new();
    for path in workspace.files("docs/requirements", "md")? {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        catalogues.push((name, text));
    }
    let catalogue = Catalogue::parse(&catalogues)?;
    if catalogue.is_empty() {
        bail!("docs/requirements holds no table with requirement ids");
    }

    let mut named = BTreeSet::new();
    let mut unknown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in test_code::read(workspace)? {
        for id in mention::find(&text, &catalogue) {
            if catalogue.contains(&id) {
                named.insert(id);
            } else {
                unknown.entry(id).or_default().insert(file.clone());
            }
        }
    }

    let files = catalogue.files().map(|(file, ids)| {
        let (covered, missing) = ids.iter().cloned().partition(|id| named.contains(id));
        FileCoverage { file: file.to_owned(), covered, missing }
    });
    Ok(Coverage { files: files.collect(), unknown })
}

impl Coverage {
    fn covered(&self) -> usize {
        self.files.iter().map(|file| file.covered.len()).sum()
    }

    fn total(&self) -> usize {
        self.files.iter().map(FileCoverage::total).sum()
    }

    fn to_table(&self, missing: bool) -> String {
        let mut lines = vec![format!("{:<24} {:>5} {:>8} {:>8}", "file", "ids", "covered", "percent")];
        for file in &self.files {
            let percent = 100.0 * file.covered.len() as f64 / file.total() as f64;
            lines.push(format!(
                "{:<24} {:>5} {:>8} {percent:>7.1}%",
                file.file,
                file.total(),
                file.covered.len()
            ));
        }
        if missing {
            for file in self.files.iter().filter(|file| !file.missing.is_empty()) {
                lines.push(format!("\nwithout a test in {}:", file.file));
                lines.extend(file.missing.chunks(8).map(|ids| format!("  {}", ids.join(" "))));
            }
        }
        for (id, files) in &self.unknown {
            let files = files.iter().cloned().collect::<Vec<_>>().join(", ");
            lines.push(format!("error: {id} is named in {files}, but no table of docs/requirements has it"));
        }
        lines.push(format!("covered {} of {}", self.covered(), self.total()));
        lines.join("\n")
    }

    fn to_json(&self) -> Result<String> {
        let files = self.files.iter().map(
            |file| json!({"file": file.file, "ids": file.total(), "covered": file.covered, "missing": file.missing}),
        );
        let document = json!({
            "files": files.collect::<Vec<_>>(),
            "unknown": self.unknown,
            "covered": self.covered(),
            "total": self.total(),
        });
        serde_json::to_string_pretty(&document).context("writing JSON")
    }
}

impl FileCoverage {
    fn total(&self) -> usize {
        self.covered.len() + self.missing.len()
    }
}
