//! A real `countersign serve` over a data folder of its own, which can be killed and started again.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_jose::{Algorithm, Entropy, Signer, SigningKey, SystemEntropy, base64url};
use countersign_protocol::client::ClientConfiguration;
use countersign_protocol::metadata::ClientMetadata;
use countersign_protocol::parameter::{Issuer, RedirectUri, ResponseMode, Subject};
use countersign_protocol::time::UnixTime;
use countersign_storage::user::User;
use countersign_storage::{Settings, Statement, Store, Unit, client, user};
use serde_json::json;
use zeroize::Zeroizing;

/// How long a server may take to become ready. Machines that build at the same time are slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server stands on, and the server while it runs.
pub(crate) struct Served {
    folder: tempfile::TempDir,
    database: Option<String>,
    port: u16,
    issuer: Issuer,
    /// What everything private rests under.
    pub(crate) master: Zeroizing<[u8; 32]>,
    process: Option<Child>,
}

impl Served {
    /// A folder, a port and a master key; nothing runs yet. With no address of a PostgreSQL database, SQLite.
    pub(crate) fn prepare(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let issuer: Issuer = format!("http://localhost:{port}").parse().unwrap();
        let config = format!("issuer = \"{issuer}\"\nlisten = \"127.0.0.1:{port}\"\ndata = \"data\"\n");
        std::fs::write(folder.path().join("countersign.toml"), config).unwrap();
        let mut master = Zeroizing::new([0; 32]);
        SystemEntropy.fill(master.as_mut());
        Self { folder, database, port, issuer, master, process: None }
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.current_dir(self.folder.path()).args(["--config", "countersign.toml", "serve"]);
        command.env("COUNTERSIGN_MASTER_KEY", base64url::encode(self.master.as_slice()));
        if let Some(url) = &self.database {
            command.env("COUNTERSIGN_DATABASE__URL", url);
        }
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        self.process = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while !is_ready(self.port) {
            assert!(Instant::now() < deadline, "the server did not become ready: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the server as `kill -9` does: it has no chance to finish anything.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// What the server wrote to standard error since it was started last.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The database, opened beside the server or in its absence.
    pub(crate) async fn store(&self) -> Store {
        let settings = match &self.database {
            None => Settings::Sqlite { path: self.folder.path().join("data/countersign.db") },
            Some(url) => Settings::Postgres { url: url.clone(), pool_size: 4 },
        };
        Store::open(settings).await.unwrap()
    }

    /// Registers a client and gives it its keys; `changes` are laid over its metadata.
    pub(crate) async fn register(&self, own: &Own, extra: Vec<Statement>) -> ClientConfiguration {
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        let metadata: ClientMetadata = serde_json::from_value(json!({
            "client_id": own.client_id,
            "client_name": "Harbour Library",
            "application_type": own.application_type,
            "redirect_uris": [own.redirect_uri],
            "scope": "openid profile",
            "jwks": { "keys": [key.public_jwk()] },
            "countersign_profile": own.profile,
        }))
        .unwrap();
        let metadata_text = serde_json::to_string(&metadata).unwrap();
        let outcome = Unit::new()
            .then(client::add(&self.issuer, &metadata.client_id, &metadata_text, now()))
            .then_all(extra)
            .commit(&self.store().await)
            .await
            .unwrap();
        assert!(outcome.is_committed());
        ClientConfiguration {
            issuer: self.issuer.clone(),
            client_id: metadata.client_id,
            redirect_uri: own.redirect_uri.clone(),
            scope: "openid profile".parse().unwrap(),
            response_mode: own.response_mode,
            response_algorithm: key.algorithm(),
            id_token_algorithm: key.algorithm(),
            dpop_key: SigningKey::generate(Algorithm::ES256).unwrap(),
            key,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What differs from client to client.
pub(crate) struct Own {
    pub(crate) client_id: &'static str,
    pub(crate) application_type: &'static str,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) response_mode: ResponseMode,
    pub(crate) profile: &'static str,
}

/// A person, with a password or without.
pub(crate) fn person(username: &str, name: &str, password_hash: String) -> User {
    let subject: Subject = format!("subject-of-{username}").parse().unwrap();
    let (username, name) = (username.to_owned(), Some(name.to_owned()));
    User { subject, username, name, email: None, password_hash, created_at: now(), disabled_at: None }
}

/// Stores a person.
pub(crate) fn add(served: &Served, person: &User) -> Statement {
    user::add(served.issuer(), person)
}

/// The time of this machine.
#[expect(clippy::disallowed_methods, reason = "real processes have no other clock")]
pub(crate) fn now() -> UnixTime {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixTime::from_secs(now.as_secs())
}

fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}
