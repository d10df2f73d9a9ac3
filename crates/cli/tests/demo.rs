//! `demo --once` as a script runs it: every step, every attack refused by its rule, the evidence verified and a flipped
//! byte found. Exit code 0 if and only if all of it held.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::process::Command;

use serde_json::Value;

fn demo(arguments: &[&str]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    let output =
        command.current_dir(folder.path()).args(["demo", "--once"]).args(arguments).output().unwrap();
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "the demo leaves nothing where it was called");
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_demo_holds_and_every_attack_is_refused_by_its_rule() {
    let (held, document) = demo(&["--json"]);
    let document: Value = serde_json::from_str(&document).unwrap();
    assert!(held && document["held"] == true, "{document:#}");

    let steps: Vec<&str> =
        document["flow"].as_array().unwrap().iter().filter_map(|step| step["name"].as_str()).collect();
    assert_eq!(steps, ["discovery", "push", "authorize", "login", "consent", "answer", "token", "userinfo"]);

    for (case, by, rule) in [
        ("ATK-JAR-02", "server", "JAR-51"),
        ("ATK-PAR-15", "server", "JAR-114"),
        ("ATK-JAR-57", "server", "JAR-105"),
        ("ATK-PAR-09", "server", "JAR-44"),
        ("ATK-PKCE-09", "server", "PKCE-05"),
        ("ATK-JARM-09", "client", "JARM-50"),
        ("ATK-JARM-10", "client", "JARM-47"),
        ("ATK-JARM-02", "client", "JARM-43"),
        ("ATK-JARM-24", "client", "JARM-44"),
        ("ATK-JARM-25", "client", "JARM-50"),
        ("ATK-JARM-18", "client", "JARM-42"),
        ("ATK-JARM-13", "client", "JARM-49"),
        ("ATK-JARM-16", "client", "JARM-54"),
    ] {
        let attacks = document["attacks"].as_array().unwrap();
        let attack = attacks
            .iter()
            .find(|attack| attack["case"] == case)
            .unwrap_or_else(|| panic!("{case} is missing"));
        assert_eq!(
            (&attack["refused_by"], &attack["rule"], &attack["held"]),
            (&by.into(), &rule.into(), &true.into()),
            "{case}"
        );
    }

    let evidence = &document["evidence"];
    assert!(evidence["verified"] == true && evidence["flip_found"] == true, "EVD-20: {evidence:#}");
}

#[test]
fn the_demo_tells_people_the_same() {
    let (held, text) = demo(&[]);
    assert!(held && text.contains("All of it held."), "{text}");
    assert!(
        !text.contains("NOT REFUSED") && !text.contains('\u{1b}'),
        "no colour where there is no terminal: {text}"
    );
}
