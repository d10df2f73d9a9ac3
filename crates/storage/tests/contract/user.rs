use countersign_storage::{
    Unit, login_session,
    user::{self, User},
};

use crate::bed::{Bed, NOW, issuer, on_both_engines, other_issuer, subject};

on_both_engines! {
    a_name_is_taken_once_per_issuer,
    found_by_name_and_subject,
    no_name_breaks_the_question,
    disabled_and_changed,
}

fn person(subject_name: &str, username: &str) -> User {
    User {
        subject: subject(subject_name),
        username: username.into(),
        name: Some("Zoë Ångström".into()),
        email: None,
        password_hash: "$argon2id$…".into(),
        created_at: NOW,
        disabled_at: None,
    }
}

async fn a_name_is_taken_once_per_issuer(bed: Bed) {
    let add = |issuer, person: User| {
        let store = bed.store.clone();
        async move { user::add(&issuer, &person).commit(&store).await.unwrap().is_committed() }
    };
    assert!(add(issuer(), person("1", "zoe")).await);
    assert!(!add(issuer(), person("2", "zoe")).await);
    assert!(!add(issuer(), person("1", "other")).await);
    assert!(add(other_issuer(), person("1", "zoe")).await);
}

async fn found_by_name_and_subject(bed: Bed) {
    bed.keep(user::add(&issuer(), &person("1", "zoe"))).await;
    let by_name = user::find_by_name(&bed.store, &issuer(), "zoe").await.unwrap();
    assert_eq!(by_name, Some(person("1", "zoe")));
    assert_eq!(user::find(&bed.store, &issuer(), &subject("1")).await.unwrap(), by_name);
    assert_eq!(user::find_by_name(&bed.store, &issuer(), "ZOE").await.unwrap(), None);
    assert_eq!(user::list(&bed.store, &issuer(), None, 10).await.unwrap(), [person("1", "zoe")]);
}

/// A person who guesses types anything; no text may become an error that says more than "unknown".
async fn no_name_breaks_the_question(bed: Bed) {
    for name in ["", "\0", "zoe\0", "'; DROP TABLE user_account; --", "$1", "%", "\u{fffd}\u{10ffff}"] {
        assert_eq!(user::find_by_name(&bed.store, &issuer(), name).await.unwrap(), None, "{name:?}");
    }
}

async fn disabled_and_changed(bed: Bed) {
    bed.keep(user::add(&issuer(), &person("1", "zoe"))).await;
    let change = Unit::new()
        .then(user::change_password(&issuer(), &subject("1"), "new"))
        .then(login_session::end_all(&issuer(), &subject("1"), NOW));
    assert!(change.commit(&bed.store).await.unwrap().is_committed());
    let disable = || user::disable(&issuer(), &subject("1"), NOW).commit(&bed.store);
    assert!(disable().await.unwrap().is_committed());
    assert!(!disable().await.unwrap().is_committed());
    let changed = user::find(&bed.store, &issuer(), &subject("1")).await.unwrap().unwrap();
    assert_eq!((changed.password_hash.as_str(), changed.disabled_at), ("new", Some(NOW)));
}
