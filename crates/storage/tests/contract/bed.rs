//! A fresh store on either engine, and rows to put into it.

use std::path::{Path, PathBuf};

use countersign_protocol::{
    parameter::{ClientId, Issuer, Subject, TransactionId},
    replay::{Purpose, ReplayKey},
    time::UnixTime,
};
use countersign_storage::{
    Digest, Outcome, Settings, Store, Unit, authorization_code::AuthorizationCode, interaction::Interaction,
    pushed_request::PushedRequest, refresh_token::RefreshToken,
};
use countersign_testkit::postgres;
use tempfile::TempDir;

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::bed::Bed::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::bed::Bed::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both_engines;

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// An open store and what it lives in.
pub(crate) struct Bed {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    directory: TempDir,
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        let directory = TempDir::new().unwrap();
        let settings = Settings::Sqlite { path: directory.path().join("countersign.db") };
        Self { store: Store::open(settings.clone()).await.unwrap(), settings, directory }
    }

    pub(crate) async fn postgres() -> Self {
        let settings = Settings::Postgres { url: postgres::database().await.url().into(), pool_size: 8 };
        let directory = TempDir::new().unwrap();
        Self { store: Store::open(settings.clone()).await.unwrap(), settings, directory }
    }

    /// Another node on the same database.
    pub(crate) async fn another_node(&self) -> Store {
        Store::open(self.settings.clone()).await.unwrap()
    }

    /// Commits what the test only prepares.
    pub(crate) async fn keep(&self, unit: impl Into<Unit>) {
        assert_eq!(unit.into().commit(&self.store).await.unwrap().refused(), None);
    }

    /// Does to the database what this program never would.
    pub(crate) async fn tamper(&self, sql: &str) {
        match &self.settings {
            Settings::Sqlite { path } => {
                rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap()
            }
            Settings::Postgres { url, .. } => {
                let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
                let connection = tokio::spawn(connection);
                client.batch_execute(sql).await.unwrap();
                drop(client);
                connection.await.unwrap().unwrap();
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let directory: &Path = self.directory.path();
        directory.join(name)
    }
}

/// Carries out `attempts` at the same moment and counts those that were committed.
pub(crate) async fn committed_of<F>(attempts: impl IntoIterator<Item = F>) -> usize
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let attempts: Vec<_> = attempts.into_iter().map(tokio::spawn).collect();
    let mut committed = 0;
    for attempt in attempts {
        committed += usize::from(attempt.await.unwrap().is_committed());
    }
    committed
}

pub(crate) fn issuer() -> Issuer {
    "https://as.example".parse().unwrap()
}

pub(crate) fn other_issuer() -> Issuer {
    "https://other.example".parse().unwrap()
}

pub(crate) fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

pub(crate) fn subject(name: &str) -> Subject {
    name.parse().unwrap()
}

pub(crate) fn transaction(number: u64) -> TransactionId {
    format!("01900000-0000-7000-8000-{number:012x}").parse().unwrap()
}

/// A digest that stands for the one of a secret; different numbers, different secrets.
pub(crate) fn digest(number: u64) -> Digest {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes.into()
}

pub(crate) fn pushed_request(client_name: &str) -> PushedRequest {
    PushedRequest {
        client_id: client(client_name),
        transaction_id: transaction(1),
        request: b"{\"scope\":\"openid\"}".to_vec(),
        dpop_jkt: Some("thumbprint".into()),
        expires_at: NOW.plus(90),
        interaction: None,
    }
}

pub(crate) fn interaction(browser: Digest) -> Interaction {
    Interaction {
        browser,
        client_id: client("a"),
        transaction_id: transaction(1),
        request: b"{}".to_vec(),
        pushed_reference: None,
        replay: None,
        created_at: NOW,
        expires_at: NOW.plus(600),
        login: None,
    }
}

pub(crate) fn code(client_name: &str, number: u64) -> AuthorizationCode {
    AuthorizationCode {
        client_id: client(client_name),
        transaction_id: transaction(number),
        subject: subject("alice"),
        redirect_uri: "https://client.example/cb".into(),
        code_challenge: Some("challenge".into()),
        dpop_jkt: None,
        scope: "openid".into(),
        nonce: Some("n".into()),
        auth_time: NOW,
        session: Some(digest(900)),
        granted: "{}".into(),
        issued_at: NOW,
        expires_at: NOW.plus(60),
    }
}

pub(crate) fn refresh_token(client_name: &str, number: u64) -> RefreshToken {
    RefreshToken {
        transaction_id: transaction(number),
        client_id: client(client_name),
        subject: subject("alice"),
        scope: "openid offline_access".into(),
        dpop_jkt: None,
        auth_time: NOW,
        session: None,
        granted: "{}".into(),
        issued_at: NOW,
        expires_at: NOW.plus(86_400),
    }
}

pub(crate) fn replay_key(purpose: Purpose, identifier: &[u8]) -> ReplayKey {
    ReplayKey::of_client(&client("a"), purpose, identifier, NOW.plus(300))
}
