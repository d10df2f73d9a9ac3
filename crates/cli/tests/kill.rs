//! A server that is killed in the middle of load loses nothing it answered, and answers nothing twice.
//!
//! A client drives complete flows against a real `countersign serve`; the process is killed, as by `kill -9`, at a
//! moment nobody chose, and started again on the same data. Then everything the client saw is held against what the
//! server kept: each signed answer and each token stands in evidence that verifies offline (EVD-30), nothing that was
//! answered as used is taken again (PAR-10, CODE-04), and what was cut off happened whole or not at all.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/served.rs"]
mod served;

#[path = "kill/evidence.rs"]
mod evidence;
#[path = "kill/load.rs"]
mod load;

use std::time::Duration;

use countersign_jose::{Entropy, SystemEntropy};
use countersign_testkit::postgres;

use evidence::Kept;
use load::{Load, Tally};
use served::Served;

/// Flows that run beside each other.
const LANES: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn evd_30_code_04_par_10_a_kill_at_any_moment_on_sqlite() {
    survives(Served::prepare(None), 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evd_30_code_04_par_10_a_kill_at_any_moment_on_postgresql() {
    let database = postgres::database().await;
    survives(Served::prepare(Some(database.url().to_owned())), 2).await;
}

async fn survives(mut served: Served, rounds: usize) {
    let seeded = load::seed(&served).await;
    served.start();
    let load = Load::connect(seeded).await;
    let mut seen = Tally::default();
    for round in 0..rounds {
        let (began, moment) = (served::now(), a_moment());
        let running = load.begin(LANES);
        if round == 0 {
            load.first_flow().await;
        }
        tokio::time::sleep(moment).await;
        served.kill();
        let mut flows = running.finish().await;
        let tally = Tally::of(&flows);
        eprintln!("round {round}: killed after {moment:?}: {tally:?}");
        seen += tally;
        Kept::since(&served, began).await.holds_everything_answered(&flows);

        served.start();
        load.try_again(&mut flows).await;
        Kept::since(&served, began).await.holds_each_answer_once(&flows);
        // The next round is told apart by its second.
        tokio::time::sleep(Duration::from_millis(1_000)).await;
    }
    assert!(
        seen.answered > 0 && seen.redeemed > 0,
        "control: the client got answers before each kill: {seen:?}"
    );
    assert!(seen.cut_off > 0, "control: a kill cut something off: {seen:?}");
}

/// Somewhere in the load: from before the first answers to well into the run.
fn a_moment() -> Duration {
    let mut random = [0; 2];
    SystemEntropy.fill(&mut random);
    Duration::from_millis(100 + u64::from(u16::from_be_bytes(random)) % 1_000)
}
