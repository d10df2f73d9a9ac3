//! Documents tell the truth about the tree: relative links lead somewhere, and crates that are named exist.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::Outcome;
use crate::workspace::Workspace;

/// Checks every Markdown file at the root and below `docs`.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let crates = crate_folders(workspace)?;
    let mut broken = 0;
    let documents = documents(workspace)?;
    for path in &documents {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let shown = workspace.relative(path).display();
        let folder = path.parent().unwrap_or(Path::new("."));
        for target in links(&text).filter(|target| is_relative(target)) {
            let file = target.split('#').next().unwrap_or_default();
            if !folder.join(file).exists() {
                println!("error: {shown} links to {target}, which does not exist");
                broken += 1;
            }
        }
        for name in named_crates(&text).filter(|name| !crates.iter().any(|known| known == name)) {
            println!("error: {shown} names the crate {name}, which is not in crates/");
            broken += 1;
        }
    }
    println!("{} documents looked at, {broken} links or names broken", documents.len());
    Ok(if broken == 0 { Outcome::Held } else { Outcome::Failed })
}

fn documents(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let root = workspace.path(".");
    let mut found = workspace.files("docs", "md")?;
    for entry in fs::read_dir(&root).with_context(|| format!("reading {}", root.display()))? {
        let path = workspace.path(&entry?.file_name().to_string_lossy());
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn crate_folders(workspace: &Workspace) -> Result<Vec<String>> {
    let entries = fs::read_dir(workspace.path("crates")).context("reading crates/")?;
    let folders = entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file());
    Ok(folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

/// The targets of `[text](target)`, `src="target"` and `srcset="target"`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let markdown = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let html = ["src=\"", "srcset=\"", "href=\""].into_iter();
    let html =
        html.flat_map(|attribute| text.split(attribute).skip(1)).filter_map(|rest| rest.split_once('"'));
    markdown.chain(html.map(|(target, _)| target))
}

/// Neither another site nor another place of the same page.
fn is_relative(target: &str) -> bool {
    !target.is_empty()
        && !target.starts_with('#')
        && !target.contains(':')
        && !target.contains(char::is_whitespace)
}

/// Crates named as `countersign-jose` or `crates/jose` in code marks.
fn named_crates(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter_map(|span| span.strip_prefix("countersign-").or_else(|| span.strip_prefix("crates/")))
        .filter_map(|rest| rest.split(|character: char| !character.is_ascii_alphanumeric()).next())
        .filter(|name| !name.is_empty() && *name != "data")
}

#[cfg(test)]
mod tests {
    use super::{is_relative, links, named_crates};

    #[test]
    fn links_of_both_languages_are_found() {
        let text = "[map](ARCHITECTURE.md) and <img src=\"docs/flow.svg\"> and [site](https://example.com/)";
        assert_eq!(
            links(text).collect::<Vec<_>>(),
            ["ARCHITECTURE.md", "https://example.com/", "docs/flow.svg"]
        );
    }

    #[test]
    fn only_relative_links_are_looked_up() {
        for target in ["https://example.com", "mailto:a@example.com", "#part", ""] {
            assert!(!is_relative(target), "{target}");
        }
        assert!(is_relative("docs/requirements/jar.md#3"));
    }

    #[test]
    fn crates_are_known_by_folder_or_package() {
        let text = "`crates/jose/src/jws.rs`, `countersign-protocol`, `./countersign-data`, `countersign-data`, crates/x";
        assert_eq!(named_crates(text).collect::<Vec<_>>(), ["jose", "protocol"]);
    }
}
