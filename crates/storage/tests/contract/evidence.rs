use std::collections::HashSet;

use countersign_evidence::{
    key_archive::{ArchivedKey, KeyEvent, KeyOwner, KeyPurpose, ThumbprintMembers},
    record::{Record, RecordKind},
    tile::TileId,
};
use countersign_jose::{Algorithm, SigningKey};
use countersign_storage::{
    Outcome, StorageError, Store, Unit, authorization_code, evidence_key,
    evidence_record::{self, EvidenceBlob, EvidenceRecord},
    evidence_tree,
};

use crate::bed::{Bed, NOW, client, code, digest, issuer, on_both_engines, other_issuer, transaction};

on_both_engines! {
    kept_with_the_answer_or_not_at_all,
    sequenced_by_two_nodes_without_gap_or_double,
    a_lost_race_changes_nothing,
    a_log_that_lost_a_tile_signs_nothing,
    records_become_leaves_in_the_order_of_arrival,
    erasing_the_bytes_keeps_the_record,
    transactions_are_listed_newest_first,
    keys_are_archived_once_for_each_owner,
}

fn record(number: u64, of_transaction: u64) -> EvidenceRecord {
    let (kind, at) = (RecordKind::RequestReceived, NOW.plus(number));
    let record = Record::new(issuer(), transaction(of_transaction), kind, at, client("a"));
    EvidenceRecord::of(format!("{number:08}"), &record).unwrap()
}

fn blob(part: &str) -> EvidenceBlob {
    EvidenceBlob { part: part.into(), sealed: vec![2; 900] }
}

async fn appended(bed: &Bed, records: impl IntoIterator<Item = EvidenceRecord>) {
    let records: Vec<_> = records.into_iter().collect();
    bed.keep(Unit::new().then_all(records.iter().map(|record| evidence_record::append(&issuer(), record))))
        .await;
}

/// What a node's sequencer does, with a checkpoint that nobody signed.
async fn sequence(store: &Store, batch: u64) -> Result<Outcome, StorageError> {
    let mut log = evidence_tree::load(store, &issuer()).await?;
    let pending = evidence_record::pending(store, &issuer(), batch).await?;
    let integration = log.integrate(pending.iter().map(|record| &record.leaf)).unwrap();
    let checkpoint = format!("{:?}", integration.checkpoint);
    evidence_tree::integrate(&issuer(), &pending, &integration, &checkpoint, NOW).commit(store).await
}

async fn kept_with_the_answer_or_not_at_all(bed: Bed) {
    bed.keep(authorization_code::issue(&issuer(), digest(1), &code("a", 1), NOW.plus(600))).await;
    let redemption = |number| {
        Unit::new()
            .then(evidence_record::append(&issuer(), &record(number, 1)))
            .then(evidence_record::keep_blob(&issuer(), &format!("{number:08}"), &blob("response")))
            .then(authorization_code::redeem(&issuer(), digest(1), &client("a"), NOW.plus(600), NOW))
            .commit(&bed.store)
    };
    assert!(redemption(1).await.unwrap().is_committed());
    assert!(matches!(redemption(2).await.unwrap(), Outcome::Refused("authorization_code.redeem")));
    let kept = evidence_record::of_transaction(&bed.store, &issuer(), &transaction(1)).await.unwrap();
    assert_eq!(kept, [record(1, 1)]);
    assert!(evidence_record::blobs(&bed.store, &issuer(), "00000002").await.unwrap().is_empty());
    assert!(evidence_record::pending(&bed.store, &other_issuer(), 10).await.unwrap().is_empty());
}

async fn sequenced_by_two_nodes_without_gap_or_double(bed: Bed) {
    const RECORDS: u64 = 600;
    assert_eq!(evidence_tree::head(&bed.store, &issuer()).await.unwrap(), None);
    appended(&bed, (0..RECORDS).map(|number| record(number, 1))).await;
    let nodes = [bed.store.clone(), bed.another_node().await];
    let sequencers = nodes.map(|store| {
        tokio::spawn(async move {
            while !evidence_record::pending(&store, &issuer(), 1).await.unwrap().is_empty() {
                let _ = sequence(&store, 37).await.unwrap();
            }
        })
    });
    for sequencer in sequencers {
        sequencer.await.unwrap();
    }
    let log = evidence_record::in_log(&bed.store, &issuer(), 0, RECORDS + 1).await.unwrap();
    let places: Vec<_> = log.iter().map(|record| record.leaf_index.unwrap()).collect();
    assert_eq!(places, (0..RECORDS).collect::<Vec<_>>());
    let ids: HashSet<_> = log.iter().map(|record| &record.record_id).collect();
    assert_eq!(ids.len() as u64, RECORDS);

    let mut expected = countersign_evidence::tree::Frontier::new();
    for record in &log {
        expected.append(countersign_evidence::tree::leaf_hash(&record.leaf), |_, _| {});
    }
    let head = evidence_tree::head(&bed.store, &issuer()).await.unwrap().unwrap();
    assert_eq!(head.frontier, expected);
    assert_eq!(evidence_tree::load(&bed.store, &issuer()).await.unwrap().root(), expected.root());
}

async fn a_lost_race_changes_nothing(bed: Bed) {
    appended(&bed, (0..4).map(|number| record(number, 1))).await;
    for (round, name) in ["evidence_tree.begin", "evidence_tree.advance"].into_iter().enumerate() {
        let mut late = evidence_tree::load(&bed.store, &issuer()).await.unwrap();
        let seen = evidence_record::pending(&bed.store, &issuer(), 2).await.unwrap();
        assert!(sequence(&bed.store, 2).await.unwrap().is_committed());
        let head = evidence_tree::head(&bed.store, &issuer()).await.unwrap();
        let integration = late.integrate(seen.iter().map(|record| &record.leaf)).unwrap();
        let lost = evidence_tree::integrate(&issuer(), &seen, &integration, "late", NOW);
        assert_eq!(lost.commit(&bed.store).await.unwrap().refused(), Some(name));
        assert_eq!(evidence_tree::head(&bed.store, &issuer()).await.unwrap(), head);
        let log = evidence_record::in_log(&bed.store, &issuer(), 0, 10).await.unwrap();
        assert_eq!(log.len(), 2 * (round + 1));
    }
}

async fn a_log_that_lost_a_tile_signs_nothing(bed: Bed) {
    appended(&bed, (0..3).map(|number| record(number, 1))).await;
    assert!(sequence(&bed.store, 3).await.unwrap().is_committed());
    let name = TileId { level: 0, index: 0, width: 3 };
    assert_ne!(evidence_tree::tiles(&bed.store, &issuer(), &[name]).await.unwrap(), Default::default());
    bed.tamper("DELETE FROM evidence_tile").await;
    assert!(matches!(sequence(&bed.store, 3).await, Err(StorageError::Damaged(_))));
}

/// Whatever their ids and clocks say: the answer was committed after its request.
async fn records_become_leaves_in_the_order_of_arrival(bed: Bed) {
    for number in [9, 3, 7, 1] {
        appended(&bed, [record(number, number)]).await;
    }
    assert!(sequence(&bed.store, 10).await.unwrap().is_committed());
    let log = evidence_record::in_log(&bed.store, &issuer(), 0, 10).await.unwrap();
    let ids: Vec<_> = log.iter().map(|record| record.record_id.as_str()).collect();
    assert_eq!(ids, ["00000009", "00000003", "00000007", "00000001"]);
}

async fn erasing_the_bytes_keeps_the_record(bed: Bed) {
    appended(&bed, [record(1, 1), record(2, 2)]).await;
    let keep = Unit::new()
        .then(evidence_record::keep_blob(&issuer(), "00000001", &blob("request_object")))
        .then(evidence_record::keep_blob(&issuer(), "00000001", &blob("consent")))
        .then(evidence_record::keep_blob(&issuer(), "00000002", &blob("consent")));
    assert!(keep.commit(&bed.store).await.unwrap().is_committed());
    let kept = evidence_record::blobs(&bed.store, &issuer(), "00000001").await.unwrap();
    assert_eq!(kept, [blob("consent"), blob("request_object")]);

    let erase = evidence_record::erase_blobs(&issuer(), &transaction(1), NOW);
    let Outcome::Committed(erased) = erase.commit(&bed.store).await.unwrap() else { panic!("refused") };
    assert_eq!(erased.touched(0), 2);
    assert!(evidence_record::blobs(&bed.store, &issuer(), "00000001").await.unwrap().is_empty());
    assert_eq!(evidence_record::blobs(&bed.store, &issuer(), "00000002").await.unwrap().len(), 1);
    let records = evidence_record::of_transaction(&bed.store, &issuer(), &transaction(1)).await.unwrap();
    assert_eq!(records, [record(1, 1)]);
}

async fn transactions_are_listed_newest_first(bed: Bed) {
    appended(&bed, [record(1, 1), record(2, 2), record(3, 2), record(4, 3)]).await;
    let newest = evidence_record::transactions(&bed.store, &issuer(), None, 2).await.unwrap();
    let seen: Vec<_> = newest.iter().map(|listed| (listed.transaction_id.clone(), listed.records)).collect();
    assert_eq!(seen, [(transaction(3), 1), (transaction(2), 2)]);
    assert_eq!((newest[1].began_at, newest[1].ended_at), (NOW.plus(2), NOW.plus(3)));
    let rest = evidence_record::transactions(&bed.store, &issuer(), Some(&transaction(2)), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].transaction_id, transaction(1));
}

async fn keys_are_archived_once_for_each_owner(bed: Bed) {
    let public = SigningKey::generate(Algorithm::ES256).unwrap().public_jwk().clone();
    let key = |owner: KeyOwner| ArchivedKey {
        issuer: issuer(),
        event: KeyEvent::Published,
        at: NOW,
        owner,
        purpose: KeyPurpose::Signing,
        algorithm: Algorithm::ES256,
        valid_from: NOW,
        valid_to: None,
        jwk: ThumbprintMembers::of(&public).unwrap(),
    };
    let (ours, theirs) = (KeyOwner::Issuer(issuer()), KeyOwner::Client(issuer().as_str().parse().unwrap()));
    let retired = ArchivedKey { event: KeyEvent::Retired, valid_to: Some(NOW.plus(9)), ..key(ours.clone()) };
    let archived = [key(ours.clone()), key(theirs.clone()), retired];
    for (number, key) in archived.iter().enumerate() {
        for (attempt, refused) in [(0, None), (1, Some("evidence_key.archive"))] {
            let archive = evidence_key::archive(&issuer(), format!("{number}-{attempt}"), key).unwrap();
            assert_eq!(archive.commit(&bed.store).await.unwrap().refused(), refused);
        }
    }
    let thumbprint = archived[0].thumbprint().unwrap();
    let found = evidence_key::find(&bed.store, &issuer(), &thumbprint).await.unwrap();
    let read: Vec<_> = found.iter().map(|record| ArchivedKey::from_leaf(&record.leaf).unwrap()).collect();
    assert_eq!(read, archived);
    assert_eq!(evidence_record::pending(&bed.store, &issuer(), 10).await.unwrap(), found);
    assert!(evidence_record::transactions(&bed.store, &issuer(), None, 10).await.unwrap().is_empty());
}
