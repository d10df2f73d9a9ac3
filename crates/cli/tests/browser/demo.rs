//! A running `countersign demo`, as a stranger starts it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use countersign_protocol::parameter::Issuer;
use countersign_storage::{Settings, Store, evidence_record};

/// The demo, after its scripted run: what it prints for a person.
pub(crate) struct Demo {
    pub(crate) address: String,
    pub(crate) username: String,
    pub(crate) password: String,
    process: Child,
    folder: tempfile::TempDir,
}

impl Demo {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.arg("demo").current_dir(folder.path()).env("TMPDIR", folder.path());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut after = |words: &str| {
            let line = lines.find_map(|line| line.split_once(words).map(|(_, rest)| rest.to_owned()));
            line.unwrap_or_else(|| panic!("the demo ended before it printed {words:?}"))
        };
        let address = after("try it yourself: open ");
        let account = after("Log in as ");
        let (username, password) = account.split_once(" with the password ").unwrap();
        let (username, password) = (username.to_owned(), password.to_owned());
        // Whatever else it prints must not fill the pipe.
        std::thread::spawn(move || lines.count());
        Self { address, username, password, process, folder }
    }

    /// The relying party without the slash of its home page.
    pub(crate) fn origin(&self) -> &str {
        self.address.trim_end_matches('/')
    }

    /// How many records of evidence there are: every answer makes some.
    pub(crate) async fn records(&self, issuer: &str) -> u64 {
        let folders = std::fs::read_dir(self.folder.path()).unwrap();
        let databases = folders.map(|entry| entry.unwrap().path().join("countersign.db"));
        let path = databases.filter(|path| path.exists()).last().expect("the demo's database");
        let store = Store::open(Settings::Sqlite { path }).await.unwrap();
        let issuer: Issuer = issuer.parse().unwrap();
        let found = evidence_record::transactions(&store, &issuer, None, 1_000).await.unwrap();
        found.iter().map(|transaction| transaction.records).sum()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
