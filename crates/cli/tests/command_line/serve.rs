use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStderr};

use countersign_jose::base64url;
use serde_json::Value;

use super::{Bench, finish};

/// A running server, ended with the test.
struct Running {
    child: Child,
    facts: Value,
    _log: ChildStderr,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(bench: &Bench) -> Running {
    let mut command = bench.command(&["serve", "--json"]);
    command.env("COUNTERSIGN_LISTEN", "127.0.0.1:0").env("COUNTERSIGN_LOG__LEVEL", "error");
    let mut child = command.spawn().unwrap();
    let log = child.stderr.take().unwrap();
    let mut document = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        document.push_str(&line);
        if line == "}" {
            break;
        }
    }
    let facts = serde_json::from_str(&document).unwrap_or_else(|error| panic!("{error}: {document}"));
    Running { child, facts, _log: log }
}

#[test]
fn a_server_without_configuration_makes_its_keys_and_answers() {
    let bench = Bench::new();
    let server = start(&bench);
    assert_eq!(server.facts["issuer"], "http://localhost:8080");
    let mut connection = TcpStream::connect(server.facts["address"].as_str().unwrap()).unwrap();
    connection.write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"ES256\""), "{answer}");

    let (_, ring) = bench.json(&["keys", "list"]);
    let active = ring["keys"].as_array().unwrap().iter().filter(|key| key["state"] == "active").count();
    assert_eq!(active, 4, "three algorithms and the log: {ring}");
    assert_eq!(ring["log_key"], server.facts["log_key"]);
    let log_key = server.facts["log_key"].as_str().unwrap();
    assert!(bench.run(&["keys", "list"]).out.contains(log_key), "EVD-22: where a verifier learns it");
    let (code, rotated) = bench.json(&["keys", "rotate", "ES256"]);
    assert_eq!((code, rotated["rotations"].as_array().unwrap().len()), (Some(0), 1), "{rotated}");
    assert_eq!(bench.run(&["keys", "rotate", "ES384"]).code, Some(1), "no such key here");
}

#[test]
fn a_server_with_another_master_key_does_not_start() {
    let bench = Bench::new();
    drop(start(&bench));
    std::fs::remove_file(bench.path().join("countersign-data/master.key")).unwrap();
    let ran = bench.run(&["serve"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("does not exist") && ran.err.contains("JWKS-02"), "{}", ran.err);
    let file = bench.path().join("countersign-data/master.key");
    assert!(!file.exists(), "no new key stands in the way of the lost one");

    let mut command = bench.command(&["serve", "--json"]);
    command.env("COUNTERSIGN_MASTER_KEY", base64url::encode([5; 32]));
    let ran = finish(command, "");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["error"]["refusal"]["subject"], "COUNTERSIGN_MASTER_KEY", "{document}");
    let message = document["error"]["message"].as_str().unwrap();
    assert_eq!(message.matches("sealed under").count(), 1, "said once: {message}");
    assert!(message.contains("restore its file"), "{message}");
}

#[test]
fn an_address_in_use_is_named_with_its_key() {
    let bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = bench.command(&["serve"]);
    command.env("COUNTERSIGN_LISTEN", taken.local_addr().unwrap().to_string());
    let ran = finish(command, "");
    let told = ran.err.contains("error: listen: ") && ran.err.contains("is in use by another program");
    assert!(ran.code == Some(1) && told, "{}", ran.err);
}

#[test]
fn help_has_examples() {
    let bench = Bench::new();
    for command in [
        &["serve"][..],
        &["client", "add"],
        &["user", "add"],
        &["evidence", "export"],
        &["evidence", "verify"],
        &["inspect"],
    ] {
        let ran = bench.run(&[command, &["--help"]].concat());
        assert!(ran.code == Some(0) && ran.out.contains("Examples:\n  "), "{command:?}: {}", ran.out);
    }
}
