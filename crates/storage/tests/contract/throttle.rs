use countersign_storage::throttle::{self, Attempts};

use crate::bed::{Bed, NOW, digest, issuer, on_both_engines, other_issuer};

on_both_engines! {
    every_attempt_counts_once,
    a_window_ends,
    forgotten_when_the_right_person_came,
    atk_dos_11_a_right_attempt_is_taken_back_once,
}

async fn count(bed: &Bed, bucket: u64, after: u64) -> Attempts {
    throttle::count(&bed.store, &issuer(), digest(bucket), 60, NOW.plus(after)).await.unwrap()
}

async fn every_attempt_counts_once(bed: Bed) {
    let attempts: Vec<_> = (0..30)
        .map(|_| {
            let store = bed.store.clone();
            tokio::spawn(async move {
                throttle::count(&store, &issuer(), digest(1), 60, NOW).await.unwrap().count
            })
        })
        .collect();
    let mut counts = Vec::new();
    for attempt in attempts {
        counts.push(attempt.await.unwrap());
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=30).collect::<Vec<_>>());
}

async fn a_window_ends(bed: Bed) {
    assert_eq!(count(&bed, 1, 0).await, Attempts { count: 1, window_ends: NOW.plus(60) });
    assert_eq!(count(&bed, 1, 59).await, Attempts { count: 2, window_ends: NOW.plus(60) });
    assert_eq!(count(&bed, 1, 60).await, Attempts { count: 1, window_ends: NOW.plus(120) });
    assert_eq!(count(&bed, 2, 60).await.count, 1, "another bucket");
    let elsewhere = throttle::count(&bed.store, &other_issuer(), digest(1), 60, NOW.plus(60)).await.unwrap();
    assert_eq!(elsewhere.count, 1, "another issuer");
}

async fn forgotten_when_the_right_person_came(bed: Bed) {
    count(&bed, 1, 0).await;
    bed.keep(throttle::forget(&issuer(), digest(1))).await;
    assert_eq!(count(&bed, 1, 1).await.count, 1);
}

async fn atk_dos_11_a_right_attempt_is_taken_back_once(bed: Bed) {
    let uncount = |after| throttle::uncount(&issuer(), digest(1), NOW.plus(after));
    bed.keep(uncount(0)).await;
    assert_eq!(count(&bed, 1, 0).await.count, 1, "there was nothing to take back");
    assert_eq!(count(&bed, 1, 0).await.count, 2);
    bed.keep(uncount(1)).await;
    assert_eq!(count(&bed, 1, 2).await, Attempts { count: 2, window_ends: NOW.plus(60) });
    for _ in 0..5 {
        bed.keep(uncount(3)).await;
    }
    assert_eq!(count(&bed, 1, 4).await.count, 1, "never below none");
    bed.keep(uncount(60)).await;
    assert_eq!(count(&bed, 1, 59).await.count, 2, "a window that is over stays as it was");
}
