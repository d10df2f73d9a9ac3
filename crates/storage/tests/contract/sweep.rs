use countersign_protocol::replay::{Purpose, ReplayKey};
use countersign_storage::{
    Unit, authorization_code, interaction, pushed_request, refresh_token, replay, throttle,
};

use crate::bed::{
    Bed, NOW, code, digest, interaction, issuer, on_both_engines, other_issuer, pushed_request,
    refresh_token, replay_key,
};

on_both_engines! {
    expired_rows_go_in_small_batches,
    every_table_is_swept_and_nothing_live_goes,
}

async fn expired_rows_go_in_small_batches(bed: Bed) {
    let keys: Vec<ReplayKey> = (0..25_u8).map(|number| replay_key(Purpose::DpopProof, &[number])).collect();
    let issuers = [issuer(), other_issuer()];
    let spends = keys.iter().zip(issuers.iter().cycle());
    let spends = spends.map(|(key, issuer)| replay::spend(issuer, key, NOW));
    assert!(Unit::new().then_all(spends).commit(&bed.store).await.unwrap().is_committed());
    let mut removed = Vec::new();
    loop {
        let report = bed.store.sweep(NOW.plus(901), 10).await.unwrap();
        removed.push(report.removed.iter().map(|(_, count)| count).sum::<u64>());
        if !report.more {
            break;
        }
    }
    assert_eq!(removed, [10, 10, 5]);
}

async fn every_table_is_swept_and_nothing_live_goes(bed: Bed) {
    let rows = Unit::new()
        .then(pushed_request::push(&issuer(), digest(1), &pushed_request("a")))
        .then(interaction::open(&issuer(), digest(1), &interaction(digest(2))))
        .then(authorization_code::issue(&issuer(), digest(1), &code("a", 1), NOW.plus(600)))
        .then(refresh_token::issue(&issuer(), digest(1), &refresh_token("a", 1)))
        .then(replay::spend(&issuer(), &replay_key(Purpose::DpopProof, b"1"), NOW));
    assert!(rows.commit(&bed.store).await.unwrap().is_committed());
    throttle::count(&bed.store, &issuer(), digest(1), 60, NOW).await.unwrap();

    let none = bed.store.sweep(NOW.plus(59), 100).await.unwrap();
    assert!(none.removed.iter().all(|(_, count)| *count == 0), "{none:?}");
    let all = bed.store.sweep(NOW.plus(1_000_000), 100).await.unwrap();
    let swept: Vec<_> = all.removed.iter().filter(|(_, count)| *count == 1).map(|(name, _)| *name).collect();
    assert_eq!(swept.len(), 6, "{all:?}");
    assert!(!all.more);
}
