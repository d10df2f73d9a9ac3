use countersign_storage::{Unit, authorization_code, pushed_request};

use crate::bed::{
    Bed, NOW, client, code, committed_of, digest, issuer, on_both_engines, other_issuer, pushed_request,
};

on_both_engines! {
    par_07_a_reference_is_pushed_once,
    par_08_bound_to_client,
    par_09_expired_is_unknown,
    par_10_reload_burns_nothing,
    par_10_a_second_browser_cannot_take_over,
    par_10_can_be_completed_after_its_own_expiry,
    atk_par_09_not_reusable_after_completion,
    atk_par_09_answered_without_a_page,
    atk_par_10_two_tabs_complete_one_request,
    another_issuer_has_another_request,
}

const REFERENCE: u64 = 1;
const FIRST: u64 = 10;
const SECOND: u64 = 11;

async fn pushed(bed: &Bed) {
    let push = pushed_request::push(&issuer(), digest(REFERENCE), &pushed_request("a"));
    assert!(push.commit(&bed.store).await.unwrap().is_committed());
}

async fn bind(bed: &Bed, client_name: &str, interaction: u64) -> bool {
    let (interaction, until) = (digest(interaction), NOW.plus(600));
    pushed_request::bind(&issuer(), &client(client_name), digest(REFERENCE), interaction, until, NOW)
        .commit(&bed.store)
        .await
        .unwrap()
        .is_committed()
}

async fn consume(bed: &Bed, client_name: &str, interaction: u64) -> bool {
    pushed_request::consume(&issuer(), &client(client_name), digest(REFERENCE), digest(interaction), NOW)
        .commit(&bed.store)
        .await
        .unwrap()
        .is_committed()
}

async fn found(bed: &Bed, client_name: &str, after: u64) -> Option<pushed_request::PushedRequest> {
    let now = NOW.plus(after);
    pushed_request::find(&bed.store, &issuer(), &client(client_name), digest(REFERENCE), now).await.unwrap()
}

async fn par_07_a_reference_is_pushed_once(bed: Bed) {
    pushed(&bed).await;
    let mut second = pushed_request("b");
    second.request = b"other".to_vec();
    let outcome =
        pushed_request::push(&issuer(), digest(REFERENCE), &second).commit(&bed.store).await.unwrap();
    assert_eq!(outcome.refused(), Some("pushed_request.push"));
    assert_eq!(found(&bed, "a", 0).await, Some(pushed_request("a")));
}

async fn par_08_bound_to_client(bed: Bed) {
    pushed(&bed).await;
    assert_eq!(found(&bed, "b", 0).await, None);
    assert!(!bind(&bed, "b", FIRST).await);
    assert!(bind(&bed, "a", FIRST).await);
    assert!(!consume(&bed, "b", FIRST).await);
    assert!(consume(&bed, "a", FIRST).await, "the attempt of another client burned the entry");
}

async fn par_09_expired_is_unknown(bed: Bed) {
    pushed(&bed).await;
    assert!(found(&bed, "a", 89).await.is_some());
    assert_eq!(found(&bed, "a", 90).await, None);
    let late = pushed_request::bind(
        &issuer(),
        &client("a"),
        digest(REFERENCE),
        digest(FIRST),
        NOW.plus(600),
        NOW.plus(90),
    );
    assert!(!late.commit(&bed.store).await.unwrap().is_committed());
}

async fn par_10_reload_burns_nothing(bed: Bed) {
    pushed(&bed).await;
    for _ in 0..3 {
        assert!(found(&bed, "a", 0).await.is_some());
        assert!(bind(&bed, "a", FIRST).await);
    }
    assert_eq!(found(&bed, "a", 0).await.unwrap().interaction, Some(digest(FIRST)));
    assert!(consume(&bed, "a", FIRST).await);
}

async fn par_10_a_second_browser_cannot_take_over(bed: Bed) {
    pushed(&bed).await;
    assert!(bind(&bed, "a", FIRST).await);
    assert!(!bind(&bed, "a", SECOND).await);
    assert!(!consume(&bed, "a", SECOND).await);
    assert!(consume(&bed, "a", FIRST).await);
}

async fn par_10_can_be_completed_after_its_own_expiry(bed: Bed) {
    pushed(&bed).await;
    assert!(bind(&bed, "a", FIRST).await);
    bed.store.sweep(NOW.plus(300), 100).await.unwrap();
    assert!(consume(&bed, "a", FIRST).await, "a person may take longer than the reference lives");
    bed.store.sweep(NOW.plus(600), 100).await.unwrap();
    assert!(!consume(&bed, "a", FIRST).await);
}

async fn atk_par_09_not_reusable_after_completion(bed: Bed) {
    pushed(&bed).await;
    assert!(bind(&bed, "a", FIRST).await);
    assert!(!consume(&bed, "a", SECOND).await, "bound to another interaction");
    assert!(consume(&bed, "a", FIRST).await);
    assert!(!consume(&bed, "a", FIRST).await);
    assert!(!bind(&bed, "a", FIRST).await);
    assert_eq!(found(&bed, "a", 0).await, None);
}

async fn atk_par_09_answered_without_a_page(bed: Bed) {
    pushed(&bed).await;
    assert!(!consume(&bed, "b", FIRST).await, "another client's");
    assert!(consume(&bed, "a", FIRST).await, "never bound, and never shown");
    assert!(!consume(&bed, "a", FIRST).await);
    assert!(!consume(&bed, "a", SECOND).await);
    assert!(!bind(&bed, "a", FIRST).await);
}

async fn atk_par_10_two_tabs_complete_one_request(bed: Bed) {
    pushed(&bed).await;
    assert!(bind(&bed, "a", FIRST).await);
    let completions = (0..50).map(|tab| {
        let store = bed.store.clone();
        let issued = code("a", 100 + tab);
        async move {
            Unit::new()
                .then(pushed_request::consume(&issuer(), &client("a"), digest(REFERENCE), digest(FIRST), NOW))
                .then(authorization_code::issue(&issuer(), digest(100 + tab), &issued, NOW.plus(600)))
                .commit(&store)
                .await
                .unwrap()
        }
    });
    assert_eq!(committed_of(completions).await, 1);
    let mut codes = 0;
    for tab in 0..50 {
        let found = authorization_code::find(&bed.store, &issuer(), digest(100 + tab)).await.unwrap();
        codes += usize::from(found.is_some());
    }
    assert_eq!(codes, 1, "a refused unit left its code behind");
}

async fn another_issuer_has_another_request(bed: Bed) {
    pushed(&bed).await;
    let elsewhere =
        pushed_request::find(&bed.store, &other_issuer(), &client("a"), digest(REFERENCE), NOW).await;
    assert_eq!(elsewhere.unwrap(), None);
}
