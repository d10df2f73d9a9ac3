use countersign_protocol::parameter::Issuer;
use countersign_protocol::time::UnixTime;
use countersign_storage::login_session::{self, LoginSession};
use countersign_storage::{Settings, Store, user};

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

#[test]
fn rt_06_a_new_password_and_a_lock_out() {
    let bench = Bench::new();
    let add = ["user", "add", "alice", "--password-stdin"];
    assert_eq!(bench.run_with(&add, "correct horse battery\n").code, Some(0));
    let change = ["user", "password", "alice", "--password-stdin"];
    let ran = bench.run_with(&change, "another long password\n");
    assert!(ran.code == Some(0) && ran.out.contains("alice has another password"), "{} {}", ran.out, ran.err);
    assert_eq!(bench.run_with(&change, "short\n").code, Some(1));
    assert_eq!(bench.run(&["user", "disable", "alice"]).code, Some(0));
    assert!(bench.json(&["user", "list"]).1["users"][0]["disabled_at"].is_u64());
    let again = bench.run(&["user", "disable", "alice"]);
    assert!(again.code == Some(1) && again.err.contains("disabled already, since"), "{}", again.err);
    for command in [&["user", "disable", "bob"][..], &["user", "password", "bob", "--password-stdin"]] {
        let ran = bench.run_with(command, "another long password\n");
        assert!(ran.code == Some(1) && ran.err.contains("Nobody is called bob"), "{}", ran.err);
    }
}

/// That the sessions and refresh tokens end is seen in the database, where they are put first.
#[tokio::test]
async fn rt_06_sessions_and_refresh_tokens_end_with_the_password() {
    for command in ["password", "disable"] {
        let bench = Bench::new();
        let add = ["user", "add", "alice", "--password-stdin"];
        assert_eq!(bench.run_with(&add, "correct horse battery\n").code, Some(0));
        let path = bench.path().join("countersign-data/countersign.db");
        let store = Store::open(Settings::Sqlite { path }).await.unwrap();
        let issuer: Issuer = "http://localhost:8080".parse().unwrap();
        let person = user::find_by_name(&store, &issuer, "alice").await.unwrap().unwrap();
        let now = UnixTime::from_secs(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs());
        let login = LoginSession {
            subject: person.subject.clone(),
            authenticated_at: now,
            amr: "[]".to_owned(),
            created_at: now,
            expires_at: now.plus(3600),
        };
        let started = login_session::start(&issuer, [7; 32], &login).commit(&store).await.unwrap();
        assert!(started.is_committed());
        let live = async || login_session::find_live(&store, &issuer, [7; 32], now).await.unwrap();
        assert!(live().await.is_some(), "control");
        let arguments = ["user", command, "alice", "--password-stdin"];
        let arguments = if command == "disable" { &arguments[..3] } else { &arguments[..] };
        assert_eq!(bench.run_with(arguments, "another long password\n").code, Some(0));
        assert!(live().await.is_none(), "{command}");
        let changed = user::find_by_name(&store, &issuer, "alice").await.unwrap().unwrap();
        assert_eq!(changed.password_hash != person.password_hash, command == "password");
    }
}
