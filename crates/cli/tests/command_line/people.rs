use super::Bench;

#[test]
fn a_person_is_added_once_and_their_password_shown_nowhere() {
    let bench = Bench::new();
    let add = ["user", "add", "alice", "--name", "Alice", "--password-stdin"];
    assert_eq!(bench.run_with(&add, "correct horse battery\n").code, Some(0));
    assert_eq!(bench.run_with(&add, "correct horse battery\n").code, Some(1), "the name is taken");
    let (code, listed) = bench.json(&["user", "list"]);
    assert_eq!(code, Some(0));
    assert_eq!(listed["users"][0]["name"], "Alice");
    assert_eq!(listed["users"].as_array().unwrap().len(), 1);
    assert!(!listed.to_string().contains("argon2") && !listed.to_string().contains("horse"), "{listed}");
}

#[test]
fn short_and_missing_passwords_are_refused() {
    let bench = Bench::new();
    let add = ["user", "add", "bob", "--password-stdin"];
    assert_eq!(bench.run_with(&add, "elevenchars\n").code, Some(1));
    assert_eq!(
        bench.run_with(&[&add[..], &["--minimum-length", "4"]].concat(), "four\n").code,
        Some(0),
        "told otherwise"
    );
    let ran = bench.run(&["user", "add", "carol"]);
    assert!(ran.code == Some(2) && ran.err.contains("--password-stdin"), "{}", ran.err);
}
