use countersign_storage::consent::{self, Consent};

use crate::bed::{Bed, NOW, client, issuer, on_both_engines, other_issuer, subject};

on_both_engines! {
    remembered_replaced_and_taken_back,
    belongs_to_person_client_and_issuer,
}

fn granted(scopes: &str, after: u64) -> Consent {
    Consent { scopes: scopes.into(), granted_at: NOW.plus(after) }
}

async fn remember(bed: &Bed, consent: &Consent) {
    let remember = consent::remember(&issuer(), &subject("alice"), &client("a"), consent);
    assert!(remember.commit(&bed.store).await.unwrap().is_committed());
}

async fn found(bed: &Bed) -> Option<Consent> {
    consent::find(&bed.store, &issuer(), &subject("alice"), &client("a")).await.unwrap()
}

async fn remembered_replaced_and_taken_back(bed: Bed) {
    assert_eq!(found(&bed).await, None);
    remember(&bed, &granted("openid", 0)).await;
    remember(&bed, &granted("openid email", 5)).await;
    assert_eq!(found(&bed).await, Some(granted("openid email", 5)));
    let revoke = || consent::revoke(&issuer(), &subject("alice"), &client("a"), NOW).commit(&bed.store);
    assert!(revoke().await.unwrap().is_committed());
    assert!(!revoke().await.unwrap().is_committed());
    assert_eq!(found(&bed).await, None);
    remember(&bed, &granted("openid", 9)).await;
    assert_eq!(found(&bed).await, Some(granted("openid", 9)), "granted again");
}

async fn belongs_to_person_client_and_issuer(bed: Bed) {
    remember(&bed, &granted("openid", 0)).await;
    for (issuer, person, app) in [
        (other_issuer(), subject("alice"), client("a")),
        (issuer(), subject("bob"), client("a")),
        (issuer(), subject("alice"), client("b")),
    ] {
        assert_eq!(consent::find(&bed.store, &issuer, &person, &app).await.unwrap(), None);
    }
}
