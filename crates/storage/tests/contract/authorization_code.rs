use countersign_storage::{Store, Unit, authorization_code, refresh_token};

use crate::bed::{
    Bed, NOW, client, code, committed_of, digest, issuer, on_both_engines, other_issuer, refresh_token,
    transaction,
};

on_both_engines! {
    code_01_expired,
    code_03_everything_it_is_bound_to_comes_back,
    code_04_single_use,
    code_04_single_use_across_nodes,
    atk_code_02_never_two_live_token_sets,
    code_05_second_presentation_revokes_the_family,
    code_06_burned,
    code_07_another_client_changes_nothing,
    code_09_the_mark_outlives_the_code,
    atk_code_11_code_of_another_issuer,
    one_code_for_one_transaction,
}

const CODE: u64 = 1;

async fn issued(bed: &Bed) {
    let issue = authorization_code::issue(&issuer(), digest(CODE), &code("a", 1), NOW.plus(660));
    assert!(issue.commit(&bed.store).await.unwrap().is_committed());
}

async fn redeem(store: &Store, client_name: &str, after: u64) -> bool {
    let (until, now) = (NOW.plus(86_400), NOW.plus(after));
    authorization_code::redeem(&issuer(), digest(CODE), &client(client_name), until, now)
        .commit(store)
        .await
        .unwrap()
        .is_committed()
}

fn revoke() -> Unit {
    Unit::new()
        .then(authorization_code::revoke_family(&issuer(), &transaction(1), NOW))
        .then(refresh_token::revoke_family(&issuer(), &transaction(1), NOW))
}

async fn family_is_live(bed: &Bed) -> bool {
    authorization_code::family_is_live(&bed.store, &issuer(), &transaction(1)).await.unwrap()
}

async fn code_01_expired(bed: Bed) {
    issued(&bed).await;
    assert!(!redeem(&bed.store, "a", 60).await);
    assert!(redeem(&bed.store, "a", 59).await);
}

async fn code_03_everything_it_is_bound_to_comes_back(bed: Bed) {
    issued(&bed).await;
    let found = authorization_code::find(&bed.store, &issuer(), digest(CODE)).await.unwrap().unwrap();
    assert_eq!(found.code, code("a", 1));
    assert_eq!((found.redeemed_at, found.burned_at, found.revoked_at), (None, None, None));
}

async fn code_04_single_use(bed: Bed) {
    issued(&bed).await;
    let attempts = (0..50).map(|_| {
        let store = bed.store.clone();
        async move {
            let until = NOW.plus(86_400);
            authorization_code::redeem(&issuer(), digest(CODE), &client("a"), until, NOW)
                .commit(&store)
                .await
                .unwrap()
        }
    });
    assert_eq!(committed_of(attempts).await, 1);
    let found = authorization_code::find(&bed.store, &issuer(), digest(CODE)).await.unwrap().unwrap();
    assert_eq!(found.redeemed_at, Some(NOW));
}

async fn code_04_single_use_across_nodes(bed: Bed) {
    issued(&bed).await;
    let nodes = [bed.store.clone(), bed.another_node().await, bed.another_node().await];
    let attempts = (0..50).map(|attempt| {
        let store = nodes[attempt % nodes.len()].clone();
        async move {
            let until = NOW.plus(86_400);
            authorization_code::redeem(&issuer(), digest(CODE), &client("a"), until, NOW)
                .commit(&store)
                .await
                .unwrap()
        }
    });
    assert_eq!(committed_of(attempts).await, 1);
}

/// What the token endpoint does: redeem and issue in one unit; whoever loses revokes the family.
async fn atk_code_02_never_two_live_token_sets(bed: Bed) {
    issued(&bed).await;
    let attempts = (0..50).map(|attempt| {
        let store = bed.store.clone();
        async move {
            let outcome = Unit::new()
                .then(authorization_code::redeem(
                    &issuer(),
                    digest(CODE),
                    &client("a"),
                    NOW.plus(86_400),
                    NOW,
                ))
                .then(refresh_token::issue(&issuer(), digest(100 + attempt), &refresh_token("a", 1)))
                .commit(&store)
                .await
                .unwrap();
            if !outcome.is_committed() {
                assert!(revoke().commit(&store).await.unwrap().is_committed());
            }
            outcome
        }
    });
    assert_eq!(committed_of(attempts).await, 1);
    for attempt in 0..50 {
        let live = refresh_token::find_live(&bed.store, &issuer(), digest(100 + attempt), NOW).await.unwrap();
        assert_eq!(live, None);
    }
    assert!(!family_is_live(&bed).await);
}

async fn code_05_second_presentation_revokes_the_family(bed: Bed) {
    issued(&bed).await;
    assert!(!family_is_live(&bed).await, "no tokens before the redemption");
    let token = refresh_token::issue(&issuer(), digest(2), &refresh_token("a", 1));
    assert!(redeem(&bed.store, "a", 0).await);
    assert!(token.commit(&bed.store).await.unwrap().is_committed());
    assert!(family_is_live(&bed).await);
    assert!(!redeem(&bed.store, "a", 1).await);
    assert!(revoke().commit(&bed.store).await.unwrap().is_committed());
    assert!(!family_is_live(&bed).await);
    assert_eq!(refresh_token::find_live(&bed.store, &issuer(), digest(2), NOW).await.unwrap(), None);
}

async fn code_06_burned(bed: Bed) {
    issued(&bed).await;
    let burn = || authorization_code::burn(&issuer(), digest(CODE), &client("a"), NOW).commit(&bed.store);
    assert!(burn().await.unwrap().is_committed());
    assert!(!burn().await.unwrap().is_committed());
    assert!(!redeem(&bed.store, "a", 0).await);
}

async fn code_07_another_client_changes_nothing(bed: Bed) {
    issued(&bed).await;
    assert!(!redeem(&bed.store, "b", 0).await);
    let burn = authorization_code::burn(&issuer(), digest(CODE), &client("b"), NOW);
    assert!(!burn.commit(&bed.store).await.unwrap().is_committed());
    assert!(redeem(&bed.store, "a", 0).await);
}

async fn code_09_the_mark_outlives_the_code(bed: Bed) {
    issued(&bed).await;
    assert!(redeem(&bed.store, "a", 0).await);
    bed.store.sweep(NOW.plus(86_399), 100).await.unwrap();
    assert!(authorization_code::find(&bed.store, &issuer(), digest(CODE)).await.unwrap().is_some());
    let keep = authorization_code::keep_family(&issuer(), &transaction(1), NOW.plus(100_000));
    assert!(keep.commit(&bed.store).await.unwrap().is_committed());
    bed.store.sweep(NOW.plus(99_999), 100).await.unwrap();
    assert!(family_is_live(&bed).await);
    bed.store.sweep(NOW.plus(100_000), 100).await.unwrap();
    assert_eq!(authorization_code::find(&bed.store, &issuer(), digest(CODE)).await.unwrap(), None);
}

async fn atk_code_11_code_of_another_issuer(bed: Bed) {
    issued(&bed).await;
    assert_eq!(authorization_code::find(&bed.store, &other_issuer(), digest(CODE)).await.unwrap(), None);
    let foreign = authorization_code::redeem(&other_issuer(), digest(CODE), &client("a"), NOW.plus(600), NOW);
    assert!(!foreign.commit(&bed.store).await.unwrap().is_committed());
    assert!(redeem(&bed.store, "a", 0).await);
}

async fn one_code_for_one_transaction(bed: Bed) {
    issued(&bed).await;
    let second = authorization_code::issue(&issuer(), digest(2), &code("a", 1), NOW.plus(660));
    assert_eq!(second.commit(&bed.store).await.unwrap().refused(), Some("authorization_code.issue"));
}
