//! The certified JavaScript client (`openid-client`, npm) completes a PAR + JAR + JARM + DPoP flow against the real
//! `countersign serve`, and the evidence of that flow verifies offline.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const COUNTERSIGN: &str = env!("CARGO_BIN_EXE_countersign");
const REDIRECT_URI: &str = "https://client.example/callback";

/// A running `countersign serve` over a data folder of its own.
struct Served {
    folder: tempfile::TempDir,
    issuer: String,
    process: Child,
}

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let issuer = format!("http://localhost:{port}");
        let config = format!("issuer = \"{issuer}\"\nlisten = \"127.0.0.1:{port}\"\ndata = \"data\"\n");
        std::fs::write(folder.path().join("countersign.toml"), config).unwrap();
        let mut serve = countersign(folder.path());
        let process = serve.arg("serve").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let served = Self { folder, issuer, process };
        served.wait_until_ready(port);
        served
    }

    fn wait_until_ready(&self, port: u16) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_ready(port) {
            assert!(Instant::now() < deadline, "the server did not become ready");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        with_input(countersign(self.folder.path()).args(arguments), input)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn countersign(folder: &Path) -> Command {
    let mut command = Command::new(COUNTERSIGN);
    command.current_dir(folder).args(["--config", "countersign.toml"]);
    command
}

fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn with_input(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The standard output of a command that succeeded.
fn succeeded(what: &str, output: Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what} failed: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn node_tests() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/node");
    assert!(
        folder.join("node_modules/openid-client").exists(),
        "npm packages are missing: run `cargo xtask test`, which installs them"
    );
    folder
}

#[test]
fn f2ms_openid_client_completes_par_jar_jarm_dpop() {
    let node_tests = node_tests();
    let served = Served::start();
    let metadata = json!({
        "client_id": "javascript",
        "client_name": "A JavaScript application",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email",
    });
    let arguments = ["client", "add", "-", "--generate-key", "key.json"];
    succeeded("client add", served.run(&arguments, &metadata.to_string()));
    let arguments = ["user", "add", "grace", "--name", "Grace Hopper", "--password-stdin"];
    succeeded("user add", served.run(&arguments, "correct horse battery\n"));

    let key: Value =
        serde_json::from_slice(&std::fs::read(served.folder.path().join("key.json")).unwrap()).unwrap();
    let given = json!({
        "issuer": served.issuer, "client_id": "javascript", "key": key, "redirect_uri": REDIRECT_URI,
        "username": "grace", "password": "correct horse battery",
    });
    let mut node = Command::new("node");
    node.arg(node_tests.join("openid-client/flow.mjs"));
    let got = succeeded("openid-client", with_input(&mut node, &given.to_string()));
    let got: Value = serde_json::from_str(&got).unwrap();
    assert_eq!(got["authorization_parameters"], json!(["client_id", "request_uri"]), "JAR-23");
    assert_eq!(got["callback_parameters"], json!(["response"]), "JARM-11");
    assert_eq!(got["token_type"], "dpop", "DPOP-08");
    assert_eq!(got["scope"], "email openid profile", "TOK-05");
    assert_eq!(got["userinfo"]["name"], "Grace Hopper", "UI-02");
    assert_eq!(got["refreshed"], "dpop", "RT-05");

    let listed: Value =
        serde_json::from_str(&succeeded("list", served.run(&["evidence", "list", "--json"], ""))).unwrap();
    let transaction = find_transaction(&listed).expect("a transaction is listed").to_owned();
    let file = succeeded("export", served.run(&["evidence", "export", &transaction], ""));
    std::fs::write(served.folder.path().join("flow.json"), file).unwrap();
    succeeded("verify", served.run(&["evidence", "verify", "flow.json"], ""));
}

/// The first transaction id in the document, wherever it stands.
fn find_transaction(document: &Value) -> Option<&str> {
    match document {
        Value::Object(members) => match members.get("transaction").and_then(Value::as_str) {
            Some(found) => Some(found),
            None => members.values().find_map(find_transaction),
        },
        Value::Array(items) => items.iter().find_map(find_transaction),
        _ => None,
    }
}
