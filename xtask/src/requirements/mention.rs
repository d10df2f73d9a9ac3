//! Finds requirement ids in test code, in both spellings: `ATK-JAR-28` and `atk_jar_28_duplicate_alg`.

use std::collections::BTreeSet;

use super::Catalogue;
use super::catalogue::split;

/// Every id that `text` names, those the catalogue lacks included as long as their prefix is known.
pub(super) fn find(text: &str, catalogue: &Catalogue) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = dashed_words(text).filter_map(|word| dashed(word, catalogue)).collect();
    let mut previous = "";
    for identifier in identifiers(text) {
        let ids = in_identifier(identifier, catalogue);
        // Only names of functions must be ids: a variable `at_10` may just be called so.
        found.extend(ids.into_iter().filter(|id| previous == "fn" || catalogue.contains(id)));
        previous = identifier;
    }
    found
}

/// Runs of letters, digits, `-`, `_` and range marks, so that `ATK-JAR-01..39` stays in one piece.
fn dashed_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| {
        !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '–' | '…'))
    })
}

/// The id a word starts with; `None` for a range of ids, which nobody tests one by one.
fn dashed(word: &str, catalogue: &Catalogue) -> Option<String> {
    let number_at = word.find(|character: char| character.is_ascii_digit())?;
    let digits = word[number_at..].find(|character: char| !character.is_ascii_digit());
    let (id, rest) = word.split_at(digits.map_or(word.len(), |digits| number_at + digits));
    let (prefix, _) = split(id)?;
    (catalogue.has_prefix(prefix) && only_a_remark(rest)).then(|| id.to_owned())
}

/// What may follow an id: nothing, a full stop, the letter of a case (`ATK-JAR-28b`), or a word (`JAR-66-empty`).
fn only_a_remark(rest: &str) -> bool {
    let rest = rest.trim_end_matches('.');
    let after_letter = rest.strip_prefix(|letter: char| letter.is_ascii_lowercase()).unwrap_or(rest);
    let word = after_letter.strip_prefix(['-', '_']);
    after_letter.is_empty()
        || word.is_some_and(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .filter(|word| !word.is_empty())
}

/// The ids an identifier begins with: `jar_66_and_jar_67_refused` names two.
fn in_identifier(identifier: &str, catalogue: &Catalogue) -> Vec<String> {
    let words: Vec<&str> = identifier.split('_').collect();
    let mut rest = words.as_slice();
    let mut found = Vec::new();
    while let Some((id, after)) = leading_id(rest, catalogue) {
        if after.first() == Some(&"to") && leading_id(&after[1..], catalogue).is_some() {
            return Vec::new();
        }
        found.push(id);
        rest = if after.first() == Some(&"and") { &after[1..] } else { after };
    }
    found
}

fn leading_id<'a>(words: &'a [&'a str], catalogue: &Catalogue) -> Option<(String, &'a [&'a str])> {
    let number_at = words.iter().position(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let lower_case =
        words[..number_at].iter().all(|word| !word.chars().any(|letter| letter.is_ascii_uppercase()));
    let id = words[..=number_at].join("-").to_ascii_uppercase();
    let (prefix, _) = split(&id)?;
    (lower_case && catalogue.has_prefix(prefix)).then(|| (id, &words[number_at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, find};

    fn catalogue() -> Catalogue {
        let text =
            "| JAR-28 | a |\n| JAR-66 | b |\n| JAR-67 | c |\n| ATK-JAR-28 | d |\n| AT-01 | e |\n".to_owned();
        Catalogue::parse(&[("jar.md".to_owned(), text)]).expect("a catalogue without duplicates")
    }

    fn found(text: &str) -> Vec<String> {
        find(text, &catalogue()).into_iter().collect()
    }

    #[test]
    fn both_spellings_count() {
        assert_eq!(found(r#"("ATK-JAR-28", forge::duplicate_alg, Reason::Header),"#), ["ATK-JAR-28"]);
        assert_eq!(found("fn atk_jar_28_duplicate_alg() {"), ["ATK-JAR-28"]);
        assert_eq!(found("fn jar_66() {"), ["JAR-66"]);
        assert_eq!(found("test('JAR-66: crit empty', async () => {"), ["JAR-66"]);
        assert_eq!(found("// JAR-66."), ["JAR-66"]);
    }

    #[test]
    fn an_attack_does_not_cover_the_rule_it_is_named_after() {
        assert_eq!(found("ATK-JAR-28 atk_jar_28_x"), ["ATK-JAR-28"]);
        assert_eq!(found("X-JAR-28 JAR-28-29 JAR-28xy JAR-28_9"), Vec::<String>::new());
    }

    #[test]
    fn several_ids_in_one_name() {
        assert_eq!(found("fn jar_66_and_jar_67_refused()"), ["JAR-66", "JAR-67"]);
        assert_eq!(found("fn jar_66_atk_jar_28()"), ["ATK-JAR-28", "JAR-66"]);
        assert_eq!(found("(\"JAR-66/JAR-67\", x)"), ["JAR-66", "JAR-67"]);
    }

    #[test]
    fn the_letter_or_the_name_of_a_case_may_follow() {
        for text in
            ["\"ATK-JAR-28b\"", "\"ATK-JAR-28-last-one-none\"", "\"ATK-JAR-28b-none\"", "ATK-JAR-28_none"]
        {
            assert_eq!(found(text), ["ATK-JAR-28"], "{text}");
        }
    }

    #[test]
    fn ranges_are_not_covered() {
        for text in
            ["ATK-JAR-28..39", "JAR-66–67", "JAR-66...JAR-67", "JAR-66-JAR-67", "fn jar_66_to_jar_67()"]
        {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_known_prefix_with_an_unknown_number_is_reported() {
        assert_eq!(found("\"JAR-99\""), ["JAR-99"]);
        assert_eq!(found("fn jar_99_x()"), ["JAR-99"]);
    }

    #[test]
    fn what_only_looks_alike_is_left_alone() {
        for text in [
            "let at_10 = now;",
            "SHA-256",
            "RS-1",
            "fn starts_at_01()",
            "ES-256",
            "2026-11-21",
            "fn at_most()",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }
}
