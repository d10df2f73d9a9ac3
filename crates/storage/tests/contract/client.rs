use countersign_storage::client;

use crate::bed::{Bed, NOW, client as id, issuer, on_both_engines, other_issuer};

on_both_engines! {
    a_client_is_added_once,
    par_13_disabled_is_seen_at_once,
    a_change_names_the_revision_it_saw,
    listed_in_order_and_by_issuer,
}

async fn add(bed: &Bed, name: &str) -> bool {
    client::add(&issuer(), &id(name), "{}", NOW).commit(&bed.store).await.unwrap().is_committed()
}

async fn find(bed: &Bed, name: &str) -> client::Client {
    client::find(&bed.store, &issuer(), &id(name)).await.unwrap().unwrap()
}

async fn a_client_is_added_once(bed: Bed) {
    assert!(add(&bed, "a").await);
    assert!(!add(&bed, "a").await);
    assert_eq!(find(&bed, "a").await.revision, 1);
    assert_eq!(client::find(&bed.store, &issuer(), &id("b")).await.unwrap(), None);
    assert_eq!(client::find(&bed.store, &other_issuer(), &id("a")).await.unwrap(), None);
}

async fn par_13_disabled_is_seen_at_once(bed: Bed) {
    assert!(add(&bed, "a").await);
    let disable = || client::disable(&issuer(), &id("a"), NOW.plus(1)).commit(&bed.store);
    assert!(disable().await.unwrap().is_committed());
    assert!(!disable().await.unwrap().is_committed());
    assert_eq!(find(&bed, "a").await.disabled_at, Some(NOW.plus(1)));
    assert_eq!(
        client::find(&bed.another_node().await, &issuer(), &id("a")).await.unwrap(),
        Some(find(&bed, "a").await)
    );
}

async fn a_change_names_the_revision_it_saw(bed: Bed) {
    assert!(add(&bed, "a").await);
    let replace = |seen, metadata: &'static str| {
        client::replace(&issuer(), &id("a"), seen, metadata, NOW.plus(5)).commit(&bed.store)
    };
    assert!(replace(1, "{\"client_name\":\"A\"}").await.unwrap().is_committed());
    assert!(!replace(1, "{}").await.unwrap().is_committed(), "a lost update");
    let changed = find(&bed, "a").await;
    assert_eq!((changed.metadata.as_str(), changed.revision), ("{\"client_name\":\"A\"}", 2));
    assert_eq!((changed.created_at, changed.updated_at), (NOW, NOW.plus(5)));
}

async fn listed_in_order_and_by_issuer(bed: Bed) {
    for name in ["c", "a", "b"] {
        assert!(add(&bed, name).await);
    }
    bed.keep(client::add(&other_issuer(), &id("z"), "{}", NOW)).await;
    let listed = |after, limit| {
        let store = bed.store.clone();
        async move {
            let clients = client::list(&store, &issuer(), after, limit).await.unwrap();
            clients.iter().map(|client| client.client_id.to_string()).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed(None, 2).await, ["a", "b"]);
    assert_eq!(listed(Some(&id("b")), 2).await, ["c"]);
}
