use std::collections::BTreeSet;

use countersign_evidence::bundle::Kept;
use countersign_evidence::checkpoint::Checkpoint;
use countersign_evidence::key_archive::{ArchivedKey, KeyOwner};
use countersign_evidence::record::{Original, Record, RecordKind};
use countersign_evidence::tree::{Frontier, leaf_hash};
use countersign_jose::{Algorithm, SystemEntropy};
use countersign_protocol::parameter::TransactionId;
use countersign_storage::{Unit, evidence_key, evidence_record, evidence_tree};

use super::open_original;
use crate::bed::{Bed, issuer, on_both_engines, sealer};

on_both_engines! {
    evd_36_two_keepers_write_one_log,
    evd_39_a_clients_key_is_archived_once,
    evd_37_bytes_are_sealed_in_their_place,
}

fn record(bed: &Bed) -> Record {
    let transaction = TransactionId::generate(bed.now(), &mut SystemEntropy);
    Record::new(issuer(), transaction, RecordKind::RequestReceived, bed.now(), bed.shop.id.clone())
}

async fn evd_36_two_keepers_write_one_log(bed: Bed) {
    const ROUNDS: usize = 6;
    let nodes = [bed.server.clone(), bed.another_node().await];
    let before = evidence_record::pending(bed.server.store(), &issuer(), 1000).await.unwrap().len();
    for _ in 0..ROUNDS {
        let records = (0..60).flat_map(|_| bed.server.evidence().keep(record(&bed), &[]).unwrap());
        bed.keep(Unit::new().then_all(records)).await;
        let tasks = nodes.clone().map(|node| {
            let now = bed.now();
            tokio::spawn(async move { node.evidence().sequence(node.keys(), now).await.unwrap() })
        });
        for task in tasks {
            task.await.unwrap();
        }
    }
    let (store, total) = (bed.server.store(), (before + ROUNDS * 60) as u64);
    assert!(evidence_record::pending(store, &issuer(), 1).await.unwrap().is_empty());
    let log = evidence_record::in_log(store, &issuer(), 0, total + 1).await.unwrap();
    let places: Vec<_> = log.iter().map(|row| row.leaf_index.unwrap()).collect();
    assert_eq!(places, (0..total).collect::<Vec<_>>(), "without gap or double");
    assert_eq!(log.iter().map(|row| &row.record_id).collect::<BTreeSet<_>>().len() as u64, total);

    let mut expected = Frontier::new();
    log.iter().for_each(|row| expected.append(leaf_hash(&row.leaf), |_, _| {}));
    let head = evidence_tree::head(store, &issuer()).await.unwrap().unwrap();
    let signed = Checkpoint::open(&head.checkpoint.parse().unwrap(), nodes[1].keys().log_key()).unwrap();
    assert_eq!((signed.size, signed.root), (total, expected.root()));
}

async fn evd_39_a_clients_key_is_archived_once(bed: Bed) {
    let nodes = [bed.server.clone(), bed.another_node().await];
    let key = bed.shop.key.thumbprint();
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (node, id, now) = (nodes[number % 2].clone(), bed.shop.id.clone(), bed.now());
            tokio::spawn(async move {
                let client = node.client(&id).await.unwrap().unwrap();
                node.evidence().client_key(&client, key, Algorithm::ES256, now).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    bed.advance(100);
    let restarted = bed.another_node().await;
    let client = restarted.client(&bed.shop.id).await.unwrap().unwrap();
    restarted.evidence().client_key(&client, key, Algorithm::ES256, bed.now()).await.unwrap();
    let rows = evidence_key::find(bed.server.store(), &issuer(), &key).await.unwrap();
    let [row] = <[_; 1]>::try_from(rows).unwrap();
    let leaf = ArchivedKey::from_leaf(&row.leaf).unwrap();
    assert_eq!(leaf.owner, KeyOwner::Client(bed.shop.id.clone()));
    assert!(leaf.valid_at(bed.now()) && leaf.valid_at(bed.now().minus(100)));

    let foreign = bed.other.key.thumbprint();
    let refused = restarted.evidence().client_key(&client, foreign, Algorithm::ES256, bed.now()).await;
    assert!(refused.is_err(), "a key of another client is not archived as this one's");
}

async fn evd_37_bytes_are_sealed_in_their_place(bed: Bed) {
    let (said, shown) = (b"the request object".as_slice(), b"the page".as_slice());
    let originals = [(Original::RequestObject, said), (Original::Shown, shown)];
    let record = record(&bed);
    let transaction = record.transaction.clone();
    bed.keep(Unit::new().then_all(bed.server.evidence().keep(record, &originals).unwrap())).await;
    let store = bed.server.store();
    let [row] =
        <[_; 1]>::try_from(evidence_record::of_transaction(store, &issuer(), &transaction).await.unwrap())
            .unwrap();
    let leaf = Record::from_leaf(&row.leaf).unwrap();
    let blobs = evidence_record::blobs(store, &issuer(), &row.record_id).await.unwrap();
    assert_eq!(blobs.len(), 2);
    for (original, bytes) in originals {
        let blob = blobs.iter().find(|blob| blob.part == original.as_str()).unwrap();
        assert!(!blob.sealed.windows(bytes.len()).any(|part| part == bytes), "readable in the database");
        let Kept::Bytes { salt, bytes: opened } =
            open_original(&sealer(), &issuer(), &row.record_id, blob).unwrap()
        else {
            panic!("{original} was erased");
        };
        assert_eq!(opened, bytes);
        assert_eq!(Some(&salt.digest(bytes)), leaf.digest_of(original));
        let moved = open_original(&sealer(), &issuer(), "another-record", blob);
        assert!(moved.is_err(), "{original} opens in another place");
    }
}
