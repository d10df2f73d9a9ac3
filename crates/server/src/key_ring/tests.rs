use countersign_evidence::key_archive::{ArchivedKey, KeyEvent, KeyPurpose};
use countersign_jose::seal::Sealer;
use countersign_jose::{Algorithm, Signer, Thumbprint, jws};
use countersign_storage::evidence_key;
use countersign_storage::signing_key::{self, KeyState};
use serde_json::json;
use zeroize::Zeroizing;

use super::{CACHE_TIME, KeyRing, KeyRingError};
use crate::AuthorizationServer;
use crate::bed::{Bed, issuer, on_both_engines, other_issuer, sealer, settings};

const ES256: Algorithm = Algorithm::ES256;

on_both_engines! {
    jwks_03_rotation_with_overlap_on_two_nodes,
    jwks_03_two_nodes_rotate_once,
    jwks_02_sealed_under_the_master_key,
    evd_14_one_log_key_for_all_nodes,
    jwks_01_two_nodes_that_start_at_once,
}

fn kid(node: &AuthorizationServer) -> String {
    node.keys().signer(ES256).unwrap().key_id().to_owned()
}

fn publishes(node: &AuthorizationServer, kid: &str) -> bool {
    node.keys().published().set.knows(kid)
}

async fn leaves(bed: &Bed, thumbprint: Thumbprint) -> Vec<ArchivedKey> {
    let rows = evidence_key::find(bed.server.store(), &issuer(), &thumbprint).await.unwrap();
    rows.iter().map(|row| ArchivedKey::from_leaf(&row.leaf).unwrap()).collect()
}

async fn jwks_03_rotation_with_overlap_on_two_nodes(bed: Bed) {
    let (here, there) = (bed.server.clone(), bed.another_node().await);
    let old = kid(&here);
    assert_eq!(kid(&there), old, "both nodes sign with one key");

    let rotated = here.keys().rotate(Some(ES256), bed.now()).await.unwrap();
    let [rotation] = <[_; 1]>::try_from(rotated).unwrap();
    let new = rotation.key_id;
    there.keys().maintain(bed.now()).await.unwrap();
    for node in [&here, &there] {
        assert!(publishes(node, &new) && publishes(node, &old), "published before use");
        assert_eq!(kid(node), old, "and not used yet");
    }

    bed.advance(CACHE_TIME);
    here.keys().maintain(bed.now()).await.unwrap();
    assert_eq!(kid(&here), old, "somebody may still hold the set without it");
    bed.advance(rotation.signs_from.since(bed.now()));
    let signed_before = jws::sign(here.keys().signer(ES256).unwrap().as_ref(), None, &json!({})).unwrap();
    there.keys().maintain(bed.now()).await.unwrap();
    here.keys().maintain(bed.now()).await.unwrap();
    assert_eq!((kid(&here), kid(&there)), (new.clone(), new.clone()));
    let verifies = |node: &AuthorizationServer| {
        let keys = node.keys().published();
        let token = jws::Unverified::parse(&signed_before, &countersign_jose::Limits::TOKEN).unwrap();
        token.verify_any(keys.set.select(ES256, Some(&old))).is_ok()
    };
    assert!(verifies(&here), "what the old key signed still verifies");

    bed.advance(299 + CACHE_TIME);
    here.keys().maintain(bed.now()).await.unwrap();
    assert!(publishes(&here, &old));
    bed.advance(301);
    here.keys().maintain(bed.now()).await.unwrap();
    assert!(!publishes(&here, &old) && !verifies(&here));

    let rows = signing_key::list(here.store(), &issuer()).await.unwrap();
    let archived = rows.iter().find(|row| row.key_id == old).unwrap();
    assert_eq!((archived.state, &archived.sealed_private), (KeyState::Archived, &None));
    let leaves = leaves(&bed, old.parse().unwrap()).await;
    let events: Vec<_> = leaves.iter().map(|leaf| leaf.event).collect();
    assert_eq!(events, [KeyEvent::Published, KeyEvent::Retired], "kept for evidence, for ever");
    assert_eq!(leaves[0].valid_from, leaves[1].valid_from);
    assert_eq!(leaves[1].valid_to, Some(bed.now()));
}

async fn jwks_03_two_nodes_rotate_once(bed: Bed) {
    let (here, there) = (bed.server.clone(), bed.another_node().await);
    bed.advance(settings().lifetimes.signing_key - 2 * CACHE_TIME);
    for _ in 0..2 {
        let (first, second) = tokio::join!(here.keys().maintain(bed.now()), there.keys().maintain(bed.now()));
        first.unwrap();
        second.unwrap();
        bed.advance(2 * CACHE_TIME);
    }
    here.keys().maintain(bed.now()).await.unwrap();
    there.keys().maintain(bed.now()).await.unwrap();
    assert_eq!(kid(&here), kid(&there));
    let rows = signing_key::list(here.store(), &issuer()).await.unwrap();
    let series = rows.iter().filter(|row| row.algorithm == "ES256").count();
    assert_eq!(series, 2, "the old one and the new one");
}

async fn jwks_02_sealed_under_the_master_key(bed: Bed) {
    let store = bed.server.store().clone();
    for row in signing_key::list(&store, &issuer()).await.unwrap() {
        let sealed = row.sealed_private.unwrap();
        assert!(!sealed.windows(5).any(|part| part == b"\"kty\""), "readable in the database");
    }
    let other = Sealer::new(Zeroizing::new([8; 32]));
    let opened = KeyRing::open(store, issuer(), other, &settings(), bed.now()).await;
    assert!(matches!(opened, Err(KeyRingError::Seal(_))), "{opened:?}");
}

async fn evd_14_one_log_key_for_all_nodes(bed: Bed) {
    let there = bed.another_node().await;
    assert_eq!(bed.server.keys().log_key(), there.keys().log_key());
    assert_eq!(there.keys().log_key().name(), "as.example/evidence");
    let leaves = leaves(&bed, bed.server.keys().log_signer().thumbprint()).await;
    assert_eq!(leaves.len(), 1);
    assert_eq!(leaves[0].purpose, KeyPurpose::Log);
    assert!(!publishes(&there, bed.server.keys().log_signer().key_id()), "no key for tokens");
}

async fn jwks_01_two_nodes_that_start_at_once(bed: Bed) {
    let (here, there) = (bed.server.store().clone(), bed.another_node().await.store().clone());
    let settings = settings();
    let open = |store| KeyRing::open(store, other_issuer(), sealer(), &settings, bed.now());
    let (here, there) = tokio::join!(open(here), open(there));
    let (here, there) = (here.unwrap(), there.unwrap());
    assert_eq!(here.log_key(), there.log_key());
    assert_eq!(here.published().json, there.published().json);
    assert_eq!(here.published().set.keys().len(), 2);
    assert_ne!(here.published().set, bed.server.keys().published().set, "each issuer has its own");
}
