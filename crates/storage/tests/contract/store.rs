use countersign_protocol::replay::Purpose;
use countersign_storage::{Outcome, Settings, StorageError, Store, Unit, replay};

use crate::bed::{Bed, NOW, issuer, on_both_engines, replay_key};

on_both_engines! {
    nodes_that_start_together_migrate_once,
    a_newer_schema_is_left_alone,
    an_altered_migration_is_refused,
    a_refused_unit_changes_nothing,
    a_unit_is_carried_out_though_nobody_waits,
    an_empty_unit_is_committed,
    answers_a_ping,
}

async fn nodes_that_start_together_migrate_once(bed: Bed) {
    let settings = match &bed.settings {
        Settings::Sqlite { .. } => Settings::Sqlite { path: bed.path("fresh.db") },
        Settings::Postgres { .. } => Settings::Postgres {
            url: countersign_testkit::postgres::database().await.url().into(),
            pool_size: 2,
        },
    };
    let nodes: Vec<_> = (0..8).map(|_| tokio::spawn(Store::open(settings.clone()))).collect();
    for node in nodes {
        node.await.unwrap().unwrap().ping().await.unwrap();
    }
}

async fn a_newer_schema_is_left_alone(bed: Bed) {
    bed.tamper("INSERT INTO schema_migration (number, checksum) VALUES (999, 'x')").await;
    let refusal = Store::open(bed.settings.clone()).await.unwrap_err();
    assert!(matches!(refusal, StorageError::NewerSchema { found: 999, .. }), "{refusal}");
}

async fn an_altered_migration_is_refused(bed: Bed) {
    bed.tamper("UPDATE schema_migration SET checksum = 'x' WHERE number = 1").await;
    assert_eq!(Store::open(bed.settings.clone()).await.unwrap_err(), StorageError::ChangedMigration(1));
}

async fn a_refused_unit_changes_nothing(bed: Bed) {
    let (first, second) = (replay_key(Purpose::DpopProof, b"1"), replay_key(Purpose::DpopProof, b"2"));
    let twice = Unit::new()
        .then(replay::spend(&issuer(), &first, NOW))
        .then(replay::spend(&issuer(), &second, NOW))
        .then(replay::spend(&issuer(), &first, NOW));
    let beside = Unit::new()
        .then(replay::spend(&issuer(), &replay_key(Purpose::DpopProof, b"3"), NOW))
        .then(replay::spend(&issuer(), &replay_key(Purpose::DpopProof, b"4"), NOW));
    let (twice, beside) = tokio::join!(twice.commit(&bed.store), beside.commit(&bed.store));
    assert!(matches!(twice.unwrap(), Outcome::Refused("replay.spend_dpop_proof")));
    assert!(beside.unwrap().is_committed());
    for (key, unspent) in [(first, true), (second, true), (replay_key(Purpose::DpopProof, b"3"), false)] {
        let outcome = replay::spend(&issuer(), &key, NOW).commit(&bed.store).await.unwrap();
        assert_eq!(outcome.is_committed(), unspent);
    }
}

/// A browser that closes its connection must not leave half a unit, nor a connection inside a transaction.
async fn a_unit_is_carried_out_though_nobody_waits(bed: Bed) {
    for number in 0..40_u8 {
        let unit = Unit::new()
            .then(replay::spend(&issuer(), &replay_key(Purpose::DpopProof, &[number]), NOW))
            .then(replay::spend(&issuer(), &replay_key(Purpose::ClientAssertion, &[number]), NOW));
        let patience = std::time::Duration::from_micros(u64::from(number) * 50);
        drop(tokio::time::timeout(patience, unit.commit(&bed.store)).await);
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    for number in 0..40_u8 {
        let mut spent = Vec::new();
        for purpose in [Purpose::DpopProof, Purpose::ClientAssertion] {
            let again =
                replay::spend(&issuer(), &replay_key(purpose, &[number]), NOW).commit(&bed.store).await;
            spent.push(!again.unwrap().is_committed());
        }
        assert_eq!(spent[0], spent[1], "half of unit {number}");
    }
}

async fn an_empty_unit_is_committed(bed: Bed) {
    assert!(Unit::new().commit(&bed.store).await.unwrap().is_committed());
}

async fn answers_a_ping(bed: Bed) {
    bed.store.ping().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_belong_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let bed = Bed::sqlite().await;
    bed.keep(replay::spend(&issuer(), &replay_key(Purpose::DpopProof, b"1"), NOW)).await;
    for name in ["countersign.db", "countersign.db-wal"] {
        let mode = std::fs::metadata(bed.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_opened_says_so() {
    let missing = Settings::Sqlite { path: "/nowhere/at/all/db".into() };
    assert!(matches!(Store::open(missing).await, Err(StorageError::Open(_))));
    let unreachable = Settings::Postgres { url: "postgresql://u:secret@127.0.0.1:1/db".into(), pool_size: 1 };
    assert!(!format!("{unreachable:?}").contains("secret"));
    let refusal = Store::open(unreachable).await.unwrap_err();
    assert!(matches!(refusal, StorageError::Open(_)) && !refusal.to_string().contains("secret"), "{refusal}");
}

#[tokio::test]
async fn net_01_no_clear_text_to_another_machine() {
    let elsewhere = Settings::Postgres { url: "postgresql://u:secret@192.0.2.1/db".into(), pool_size: 1 };
    let refusal = Store::open(elsewhere).await.unwrap_err().to_string();
    assert!(refusal.contains("NET-01") && refusal.contains("sslmode=disable"), "{refusal}");
}
