use countersign_storage::{
    StorageError, Unit,
    signing_key::{self, KeyState, SigningKey},
};

use crate::bed::{Bed, NOW, committed_of, issuer, on_both_engines, other_issuer};

on_both_engines! {
    two_nodes_rotate_once,
    two_nodes_start_with_one_key,
    a_key_is_seen_before_it_signs,
    an_archived_key_cannot_sign,
    two_active_keys_cannot_be,
    issuers_and_purposes_have_their_own,
}

fn key(id: &str, state: KeyState) -> SigningKey {
    SigningKey {
        key_id: id.into(),
        purpose: "answers".into(),
        algorithm: "ES256".into(),
        state,
        public_jwk: "{}".into(),
        sealed_private: Some(vec![1, 2, 3]),
        created_at: NOW,
        activated_at: (state == KeyState::Active).then_some(NOW),
        retired_at: None,
        archived_at: None,
    }
}

async fn added(bed: &Bed, id: &str, state: KeyState) -> bool {
    signing_key::add(&issuer(), &key(id, state)).commit(&bed.store).await.unwrap().is_committed()
}

async fn states(bed: &Bed) -> Vec<(String, KeyState)> {
    let keys = signing_key::list(&bed.store, &issuer()).await.unwrap();
    keys.into_iter().map(|key| (key.key_id, key.state)).collect()
}

async fn two_nodes_rotate_once(bed: Bed) {
    assert!(added(&bed, "1", KeyState::Active).await);
    assert!(added(&bed, "2", KeyState::Prepublished).await);
    let nodes = [bed.store.clone(), bed.another_node().await];
    let rotations = (0..10).map(|node| {
        let store = nodes[node % 2].clone();
        async move {
            Unit::new()
                .then(signing_key::retire(&issuer(), "1", NOW))
                .then(signing_key::promote(&issuer(), "2", NOW, NOW))
                .then(signing_key::add(&issuer(), &key(&format!("3-{node}"), KeyState::Prepublished)))
                .commit(&store)
                .await
                .unwrap()
        }
    });
    assert_eq!(committed_of(rotations).await, 1);
    let states: Vec<_> = states(&bed).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [KeyState::Retired, KeyState::Active, KeyState::Prepublished]);
}

async fn two_nodes_start_with_one_key(bed: Bed) {
    let starts = (0..10).map(|node| {
        let store = bed.store.clone();
        let first = key(&format!("{node}"), KeyState::Active);
        async move { signing_key::add(&issuer(), &first).commit(&store).await.unwrap() }
    });
    assert_eq!(committed_of(starts).await, 1);
}

async fn a_key_is_seen_before_it_signs(bed: Bed) {
    assert!(added(&bed, "2", KeyState::Prepublished).await);
    let promote = |before| signing_key::promote(&issuer(), "2", before, NOW.plus(60)).commit(&bed.store);
    assert!(!promote(NOW.minus(1)).await.unwrap().is_committed());
    assert!(promote(NOW).await.unwrap().is_committed());
    assert!(!promote(NOW).await.unwrap().is_committed());
}

async fn an_archived_key_cannot_sign(bed: Bed) {
    assert!(added(&bed, "1", KeyState::Active).await);
    let archive = || signing_key::archive(&issuer(), "1", NOW.plus(2)).commit(&bed.store);
    assert!(!archive().await.unwrap().is_committed(), "it still signs");
    assert!(
        signing_key::retire(&issuer(), "1", NOW.plus(1)).commit(&bed.store).await.unwrap().is_committed()
    );
    assert!(archive().await.unwrap().is_committed());
    let archived = SigningKey {
        sealed_private: None,
        retired_at: Some(NOW.plus(1)),
        archived_at: Some(NOW.plus(2)),
        activated_at: Some(NOW),
        ..key("1", KeyState::Archived)
    };
    assert_eq!(signing_key::list(&bed.store, &issuer()).await.unwrap(), [archived]);
}

/// A rotation that forgets to retire fails as a whole; the units beside it do not notice.
async fn two_active_keys_cannot_be(bed: Bed) {
    assert!(added(&bed, "1", KeyState::Active).await);
    assert!(added(&bed, "2", KeyState::Prepublished).await);
    let clumsy = Unit::new()
        .then(signing_key::add(&issuer(), &SigningKey { purpose: "x".into(), ..key("x", KeyState::Active) }))
        .then(signing_key::promote(&issuer(), "2", NOW, NOW));
    let neighbour =
        signing_key::add(&issuer(), &SigningKey { purpose: "y".into(), ..key("y", KeyState::Active) });
    let (clumsy, neighbour) = tokio::join!(clumsy.commit(&bed.store), neighbour.commit(&bed.store));
    assert!(matches!(clumsy, Err(StorageError::Statement { statement: "signing_key.promote", .. })));
    assert!(neighbour.unwrap().is_committed());
    let expected = [("1", KeyState::Active), ("2", KeyState::Prepublished), ("y", KeyState::Active)];
    assert_eq!(states(&bed).await, expected.map(|(id, state)| (id.to_owned(), state)));
}

async fn issuers_and_purposes_have_their_own(bed: Bed) {
    assert!(added(&bed, "1", KeyState::Active).await);
    for (issuer, other) in [
        (other_issuer(), key("1", KeyState::Active)),
        (issuer(), SigningKey { purpose: "checkpoints".into(), ..key("2", KeyState::Active) }),
        (issuer(), SigningKey { algorithm: "PS256".into(), ..key("3", KeyState::Active) }),
    ] {
        assert!(signing_key::add(&issuer, &other).commit(&bed.store).await.unwrap().is_committed());
    }
}
