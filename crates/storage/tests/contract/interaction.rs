use countersign_protocol::replay::Purpose;
use countersign_storage::{
    Outcome, Unit,
    interaction::{self, Ending, Interaction, Login},
    replay,
};

use crate::bed::{Bed, NOW, committed_of, digest, interaction, issuer, on_both_engines, replay_key, subject};

on_both_engines! {
    par_10_bound_to_browser,
    par_10_completed_once,
    atk_par_12_the_person_asked_is_the_person_who_answers,
    an_error_needs_no_login,
    expired_is_unknown,
    jar_105_by_value_is_spent_at_completion,
    everything_stored_comes_back,
}

const ID: u64 = 1;
const BROWSER: u64 = 50;

fn login(name: &str, session: u64) -> Login {
    Login { subject: subject(name), session: digest(session) }
}

async fn opened(bed: &Bed, id: u64, interaction: &Interaction) {
    let open = interaction::open(&issuer(), digest(id), interaction);
    assert!(open.commit(&bed.store).await.unwrap().is_committed());
}

async fn complete(bed: &Bed, browser: u64, ending: Ending<'_>) -> bool {
    let complete = interaction::complete(&issuer(), digest(ID), digest(browser), ending, NOW);
    complete.commit(&bed.store).await.unwrap().is_committed()
}

async fn attach(bed: &Bed, browser: u64, login: &Login) -> bool {
    let attach = interaction::attach_login(&issuer(), digest(ID), digest(browser), login, NOW);
    attach.commit(&bed.store).await.unwrap().is_committed()
}

async fn found(bed: &Bed, browser: u64, after: u64) -> Option<Interaction> {
    interaction::find(&bed.store, &issuer(), digest(ID), digest(browser), NOW.plus(after)).await.unwrap()
}

async fn par_10_bound_to_browser(bed: Bed) {
    opened(&bed, ID, &interaction(digest(BROWSER))).await;
    assert_eq!(found(&bed, 51, 0).await, None);
    assert!(!attach(&bed, 51, &login("mallory", 1)).await);
    assert!(!complete(&bed, 51, Ending::Refused).await);
    assert!(found(&bed, BROWSER, 0).await.is_some());
}

async fn par_10_completed_once(bed: Bed) {
    opened(&bed, ID, &interaction(digest(BROWSER))).await;
    let alice = login("alice", 1);
    assert!(attach(&bed, BROWSER, &alice).await);
    let completions = (0..20).map(|_| {
        let (store, alice) = (bed.store.clone(), alice.clone());
        async move {
            interaction::complete(&issuer(), digest(ID), digest(BROWSER), Ending::Granted(&alice), NOW)
                .commit(&store)
                .await
                .unwrap()
        }
    });
    assert_eq!(committed_of(completions).await, 1);
    assert_eq!(found(&bed, BROWSER, 0).await, None);
    assert!(!attach(&bed, BROWSER, &alice).await);
    assert!(!complete(&bed, BROWSER, Ending::Refused).await);
}

async fn atk_par_12_the_person_asked_is_the_person_who_answers(bed: Bed) {
    opened(&bed, ID, &interaction(digest(BROWSER))).await;
    let (alice, bob) = (login("alice", 1), login("bob", 2));
    assert!(!complete(&bed, BROWSER, Ending::Granted(&alice)).await, "nobody logged in");
    assert!(attach(&bed, BROWSER, &alice).await);
    assert!(attach(&bed, BROWSER, &bob).await);
    assert!(!complete(&bed, BROWSER, Ending::Granted(&alice)).await, "bob logged in meanwhile");
    assert!(complete(&bed, BROWSER, Ending::Granted(&bob)).await);
}

async fn an_error_needs_no_login(bed: Bed) {
    opened(&bed, ID, &interaction(digest(BROWSER))).await;
    assert!(complete(&bed, BROWSER, Ending::Refused).await);
    assert!(!complete(&bed, BROWSER, Ending::Refused).await);
}

async fn expired_is_unknown(bed: Bed) {
    opened(&bed, ID, &interaction(digest(BROWSER))).await;
    assert!(found(&bed, BROWSER, 599).await.is_some());
    assert_eq!(found(&bed, BROWSER, 600).await, None);
    let late = interaction::complete(&issuer(), digest(ID), digest(BROWSER), Ending::Refused, NOW.plus(600));
    assert!(!late.commit(&bed.store).await.unwrap().is_committed());
}

/// The same request object in two browsers: both may look, one may finish, and the other keeps nothing of it.
async fn jar_105_by_value_is_spent_at_completion(bed: Bed) {
    let key = replay_key(Purpose::RequestObject, b"jti");
    for id in [ID, 2] {
        opened(&bed, id, &Interaction { replay: Some(key.clone()), ..interaction(digest(BROWSER)) }).await;
    }
    assert_eq!(found(&bed, BROWSER, 0).await.unwrap().replay, Some(key.clone()));
    let finish = |id| {
        Unit::new()
            .then(interaction::complete(&issuer(), digest(id), digest(BROWSER), Ending::Refused, NOW))
            .then(replay::spend(&issuer(), &key, NOW))
            .commit(&bed.store)
    };
    assert!(finish(2).await.unwrap().is_committed());
    assert!(matches!(finish(ID).await.unwrap(), Outcome::Refused("replay.spend_request_object")));
    assert!(found(&bed, BROWSER, 0).await.is_some(), "the refused unit completed the interaction");
}

async fn everything_stored_comes_back(bed: Bed) {
    let whole = Interaction {
        pushed_reference: Some(digest(3)),
        replay: Some(replay_key(Purpose::RequestObject, b"x")),
        login: Some(login("alice", 1)),
        ..interaction(digest(BROWSER))
    };
    opened(&bed, ID, &whole).await;
    assert_eq!(found(&bed, BROWSER, 0).await, Some(whole));
}
