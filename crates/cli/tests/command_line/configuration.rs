use super::{Bench, finish};

#[test]
fn a_wrong_value_names_its_key_and_serve_does_not_start() {
    let bench = Bench::new();
    for (toml, key, passes) in [
        ("isuer = \"https://as.example\"", "isuer", "expected one of `issuer`"),
        ("issuer = \"http://as.example\"", "issuer", "https"),
        ("issuer = 7", "issuer", "expected a string"),
        ("listen = \"0.0.0.0:8080\"", "listen", "loopback"),
        ("lifetimes = { answer = 9999 }", "lifetimes.answer", "10 to 600"),
        ("signing_algorithms = [\"none\"]", "signing_algorithms", "ES256"),
        ("signing_algorithms = []", "signing_algorithms", "The list is empty"),
        ("lifetimes = { answer = \"2 min\" }", "lifetimes.answer", "10 to 600"),
        ("database = \"countersign.db\"", "database", "expected a table"),
        ("issuer = ", "countersign.toml", "TOML"),
    ] {
        let file = bench.write("countersign.toml", toml);
        let ran = bench.run(&["serve", "--config", &file]);
        assert_eq!(ran.code, Some(1), "{toml}");
        assert!(ran.err.contains(key) && ran.err.contains(passes), "{toml}: {}", ran.err);
        assert!(!bench.path().join("countersign-data").exists(), "{toml}: nothing was begun");
        let (code, document) = bench.json(&["config", "check", "--config", &file]);
        assert_eq!(code, Some(1));
        assert!(document["error"]["refusal"]["subject"].as_str().unwrap().contains(key), "{document}");
    }
}

#[test]
fn the_environment_overrides_the_file_and_is_checked_too() {
    let bench = Bench::new();
    let file = bench.write("countersign.toml", "issuer = \"https://file.example\"");
    let mut command = bench.command(&["config", "check", "--json", "--config", &file]);
    command.env("COUNTERSIGN_ISSUER", "https://env.example").env("COUNTERSIGN_LIFETIMES__ANSWER", "60");
    let document: serde_json::Value = serde_json::from_str(&finish(command, "").out).unwrap();
    assert_eq!(document["issuer"], "https://env.example");
    assert_eq!(document["lifetimes"]["answer"], 60);

    let mut command = bench.command(&["config", "check"]);
    command.env("COUNTERSIGN_ISUER", "https://env.example");
    let ran = finish(command, "");
    assert!(ran.code == Some(1) && ran.err.contains("COUNTERSIGN_ISUER"), "{}", ran.err);
}

#[test]
fn net_06_an_https_issuer_on_plain_loopback_is_told_to_expect_a_proxy() {
    let bench = Bench::new();
    let file = bench.write("countersign.toml", "issuer = \"https://as.example\"");
    let ran = bench.run(&["config", "check", "--config", &file]);
    assert!(ran.code == Some(0) && ran.out.contains("a TLS proxy in front of it is expected"), "{}", ran.out);
    assert_eq!(
        bench.json(&["config", "check"]).1["notes"],
        serde_json::json!([]),
        "an http issuer needs none"
    );
}

#[test]
fn a_database_password_is_never_repeated() {
    let bench = Bench::new();
    let mut command = bench.command(&["config", "check"]);
    command.env("COUNTERSIGN_DATABASE_URL", "postgresql://user:hunter22@host/database");
    let ran = finish(command, "");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("PostgreSQL") && !ran.out.contains("hunter22"), "{}", ran.out);
}

#[test]
fn the_schema_describes_every_key() {
    let (code, document) = Bench::new().json(&["config", "schema"]);
    assert_eq!(code, Some(0));
    assert!(document["schema"]["properties"]["issuer"]["description"].is_string(), "{document}");
    assert_eq!(document["environment"]["COUNTERSIGN_DATABASE__URL"], "database.url");
}
