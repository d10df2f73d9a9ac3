use countersign_storage::{
    Outcome, Unit, authorization_code,
    evidence_key::{self, ArchivedKey},
    evidence_record::{self, EvidenceBlob, EvidenceRecord},
    evidence_tree::{self, Tile, TreeHead},
};

use crate::bed::{
    Bed, NOW, client, code, committed_of, digest, issuer, on_both_engines, other_issuer, transaction,
};

on_both_engines! {
    kept_with_the_answer_or_not_at_all,
    sequenced_once_by_one_of_two_nodes,
    a_tile_only_grows,
    erasing_the_bytes_keeps_the_record,
    transactions_are_listed_newest_first,
    keys_are_archived_once_for_each_owner,
}

fn record(number: u64, of_transaction: u64) -> EvidenceRecord {
    EvidenceRecord {
        record_id: format!("{number:08}"),
        transaction_id: transaction(of_transaction),
        kind: "request".into(),
        recorded_at: NOW.plus(number),
        leaf: number.to_be_bytes().to_vec(),
        leaf_index: None,
    }
}

fn blob(part: &str) -> EvidenceBlob {
    EvidenceBlob { part: part.into(), nonce: vec![1; 12], ciphertext: vec![2; 900], salt: vec![3; 32] }
}

fn head(size: u64) -> TreeHead {
    TreeHead { size, frontier: vec![9; 64], checkpoint: format!("as.example\n{size}\n"), updated_at: NOW }
}

async fn appended(bed: &Bed, records: impl IntoIterator<Item = EvidenceRecord>) {
    let records: Vec<_> = records.into_iter().collect();
    let append =
        Unit::new().then_all(records.iter().map(|record| evidence_record::append(&issuer(), record)));
    assert!(append.commit(&bed.store).await.unwrap().is_committed());
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

async fn sequenced_once_by_one_of_two_nodes(bed: Bed) {
    assert_eq!(evidence_tree::head(&bed.store, &issuer()).await.unwrap(), None);
    appended(&bed, (0..4).map(|number| record(number, 1))).await;
    let nodes = [bed.store.clone(), bed.another_node().await];
    for from in [0, 2] {
        let pending = evidence_record::pending(&bed.store, &issuer(), 2).await.unwrap();
        let sequencers = (0..6).map(|node| {
            let (store, pending) = (nodes[node % 2].clone(), pending.clone());
            async move {
                let places = pending.iter().zip(from..);
                let places =
                    places.map(|(record, place)| evidence_tree::place(&issuer(), &record.record_id, place));
                Unit::new()
                    .then(evidence_tree::advance(&issuer(), from, &head(from + 2)))
                    .then_all(places)
                    .commit(&store)
                    .await
                    .unwrap()
            }
        });
        assert_eq!(committed_of(sequencers).await, 1, "from size {from}");
        assert_eq!(evidence_tree::head(&bed.store, &issuer()).await.unwrap(), Some(head(from + 2)));
    }
    assert!(evidence_record::pending(&bed.store, &issuer(), 10).await.unwrap().is_empty());
    let log = evidence_record::in_log(&bed.store, &issuer(), 1, 2).await.unwrap();
    let places: Vec<_> = log.iter().map(|record| (record.record_id.as_str(), record.leaf_index)).collect();
    assert_eq!(places, [("00000001", Some(1)), ("00000002", Some(2))]);
}

async fn a_tile_only_grows(bed: Bed) {
    let tile =
        |width: u64| Tile { level: 0, index: 3, width, hashes: vec![width as u8; 32 * width as usize] };
    let write = |width| {
        let write = evidence_tree::write_tile(&issuer(), &tile(width));
        let store = bed.store.clone();
        async move { write.commit(&store).await.unwrap().is_committed() }
    };
    assert!(write(5).await);
    assert!(write(9).await);
    assert!(!write(9).await);
    assert!(!write(4).await);
    assert_eq!(evidence_tree::tile(&bed.store, &issuer(), 0, 3).await.unwrap(), Some(tile(9)));
    assert_eq!(evidence_tree::tile(&bed.store, &issuer(), 1, 3).await.unwrap(), None);
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
    let key = |owner: &str| ArchivedKey {
        thumbprint: "t".into(),
        owner: owner.into(),
        public_jwk: "{}".into(),
        archived_at: NOW,
    };
    for (owner, new) in [("a", 1), ("a", 0), ("b", 1)] {
        let outcome = evidence_key::archive(&issuer(), &key(owner)).commit(&bed.store).await.unwrap();
        let Outcome::Committed(committed) = outcome else { panic!("refused") };
        assert_eq!(committed.touched(0), new);
    }
    assert_eq!(evidence_key::find(&bed.store, &issuer(), "t").await.unwrap(), [key("a"), key("b")]);
}
