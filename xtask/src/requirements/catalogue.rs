//! The requirement ids that the tables of `docs/requirements` define.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

/// All ids, by the file that defines them.
pub(crate) struct Catalogue {
    files: Vec<(String, Vec<String>)>,
    ids: BTreeSet<String>,
    /// What stands before the number: `JAR`, `ATK-JAR`.
    prefixes: BTreeSet<String>,
}

impl Catalogue {
    /// Reads `(file name, text)` pairs. An id defined twice is an error: two rules would share one test.
    pub(crate) fn parse(files: &[(String, String)]) -> Result<Self> {
        let mut defined: BTreeMap<String, &str> = BTreeMap::new();
        let mut by_file = Vec::new();
        for (file, text) in files {
            let ids: Vec<String> = text.lines().filter_map(defined_id).map(str::to_owned).collect();
            for id in &ids {
                if let Some(first) = defined.insert(id.clone(), file) {
                    bail!("{id} is defined twice in the catalogue: in {first} and in {file}");
                }
            }
            if !ids.is_empty() {
                by_file.push((file.clone(), ids));
            }
        }
        let prefixes =
            defined.keys().filter_map(|id| split(id)).map(|(prefix, _)| prefix.to_owned()).collect();
        Ok(Self { files: by_file, ids: defined.into_keys().collect(), prefixes })
    }

    /// The files that define ids, with their ids in the order of the tables.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.files.iter().map(|(file, ids)| (file.as_str(), ids.as_slice()))
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    pub(crate) fn has_prefix(&self, prefix: &str) -> bool {
        self.prefixes.contains(prefix)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The id a table row defines: in its first column, or in the second where the first counts steps.
fn defined_id(line: &str) -> Option<&str> {
    let mut cells = line.trim().strip_prefix('|')?.split('|').map(str::trim);
    let first = cells.next()?;
    if first.starts_with(|step: char| step.is_ascii_digit()) && first.len() <= 3 {
        return cells.next().filter(|cell| split(cell).is_some());
    }
    Some(first).filter(|cell| split(cell).is_some())
}

/// `ATK-JAR-28` → (`ATK-JAR`, `28`); `None` if the text is no id.
pub(super) fn split(id: &str) -> Option<(&str, &str)> {
    let (prefix, number) = id.rsplit_once('-')?;
    let word_fits = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.chars().all(|character| character.is_ascii_uppercase() || character.is_ascii_digit())
    };
    let number_fits = number.len() >= 2 && number.chars().all(|digit| digit.is_ascii_digit());
    (number_fits && prefix.split('-').all(word_fits)).then_some((prefix, number))
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, defined_id, split};

    #[test]
    fn ids_stand_in_the_first_or_the_counted_second_column() {
        for (line, expected) in [
            ("| JAR-01 | Client | MUST | Put every parameter |", Some("JAR-01")),
            ("| 1 | JAR-40 | Transport: TLS |", Some("JAR-40")),
            ("| 0a | JARM-42 | Callback arrived |", Some("JARM-42")),
            ("| ATK-JAR-28 | Duplicate header members. | Page IRO |", Some("ATK-JAR-28")),
            ("| Id | Role | Strength |", None),
            ("|---|---|---|", None),
            ("| JAR-01..18 | a range |", None),
            ("| `fapi1` | JAR-01 | a reference |", None),
            ("see JAR-01 | and others |", None),
            ("| nbf=T-30, exp=T+300 | accept |", None),
        ] {
            assert_eq!(defined_id(line), expected, "{line}");
        }
    }

    #[test]
    fn prefixes_come_from_the_ids() -> anyhow::Result<()> {
        let text = "| JAR-01 | a |\n| 2 | JAR-40 | b |\n| ATK-JAR-01 | c |\n".to_owned();
        let catalogue =
            Catalogue::parse(&[("jar.md".to_owned(), text), ("empty.md".to_owned(), String::new())])?;
        assert!(
            catalogue.has_prefix("JAR") && catalogue.has_prefix("ATK-JAR") && !catalogue.has_prefix("ATK")
        );
        assert!(catalogue.contains("JAR-40") && !catalogue.contains("JAR-02"));
        assert_eq!(catalogue.files().count(), 1);
        Ok(())
    }

    #[test]
    fn an_id_defined_twice_is_refused() {
        let row = "| JAR-01 | a |\n".to_owned();
        assert!(Catalogue::parse(&[("a.md".to_owned(), row.clone()), ("b.md".to_owned(), row)]).is_err());
    }

    #[test]
    fn an_id_is_upper_case_words_and_a_number_of_two_digits_or_more() {
        assert_eq!(split("ATK-JAR-28"), Some(("ATK-JAR", "28")));
        assert_eq!(split("EVD-101"), Some(("EVD", "101")));
        for text in ["JAR-1", "jar-01", "JAR", "-01", "JAR--01", "JAR-01a", "1-01"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
