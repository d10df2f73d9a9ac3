use countersign_storage::{Unit, authorization_code, consent, refresh_token};

use crate::bed::{
    Bed, NOW, client, code, digest, issuer, on_both_engines, refresh_token, subject, transaction,
};

on_both_engines! {
    rt_01_not_rotated_by_use,
    rt_04_everything_it_is_bound_to_comes_back,
    rt_06_expiry_and_withdrawal,
    rt_02_nothing_is_issued_behind_a_revocation,
}

async fn live(bed: &Bed, token: u64, after: u64) -> Option<refresh_token::RefreshToken> {
    refresh_token::find_live(&bed.store, &issuer(), digest(token), NOW.plus(after)).await.unwrap()
}

async fn issued(bed: &Bed, token: u64) {
    let issue = refresh_token::issue(&issuer(), digest(token), &refresh_token("a", 1));
    assert!(issue.commit(&bed.store).await.unwrap().is_committed());
}

async fn rt_01_not_rotated_by_use(bed: Bed) {
    issued(&bed, 1).await;
    for _ in 0..3 {
        assert!(live(&bed, 1, 10).await.is_some());
    }
}

async fn rt_04_everything_it_is_bound_to_comes_back(bed: Bed) {
    let whole = refresh_token::RefreshToken {
        dpop_jkt: Some("jkt".into()),
        session: Some(digest(9)),
        ..refresh_token("a", 1)
    };
    let issue = || refresh_token::issue(&issuer(), digest(1), &whole);
    assert!(issue().commit(&bed.store).await.unwrap().is_committed());
    assert_eq!(issue().commit(&bed.store).await.unwrap().refused(), Some("refresh_token.issue"));
    assert_eq!(live(&bed, 1, 0).await, Some(whole));
}

async fn rt_06_expiry_and_withdrawal(bed: Bed) {
    issued(&bed, 1).await;
    assert!(live(&bed, 1, 86_399).await.is_some());
    assert_eq!(live(&bed, 1, 86_400).await, None);

    let (alice, app) = (subject("alice"), client("a"));
    let granted = consent::Consent { scopes: "openid".into(), granted_at: NOW };
    bed.keep(consent::remember(&issuer(), &alice, &app, &granted)).await;
    let withdrawal = Unit::new()
        .then(consent::revoke(&issuer(), &alice, &app, NOW))
        .then(refresh_token::revoke_granted(&issuer(), &alice, &app, NOW));
    assert!(withdrawal.commit(&bed.store).await.unwrap().is_committed());
    assert_eq!(live(&bed, 1, 0).await, None);

    issued(&bed, 2).await;
    let locked_out = refresh_token::revoke_all(&issuer(), &alice, NOW);
    assert!(locked_out.commit(&bed.store).await.unwrap().is_committed());
    assert_eq!(live(&bed, 2, 0).await, None);
}

/// Refreshes that issue new tokens race with a revocation: whatever the order, none lives afterwards.
async fn rt_02_nothing_is_issued_behind_a_revocation(bed: Bed) {
    for round in 0..10 {
        let family = transaction(round);
        let head = digest(1000 + round);
        let born = Unit::new()
            .then(authorization_code::issue(&issuer(), head, &code("a", round), NOW.plus(600)))
            .then(authorization_code::redeem(&issuer(), head, &client("a"), NOW.plus(600), NOW));
        assert!(born.commit(&bed.store).await.unwrap().is_committed());

        let mut refreshes = Vec::new();
        for attempt in 0..8 {
            let (store, family) = (bed.store.clone(), family.clone());
            refreshes.push(tokio::spawn(async move {
                let token = digest(10_000 + round * 100 + attempt);
                Unit::new()
                    .then(authorization_code::keep_family(&issuer(), &family, NOW.plus(700)))
                    .then(refresh_token::issue(&issuer(), token, &refresh_token("a", round)))
                    .commit(&store)
                    .await
                    .unwrap()
            }));
        }
        let revocation = Unit::new()
            .then(authorization_code::revoke_family(&issuer(), &family, NOW))
            .then(refresh_token::revoke_family(&issuer(), &family, NOW));
        assert!(revocation.commit(&bed.store).await.unwrap().is_committed());
        for refresh in refreshes {
            let refreshed = refresh.await.unwrap().refused();
            assert!([None, Some("authorization_code.keep_family")].contains(&refreshed), "{refreshed:?}");
        }
        for attempt in 0..8 {
            assert_eq!(live(&bed, 10_000 + round * 100 + attempt, 0).await, None, "round {round}");
        }
    }
}
