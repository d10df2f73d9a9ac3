//! A private PostgreSQL cluster: one for all tests of a process, a fresh database for each test.
//!
//! The cluster lives in a temporary directory and listens on a socket there, so it disturbs nobody and no port can be
//! taken. Its life hangs on a pipe: a small shell waits for the end of its input and then stops the server and removes
//! the directory, so nothing is left behind even when the tests are killed.

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use tokio_postgres::NoTls;

/// How long the server may take to accept connections.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs as long as its standard input is open.
const KEEPER: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=300 -c fsync=off -c deadlock_timeout=200ms \
    >"$2/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$2"
"#;

/// A running cluster. Dropping it stops the server; so does the end of this process.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    databases: AtomicU64,
    keeper: Child,
    lifeline: Option<ChildStdin>,
}

/// A database that nobody else uses. It goes with its cluster.
#[derive(Debug, Clone)]
pub struct Database {
    url: String,
}

impl Database {
    /// What [`tokio_postgres::connect`] and a `Settings::Postgres` take.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A fresh database in the cluster of this process, which starts with the first call.
pub async fn database() -> Database {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).database().await
}

impl Cluster {
    /// Initialises and starts a cluster. Takes some seconds.
    pub fn start() -> Self {
        let binaries = binaries();
        let user = unprivileged_user();
        let directory = tempfile::Builder::new()
            .prefix("countersign-pg-")
            .tempdir()
            .expect("a temporary directory")
            .keep();
        if let Some((uid, gid)) = user {
            chown(&directory, Some(uid), Some(gid)).expect("root may give the directory away");
        }
        initialise(&binaries, &directory, user);
        let mut keeper = as_user(Command::new("sh"), user)
            .args(["-c", KEEPER, "keeper"])
            .args([&binaries, &directory])
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt at the terminal is for the tests; the keeper notices their end by itself.
            .process_group(0)
            .spawn()
            .expect("sh runs");
        let lifeline = keeper.stdin.take();
        await_socket(&directory);
        Self { directory, databases: AtomicU64::new(0), keeper, lifeline }
    }

    /// Makes a fresh database.
    pub async fn database(&self) -> Database {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let (client, connection) = self.connect().await;
        let connection = tokio::spawn(connection);
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a new database");
        drop(client);
        drop(connection.await);
        Database { url: self.url(&name) }
    }

    async fn connect(
        &self,
    ) -> (
        tokio_postgres::Client,
        tokio_postgres::Connection<tokio_postgres::Socket, tokio_postgres::tls::NoTlsStream>,
    ) {
        let mut left = PATIENCE;
        loop {
            match tokio_postgres::connect(&self.url("postgres"), NoTls).await {
                Ok(connected) => return connected,
                Err(refused) if left.is_zero() => panic!("PostgreSQL does not accept connections: {refused}"),
                Err(_) => tokio::time::sleep(STEP).await,
            }
            left = left.saturating_sub(STEP);
        }
    }

    fn url(&self, database: &str) -> String {
        let host = self.directory.to_string_lossy().replace('/', "%2F");
        format!("postgresql://postgres@{host}/{database}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        drop(self.keeper.wait());
    }
}

const STEP: Duration = Duration::from_millis(20);

/// Where `initdb` and `postgres` are: beside each other in PATH, or where Debian keeps them (the newest).
fn binaries() -> PathBuf {
    let in_path =
        env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let versions =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut versions: Vec<_> = versions.collect();
    versions.sort_by_key(|path| {
        path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()).unwrap_or_default()
    });
    let packaged = versions.into_iter().rev().map(|version| version.join("bin"));
    in_path
        .chain(packaged)
        .find(|directory| directory.join("initdb").is_file() && directory.join("postgres").is_file())
        .expect("PostgreSQL is not installed: `cargo xtask test` installs it")
}

/// PostgreSQL refuses root: then the user `postgres`, whom its package made, runs it.
fn unprivileged_user() -> Option<(u32, u32)> {
    let probe = tempfile::NamedTempFile::new().expect("a temporary file");
    let owner = std::os::unix::fs::MetadataExt::uid(&probe.as_file().metadata().expect("its metadata"));
    if owner != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let line = line.expect("no user `postgres`: `cargo xtask test` installs PostgreSQL, which makes one");
    let mut ids = line.split(':').skip(2).map(|id| id.parse::<u32>().expect("a numeric id"));
    ids.next().zip(ids.next())
}

fn as_user(mut command: Command, user: Option<(u32, u32)>) -> Command {
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

fn initialise(binaries: &Path, directory: &Path, user: Option<(u32, u32)>) {
    let made = as_user(Command::new(binaries.join("initdb")), user)
        .arg("-D")
        .arg(directory.join("data"))
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"])
        .current_dir(directory)
        .output()
        .expect("initdb runs");
    assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
}

fn await_socket(directory: &Path) {
    let socket = directory.join(".s.PGSQL.5432");
    let mut left = PATIENCE;
    while !socket.exists() {
        if left.is_zero() {
            let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
            panic!("PostgreSQL did not start: {log}");
        }
        thread::sleep(STEP);
        left = left.saturating_sub(STEP);
    }
}
