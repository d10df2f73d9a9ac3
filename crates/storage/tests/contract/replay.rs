use countersign_protocol::{
    replay::{Purpose, ReplayKey},
    time::UnixTime,
};
use countersign_storage::{Store, replay};

use crate::bed::{Bed, NOW, committed_of, issuer, on_both_engines, other_issuer, replay_key};

on_both_engines! {
    jar_105_spent_once_among_50,
    cauth_13_spent_once_across_nodes,
    dpop_06_remembered_for_its_whole_window,
    atk_dos_07_a_clock_that_steps_back_reopens_nothing,
    jar_107_an_expired_entry_does_not_block,
    jar_105_namespaces_are_apart,
    cauth_13_spent_is_seen_and_named,
}

async fn spend(store: &Store, key: &ReplayKey, now: UnixTime) -> bool {
    replay::spend(&issuer(), key, now).commit(store).await.unwrap().is_committed()
}

async fn spent_by_50(nodes: &[Store], key: &ReplayKey, now: UnixTime) -> usize {
    let attempts = (0..50).map(|attempt| {
        let (store, key) = (nodes[attempt % nodes.len()].clone(), key.clone());
        async move { replay::spend(&issuer(), &key, now).commit(&store).await.unwrap() }
    });
    committed_of(attempts).await
}

async fn jar_105_spent_once_among_50(bed: Bed) {
    let key = replay_key(Purpose::RequestObject, b"jti");
    assert_eq!(spent_by_50(std::slice::from_ref(&bed.store), &key, NOW).await, 1);
}

async fn cauth_13_spent_once_across_nodes(bed: Bed) {
    let nodes = [bed.store.clone(), bed.another_node().await, bed.another_node().await];
    let key = replay_key(Purpose::ClientAssertion, b"jti");
    assert_eq!(spent_by_50(&nodes, &key, NOW).await, 1);
}

async fn dpop_06_remembered_for_its_whole_window(bed: Bed) {
    let key = ReplayKey::of_key("thumbprint", b"jti", NOW.plus(300));
    assert!(spend(&bed.store, &key, NOW).await);
    for after in [0, 1, 299, 300] {
        bed.store.sweep(NOW.plus(after), 100).await.unwrap();
        assert!(!spend(&bed.store, &key, NOW.plus(after)).await, "after {after} s");
    }
}

/// The clock is right, or ahead by up to ten minutes: other messages come and the sweeper runs. Then it is set back.
async fn atk_dos_07_a_clock_that_steps_back_reopens_nothing(bed: Bed) {
    let key = replay_key(Purpose::ClientAssertion, b"jti");
    assert!(spend(&bed.store, &key, NOW).await);
    let ahead = key.expires.plus(600);
    bed.store.sweep(ahead, 100).await.unwrap();
    assert!(!spend(&bed.store, &key, ahead).await, "not taken anew while the clock is ahead");
    for back in [ahead.minus(300), key.expires, NOW] {
        assert!(!spend(&bed.store, &key, back).await, "at {back:?}");
        assert!(replay::is_spent(&bed.store, &issuer(), &key, back).await.unwrap(), "at {back:?}");
    }
}

/// Not swept yet, but out of its window: the same identifier counts again, once.
async fn jar_107_an_expired_entry_does_not_block(bed: Bed) {
    let key = replay_key(Purpose::RequestObject, b"jti");
    assert!(spend(&bed.store, &key, NOW).await);
    let again = ReplayKey { expires: NOW.plus(1_000), ..key };
    assert_eq!(spent_by_50(std::slice::from_ref(&bed.store), &again, NOW.plus(901)).await, 1);
    assert!(!spend(&bed.store, &again, NOW.plus(1_600)).await);
}

async fn jar_105_namespaces_are_apart(bed: Bed) {
    let key = replay_key(Purpose::RequestObject, b"jti");
    assert!(spend(&bed.store, &key, NOW).await);
    assert!(spend(&bed.store, &ReplayKey { owner: "b".into(), ..key.clone() }, NOW).await);
    assert!(spend(&bed.store, &replay_key(Purpose::ClientAssertion, b"jti"), NOW).await);
    assert!(spend(&bed.store, &replay_key(Purpose::RequestObject, b"other"), NOW).await);
    let elsewhere = replay::spend(&other_issuer(), &key, NOW).commit(&bed.store).await.unwrap();
    assert!(elsewhere.is_committed());
}

async fn cauth_13_spent_is_seen_and_named(bed: Bed) {
    let issuer = issuer();
    for purpose in [Purpose::RequestObject, Purpose::ClientAssertion, Purpose::DpopProof] {
        let key = replay_key(purpose, b"jti");
        let is_spent = |after| replay::is_spent(&bed.store, &issuer, &key, NOW.plus(after));
        assert!(!is_spent(0).await.unwrap());
        assert!(spend(&bed.store, &key, NOW).await);
        assert!(is_spent(0).await.unwrap() && is_spent(900).await.unwrap());
        assert!(!is_spent(901).await.unwrap());
        let refused = replay::spend(&issuer, &key, NOW).commit(&bed.store).await.unwrap().refused();
        assert_eq!(refused.and_then(replay::spent_before), Some(purpose));
    }
}
