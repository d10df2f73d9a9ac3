use countersign_storage::login_session::{self, LoginSession};

use crate::bed::{Bed, NOW, digest, issuer, on_both_engines, other_issuer, subject};

on_both_engines! {
    lives_until_it_expires,
    ended_once,
    all_of_a_person_end_together,
}

fn session() -> LoginSession {
    LoginSession {
        subject: subject("alice"),
        authenticated_at: NOW,
        amr: "[\"pwd\"]".into(),
        created_at: NOW,
        expires_at: NOW.plus(3600),
    }
}

async fn start(bed: &Bed, number: u64) -> bool {
    login_session::start(&issuer(), digest(number), &session())
        .commit(&bed.store)
        .await
        .unwrap()
        .is_committed()
}

async fn live(bed: &Bed, number: u64, after: u64) -> Option<LoginSession> {
    login_session::find_live(&bed.store, &issuer(), digest(number), NOW.plus(after)).await.unwrap()
}

async fn lives_until_it_expires(bed: Bed) {
    assert!(start(&bed, 1).await);
    assert!(!start(&bed, 1).await);
    assert_eq!(live(&bed, 1, 3599).await, Some(session()));
    assert_eq!(live(&bed, 1, 3600).await, None);
    let elsewhere = login_session::find_live(&bed.store, &other_issuer(), digest(1), NOW).await.unwrap();
    assert_eq!(elsewhere, None);
}

async fn ended_once(bed: Bed) {
    assert!(start(&bed, 1).await);
    let end = || login_session::end(&issuer(), digest(1), NOW).commit(&bed.store);
    assert!(end().await.unwrap().is_committed());
    assert!(!end().await.unwrap().is_committed());
    assert_eq!(live(&bed, 1, 0).await, None);
}

async fn all_of_a_person_end_together(bed: Bed) {
    for number in [1, 2] {
        assert!(start(&bed, number).await);
    }
    bed.keep(login_session::end_all(&issuer(), &subject("alice"), NOW)).await;
    for number in [1, 2] {
        assert_eq!(live(&bed, number, 0).await, None);
    }
}
