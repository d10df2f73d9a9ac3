//! The parts of the repository that are test code.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Every piece of test code as (file, text): Rust test files and modules, and the JavaScript tests.
pub(super) fn read(workspace: &Workspace) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for path in workspace.files("crates", "rs")?.into_iter().chain(workspace.files("tests", "mjs")?) {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let relative = workspace.relative(&path);
        let tests = if is_test_file(relative) { Some(text.as_str()) } else { after_cfg_test(&text) };
        if let Some(tests) = tests {
            found.push((relative.display().to_string(), tests.to_owned()));
        }
    }
    Ok(found)
}

/// Files below a `tests` folder or called `tests.rs`.
fn is_test_file(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs")
}

/// What follows `#[cfg(test)]`, unless that only declares a module or import: tests stand last in a file.
fn after_cfg_test(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("#[cfg(test)]") {
        let item = after.trim_start().lines().next().unwrap_or_default();
        if !item.trim_end().ends_with(';') {
            return Some(after);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{after_cfg_test, is_test_file};

    #[test]
    fn test_files_are_known_by_their_place() {
        for path in
            ["crates/jose/tests/rfc7515.rs", "crates/jose/src/jws/tests.rs", "tests/node/jose.test.mjs"]
        {
            assert!(is_test_file(Path::new(path)), "{path}");
        }
        assert!(!is_test_file(Path::new("crates/jose/src/jws.rs")));
    }

    #[test]
    fn a_test_module_reaches_to_the_end_of_its_file() {
        assert_eq!(after_cfg_test("fn a() {}\n#[cfg(test)]\nmod tests {\n}"), Some("\nmod tests {\n}"));
        assert_eq!(after_cfg_test("#[cfg(test)]\nmod tests;\nfn jar_66() {}"), None);
        assert_eq!(
            after_cfg_test("#[cfg(test)]\nuse x;\n#[cfg(test)]\nmod tests {}"),
            Some("\nmod tests {}")
        );
        assert_eq!(after_cfg_test("fn a() {}"), None);
    }
}
