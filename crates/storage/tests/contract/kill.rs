//! A process that redeems codes is killed at a random moment, five times. What it acknowledged is there, what it
//! redeemed cannot be redeemed again, and a redemption without its evidence does not exist.

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use countersign_protocol::parameter::TransactionId;
use countersign_storage::{
    Settings, Store, Unit, authorization_code,
    evidence_record::{self, EvidenceRecord},
};

use crate::bed::{Bed, NOW, client, code, digest, issuer, on_both_engines, transaction};

on_both_engines! {
    code_04_survives_kills,
}

const CODES: u64 = 4_000;
const KILLS: u64 = 5;
const ROLE: &str = "COUNTERSIGN_KILL_TEST_STORE";

async fn code_04_survives_kills(bed: Bed) {
    for first in (0..CODES).step_by(500) {
        let issue = (first..first + 500).map(|number| {
            authorization_code::issue(&issuer(), digest(number), &code("a", number), NOW.plus(100_000))
        });
        assert!(Unit::new().then_all(issue).commit(&bed.store).await.unwrap().is_committed());
    }
    let mut acknowledged = HashSet::new();
    for kill in 0..KILLS {
        for number in redeem_until_killed(&bed.settings, kill) {
            assert!(acknowledged.insert(number), "code {number} was redeemed twice");
        }
        // As after a crash: whoever opens the database next recovers it.
        let survivor = bed.another_node().await;
        for number in &acknowledged {
            let found =
                authorization_code::find(&survivor, &issuer(), digest(*number)).await.unwrap().unwrap();
            assert!(found.redeemed_at.is_some(), "the acknowledged redemption of {number} is lost");
        }
    }
    assert!(acknowledged.len() as u64 >= KILLS, "only {} codes: the test proves nothing", acknowledged.len());
    assert!((acknowledged.len() as u64) < CODES, "all codes were used up before the last kill");
    for number in 0..CODES {
        let redeemed = !redeem(&bed.store, number).await;
        let evidence =
            evidence_record::of_transaction(&bed.store, &issuer(), &transaction(number)).await.unwrap();
        assert_eq!(evidence.len(), 1, "code {number}, redeemed before: {redeemed}");
        assert!(redeemed || !acknowledged.contains(&number), "code {number} was redeemed twice");
    }
}

/// Starts the child, kills it, and returns what it acknowledged before it died.
fn redeem_until_killed(settings: &Settings, kill: u64) -> Vec<u64> {
    let store = match settings {
        Settings::Sqlite { path } => format!("sqlite:{}", path.display()),
        Settings::Postgres { url, .. } => url.clone(),
    };
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::redeeming_child", "--ignored", "--nocapture"])
        .env(ROLE, store)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut acknowledged: Vec<u64> = Vec::new();
    let after = 1 + unpredictable() % 120;
    while (acknowledged.len() as u64) < after {
        let line = lines.next().unwrap_or_else(|| panic!("child {kill} ended by itself"));
        acknowledged.extend(redeemed(&line));
    }
    std::thread::sleep(Duration::from_micros(unpredictable() % 5_000));
    // SIGKILL: nothing in the child runs any more.
    child.kill().unwrap();
    child.wait().unwrap();
    // A last line that is torn was not acknowledged to anybody; one that is whole was.
    acknowledged.extend(lines.filter_map(|line| redeemed(&line)));
    acknowledged
}

/// The number in a whole line of the child.
fn redeemed(line: &str) -> Option<u64> {
    line.strip_prefix("redeemed ")?.strip_suffix(" .")?.parse().ok()
}

/// The child: eight flows redeem the codes in the same order, so they meet at each of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs only as the process that is killed"]
async fn redeeming_child() {
    let Ok(store) = env::var(ROLE) else { return };
    let settings = match store.strip_prefix("sqlite:") {
        Some(path) => Settings::Sqlite { path: path.into() },
        None => Settings::Postgres { url: store, pool_size: 8 },
    };
    let store = Store::open(settings).await.unwrap();
    let flows: Vec<_> = (0..8).map(|_| tokio::spawn(redeem_all(store.clone()))).collect();
    for flow in flows {
        flow.await.unwrap();
    }
}

async fn redeem_all(store: Store) {
    for number in 0..CODES {
        if redeem(&store, number).await {
            println!("redeemed {number} .");
        }
    }
}

async fn redeem(store: &Store, number: u64) -> bool {
    let of_transaction: TransactionId = transaction(number);
    let record = EvidenceRecord {
        record_id: format!("{number:08}-{:016x}", unpredictable()),
        transaction_id: Some(of_transaction),
        kind: "tokens".into(),
        recorded_at: NOW,
        leaf: vec![1; 200],
        leaf_index: None,
    };
    Unit::new()
        .then(authorization_code::redeem(&issuer(), digest(number), &client("a"), NOW.plus(100_000), NOW))
        .then(evidence_record::append(&issuer(), &record))
        .commit(store)
        .await
        .unwrap()
        .is_committed()
}

fn unpredictable() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
