//! Prints what the store does: durable units a second by number of writers, beside reads. No thresholds: figures.
//!
//! SQLite in a temporary directory; PostgreSQL too when `COUNTERSIGN_BENCH_POSTGRES` holds a URL.

#![allow(clippy::expect_used, reason = "a measurement that cannot be taken ends")]

use std::{
    env,
    sync::OnceLock,
    time::{Duration, Instant},
};

use countersign_protocol::{
    parameter::{ClientId, Issuer},
    replay::{Purpose, ReplayKey},
    time::UnixTime,
};
use countersign_storage::{
    Settings, Store, Unit, client,
    evidence_record::{self, EvidenceRecord},
    replay,
};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
const SPAN: Duration = Duration::from_secs(3);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let directory = tempfile::TempDir::new().expect("a temporary directory");
        report("SQLite", Settings::Sqlite { path: directory.path().join("db") }).await;
        if let Ok(url) = env::var("COUNTERSIGN_BENCH_POSTGRES") {
            report("PostgreSQL", Settings::Postgres { url, pool_size: 16 }).await;
        }
    });
}

async fn report(engine: &str, settings: Settings) {
    let store = Store::open(settings).await.expect("an open store");
    let added = client::add(&issuer(), &app(), &"x".repeat(1_500), NOW).commit(&store).await;
    assert!(added.expect("a database that works").is_committed(), "the database is in use");
    for writers in [1, 4, 16, 64] {
        let (count, mean) = run(&store, writers, write).await;
        println!("{engine}: {writers:>3} writers  {count:>8.0} durable units/s  {mean:>7.2?} each");
    }
    for readers in [1, 16] {
        let (count, mean) = run(&store, readers, read).await;
        println!("{engine}: {readers:>3} readers  {count:>8.0} point reads/s     {mean:>7.2?} each");
    }
}

/// Repeats work in `tasks` tasks for a while: repetitions a second, and how long one took on average.
async fn run<F: Future<Output = ()> + Send + 'static>(
    store: &Store,
    tasks: u64,
    work: fn(Store, u64) -> F,
) -> (f64, Duration) {
    let began = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut done = 0_u32;
                while began.elapsed() < SPAN {
                    work(store.clone(), (task << 32) + u64::from(done)).await;
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in running {
        done += task.await.expect("a task that ends");
    }
    let took = began.elapsed();
    (f64::from(done) / took.as_secs_f64(), took * u32::try_from(tasks).unwrap_or(1) / done.max(1))
}

/// About what one request of a flow writes: two identifiers spent and a record of evidence.
async fn write(store: Store, number: u64) {
    static MEASUREMENTS: OnceLock<Instant> = OnceLock::new();
    let nanos = MEASUREMENTS.get_or_init(Instant::now).elapsed().as_nanos();
    let record = EvidenceRecord {
        record_id: format!("{nanos:032x}-{number:016x}"),
        transaction_id: "01900000-0000-7000-8000-000000000001".parse().ok(),
        kind: "request".into(),
        recorded_at: NOW,
        leaf: vec![7; 400],
        leaf_index: None,
    };
    let identifier = record.record_id.as_bytes();
    let outcome = Unit::new()
        .then(replay::spend(&issuer(), &key(Purpose::ClientAssertion, identifier), NOW))
        .then(replay::spend(&issuer(), &key(Purpose::RequestObject, identifier), NOW))
        .then(evidence_record::append(&issuer(), &record))
        .commit(&store)
        .await;
    assert!(outcome.expect("a database that works").is_committed());
}

async fn read(store: Store, _: u64) {
    let found = client::find(&store, &issuer(), &app()).await.expect("a database that works");
    assert!(found.is_some());
}

fn key(purpose: Purpose, identifier: &[u8]) -> ReplayKey {
    ReplayKey::of_client(&app(), purpose, identifier, NOW.plus(300))
}

fn issuer() -> Issuer {
    "https://as.example".parse().expect("an issuer")
}

fn app() -> ClientId {
    "client".parse().expect("a client id")
}
