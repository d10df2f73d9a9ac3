//! The log as a whole: sequencing in batches, tiles, proofs and checkpoints against the definition of RFC 6962.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use countersign_evidence::checkpoint::{Checkpoint, CheckpointError, Origin};
use countersign_evidence::log::{Integration, Log};
use countersign_evidence::note::{NoteError, SignedNote, VerifierKey};
use countersign_evidence::proof::{ProofError, ProofPlan, verify_consistency, verify_inclusion};
use countersign_evidence::tile::{TileError, TileId, Tiles};
use countersign_evidence::tree::{Frontier, Hash, empty_root, leaf_hash, node_hash};
use countersign_jose::{Algorithm, SigningKey};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

/// RFC 6962 §2.1, word for word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [only] => *only,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            node_hash(&naive_root(&leaves[..split]), &naive_root(&leaves[split..]))
        }
    }
}

/// PATH of RFC 6962 §2.1.1, word for word.
fn naive_inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return vec![];
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(split);
    let (mut path, sibling) = if index < split {
        (naive_inclusion(index, left), naive_root(right))
    } else {
        (naive_inclusion(index - split, right), naive_root(left))
    };
    path.push(sibling);
    path
}

/// SUBPROOF of RFC 6962 §2.1.2, word for word.
fn naive_consistency(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if known { vec![] } else { vec![naive_root(leaves)] };
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(split);
    let (mut proof, sibling) = if old <= split {
        (naive_consistency(old, left, known), naive_root(right))
    } else {
        (naive_consistency(old - split, right, false), naive_root(left))
    };
    proof.push(sibling);
    proof
}

fn origin() -> Origin {
    Origin::of(&"https://as.example".parse().unwrap())
}

fn leaf(n: usize) -> Vec<u8> {
    format!("leaf {n}").into_bytes()
}

/// What a database would hold: one row of bytes for each level and index.
#[derive(Default)]
struct Store(BTreeMap<(u8, u64), Vec<u8>>);

impl Store {
    fn keep(&mut self, integration: &Integration) {
        for tile in &integration.tiles {
            self.0.insert((tile.id.level, tile.id.index), tile.bytes.clone());
        }
    }

    fn load(&self, ids: &[TileId]) -> Tiles {
        let mut tiles = Tiles::new();
        for id in ids {
            tiles.insert(id.level, id.index, &self.0[&(id.level, id.index)]).unwrap();
        }
        tiles
    }
}

/// A log of `size` leaves, integrated in batches of `batch`, taken up anew from the store each time.
fn stored_log(size: usize, batch: usize) -> (Store, Vec<Hash>) {
    let mut store = Store::default();
    let mut frontier = Frontier::new();
    let mut at = 0;
    while at < size {
        let end = size.min(at + batch);
        let tiles = store.load(&Log::tiles_to_load(at as u64));
        let mut log = Log::resume(origin(), frontier, &tiles).unwrap();
        let integration = log.integrate((at..end).map(leaf)).unwrap();
        store.keep(&integration);
        frontier = integration.frontier;
        at = end;
    }
    (store, (0..size).map(|n| leaf_hash(&leaf(n))).collect())
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.append(*leaf, |_, _| ()));
    frontier
}

#[test]
fn evd_02_roots_of_the_public_test_tree() {
    // The eight leaves that implementations of RFC 6962 share as their test tree.
    let leaves: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut log = Log::empty(origin());
    for (leaf, expected) in leaves.iter().zip(roots) {
        let root: String =
            log.integrate([leaf]).unwrap().checkpoint.root.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(root, expected);
    }
}

#[test]
fn evd_06_proofs_are_those_of_the_definition() {
    for size in 1..70 {
        let (store, hashes) = stored_log(size, 7);
        for index in 0..size {
            let plan = ProofPlan::inclusion(index as u64, size as u64).unwrap();
            let proof = plan.build(&store.load(&plan.tiles())).unwrap();
            assert_eq!(proof, naive_inclusion(index, &hashes), "leaf {index} of {size}");
        }
        for old in 1..=size {
            let plan = ProofPlan::consistency(old as u64, size as u64).unwrap();
            let proof = plan.build(&store.load(&plan.tiles())).unwrap();
            assert_eq!(proof, naive_consistency(old, &hashes, true), "{old} within {size}");
        }
    }
}

#[test]
fn evd_07_proofs_hold_across_tiles() {
    let size = 70_000;
    let (store, hashes) = stored_log(size, 9_999);
    let root = naive_root(&hashes);
    for index in [0, 1, 255, 256, 257, 65_535, 65_536, 69_999] {
        let plan = ProofPlan::inclusion(index as u64, size as u64).unwrap();
        let proof = plan.build(&store.load(&plan.tiles())).unwrap();
        assert_eq!(
            verify_inclusion(&hashes[index], index as u64, size as u64, &proof, &root),
            Ok(()),
            "{index}"
        );
        let wrong = verify_inclusion(&hashes[(index + 1) % size], index as u64, size as u64, &proof, &root);
        assert_eq!(wrong, Err(ProofError::Root), "{index}");
    }
    for old in [1, 255, 256, 300, 65_535, 65_536, 65_537, 69_999] {
        let plan = ProofPlan::consistency(old as u64, size as u64).unwrap();
        let proof = plan.build(&store.load(&plan.tiles())).unwrap();
        let old_root = naive_root(&hashes[..old]);
        assert_eq!(verify_consistency(old as u64, &old_root, size as u64, &root, &proof), Ok(()), "{old}");
    }
}

#[test]
fn evd_07_bent_proofs_are_refused() {
    let (store, hashes) = stored_log(45, 45);
    let root = naive_root(&hashes);
    let plan = ProofPlan::inclusion(21, 45).unwrap();
    let good = plan.build(&store.load(&plan.tiles())).unwrap();
    let refused =
        |index, size, proof: &[Hash]| verify_inclusion(&hashes[21], index, size, proof, &root).is_err();
    assert!(!refused(21, 45, &good), "control");
    for at in 0..good.len() {
        let mut bent = good.clone();
        bent[at][7] ^= 1;
        assert!(refused(21, 45, &bent), "hash {at}");
        bent.remove(at);
        assert!(refused(21, 45, &bent), "hash {at} gone");
    }
    let mut longer = good.clone();
    longer.push([0; 32]);
    assert!(refused(21, 45, &longer));
    for index in (0..60).filter(|index| *index != 21) {
        assert!(refused(index, 45, &good), "at {index}");
    }
    assert_eq!(
        verify_inclusion(&hashes[0], 0, 0, &[], &empty_root()).unwrap_err(),
        ProofError::OutOfRange { asked: 0, size: 0 }
    );
    assert!(ProofPlan::inclusion(45, 45).is_err() && ProofPlan::consistency(46, 45).is_err());
}

#[test]
fn evd_07_rewritten_history_is_refused() {
    let (store, hashes) = stored_log(45, 45);
    let (root, old_root) = (naive_root(&hashes), naive_root(&hashes[..20]));
    let plan = ProofPlan::consistency(20, 45).unwrap();
    let good = plan.build(&store.load(&plan.tiles())).unwrap();
    assert_eq!(verify_consistency(20, &old_root, 45, &root, &good), Ok(()), "control");
    let mut rewritten = hashes[..20].to_vec();
    rewritten[3] = leaf_hash(b"another");
    assert_eq!(verify_consistency(20, &naive_root(&rewritten), 45, &root, &good), Err(ProofError::Root));
    for at in 0..good.len() {
        let mut bent = good.clone();
        bent[at][0] ^= 1;
        assert!(verify_consistency(20, &old_root, 45, &root, &bent).is_err(), "hash {at}");
        bent.remove(at);
        assert!(verify_consistency(20, &old_root, 45, &root, &bent).is_err(), "hash {at} gone");
    }
    assert_eq!(verify_consistency(45, &old_root, 45, &root, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(45, &root, 45, &root, &good), Err(ProofError::Length));
    assert_eq!(verify_consistency(0, &root, 45, &root, &[]), Err(ProofError::Root), "no leaves, yet a root");
    assert_eq!(verify_consistency(0, &empty_root(), 45, &root, &[]), Ok(()));
    assert!(verify_consistency(46, &old_root, 45, &root, &good).is_err());
}

#[test]
fn evd_18_batches_of_any_size_make_one_tree() {
    let (_, hashes) = stored_log(1000, 1000);
    let (all, _) = stored_log(1000, 1000);
    for batch in [1, 2, 255, 256, 257, 999] {
        let (store, _) = stored_log(1000, batch);
        assert_eq!(store.0, all.0, "batches of {batch}");
    }
    let tiles = all.load(&Log::tiles_to_load(1000));
    let mut log = Log::resume(origin(), frontier(&hashes), &tiles).unwrap();
    assert_eq!(log.root(), naive_root(&hashes));
    let nothing = log.integrate(Vec::<Vec<u8>>::new()).unwrap();
    assert!(nothing.tiles.is_empty() && nothing.checkpoint.size == 1000 && nothing.previous_size == 1000);
    let one = log.integrate([b"next"]).unwrap();
    assert_eq!((one.previous_size, one.first_index, one.frontier.size()), (1000, 1000, 1001));
    assert_eq!(one.tiles.iter().map(|tile| tile.id.to_string()).collect::<Vec<_>>(), ["tile/0/003.p/233"]);
    assert_eq!(one.tiles[0].bytes.len(), 233 * 32);
}

#[test]
fn evd_19_damaged_store_is_noticed() {
    let (mut store, hashes) = stored_log(300, 300);
    let resume =
        |store: &Store, frontier| Log::resume(origin(), frontier, &store.load(&Log::tiles_to_load(300)));
    assert!(resume(&store, frontier(&hashes)).is_ok(), "control");
    let mut one_more = frontier(&hashes);
    one_more.append([0; 32], |_, _| ());
    assert!(matches!(resume(&store, one_more), Err(TileError::Missing(_))), "a leaf is missing");
    store.0.get_mut(&(0, 1)).unwrap()[5] ^= 1;
    assert_eq!(resume(&store, frontier(&hashes)).unwrap_err(), TileError::Damaged);
}

fn log_key() -> (SigningKey, VerifierKey) {
    let key = SigningKey::generate(Algorithm::EdDSA).unwrap();
    let verifier = VerifierKey::from_jwk(origin().as_str(), &key.public_jwk()).unwrap();
    (key, verifier)
}

#[test]
fn evd_11_checkpoint_body_is_exactly_this() {
    let checkpoint = Checkpoint { origin: origin(), size: 1024, root: [0; 32] };
    let body = "as.example/evidence\n1024\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    assert_eq!(checkpoint.to_string(), body);
    assert_eq!(body.parse(), Ok(checkpoint));
    for other in [
        body.trim_end().to_owned(),
        body.replace("1024", "01024"),
        body.replace("1024", "+1024"),
        body.replace("1024", "0x400"),
        body.replace("A=", "A"),
        body.replace("A=", "B="),
        body.replace('\n', "\r\n"),
        format!("{body}extension\n"),
        format!("{body}\n"),
        body.replacen("as.example/evidence", "", 1),
    ] {
        assert!(other.parse::<Checkpoint>().is_err(), "{other:?}");
    }
}

#[test]
fn evd_12_signed_checkpoint_round_trip_and_refusals() {
    let (key, verifier) = log_key();
    let checkpoint = Checkpoint { origin: origin(), size: 7, root: [9; 32] };
    let note = checkpoint.sign(&verifier, &key).unwrap();
    let text = note.to_string();
    assert!(text.starts_with(&checkpoint.to_string()), "{text}");
    assert!(text.contains("\n\n— as.example/evidence "), "{text}");
    let read: SignedNote = text.parse().unwrap();
    assert_eq!(Checkpoint::open(&read, &verifier), Ok(checkpoint.clone()), "control");

    let larger: SignedNote = text.replacen("\n7\n", "\n8\n", 1).parse().unwrap();
    assert!(matches!(
        Checkpoint::open(&larger, &verifier),
        Err(CheckpointError::Note(NoteError::Signature(_)))
    ));
    let (other_key, other) = log_key();
    assert!(matches!(Checkpoint::open(&read, &other), Err(CheckpointError::Note(NoteError::NotSignedBy(_)))));
    assert!(checkpoint.sign(&verifier, &other_key).is_err(), "a signer that is not the key");
    let es256 = SigningKey::generate(Algorithm::ES256).unwrap();
    assert!(checkpoint.sign(&verifier, &es256).is_err(), "a signer of another algorithm");
    let elsewhere = Checkpoint { origin: Origin::of(&"https://b.example".parse().unwrap()), ..checkpoint };
    assert!(matches!(elsewhere.sign(&verifier, &key), Err(CheckpointError::Origin { .. })));

    for (what, bent) in [
        ("no blank line", text.replacen("\n\n", "\n", 1)),
        ("hyphen for the dash", text.replacen('—', "-", 1)),
        ("no last newline", text.trim_end().to_owned()),
        ("white space at the end", format!("{text} ")),
        ("padding gone", text.replace("=\n", "\n")),
        ("control character", text.replacen("as.example", "as\texample", 1)),
        ("no signature", format!("{}\n", checkpoint_body(&text))),
        ("empty", String::new()),
        ("too long", format!("{}{text}", "x\n".repeat(40_000))),
    ] {
        assert_ne!(bent, text, "{what}: the case changes something");
        assert!(bent.parse::<SignedNote>().is_err(), "{what}");
    }
}

fn checkpoint_body(note: &str) -> &str {
    note.split_once("\n\n").map(|(body, _)| body).unwrap()
}

#[test]
fn evd_12_witness_lines_do_not_disturb() {
    let (key, verifier) = log_key();
    let checkpoint = Checkpoint { origin: origin(), size: 7, root: [9; 32] };
    let text = checkpoint.sign(&verifier, &key).unwrap().to_string();
    let witnessed = format!("{text}— witness.example/w1 AAAAAAAAAAAAAAAA\n");
    let note: SignedNote = witnessed.parse().unwrap();
    assert_eq!(note.to_string(), witnessed);
    assert_eq!(note.signatures().len(), 2);
    assert_eq!(Checkpoint::open(&note, &verifier), Ok(checkpoint));
}

#[test]
fn evd_13_verifier_key_text() {
    // Key id = SHA-256("name" || 0x0A || 0x01 || key), first four bytes.
    let key = VerifierKey::new("log.example/evidence", [0x42; 32]).unwrap();
    let input = [b"log.example/evidence\n\x01".as_slice(), &[0x42; 32]].concat();
    assert_eq!(key.id(), countersign_jose::sha256(&input)[..4]);
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key));
    let mut wrong_id = text.clone().into_bytes();
    let digit = "log.example/evidence+".len();
    wrong_id[digit] = if wrong_id[digit] == b'0' { b'1' } else { b'0' };
    for other in [
        String::from_utf8(wrong_id).unwrap(),
        text.replacen("log", "LOG", 1),
        text.replace('+', " "),
        text.trim_end_matches('=').to_owned() + "A",
        "a+00000000".to_owned(),
        String::new(),
    ] {
        assert_ne!(other, text);
        assert!(other.parse::<VerifierKey>().is_err(), "{other:?}");
    }
    for name in ["", "a b", "a+b", "a\nb"] {
        assert!(VerifierKey::new(name, [0; 32]).is_err(), "{name:?}");
    }
}

#[test]
fn evd_14_origin_of_an_issuer() {
    for (issuer, origin) in [
        ("https://as.example", "as.example/evidence"),
        ("https://as.example/", "as.example/evidence"),
        ("https://as.example/tenant/one", "as.example/tenant/one/evidence"),
        ("http://localhost:8080", "localhost:8080/evidence"),
        ("https://as.example/a+b", "as.example/a%2Bb/evidence"),
    ] {
        let origin_of = Origin::of(&issuer.parse().unwrap());
        assert_eq!(origin_of.as_str(), origin);
        assert!(VerifierKey::new(origin_of.as_str(), [0; 32]).is_ok(), "{origin} names a key");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn evd_05_tiles_give_the_root_at_any_size(size in 1usize..1200, batch in 1usize..400) {
        let (store, hashes) = stored_log(size, batch);
        let tiles = store.load(&Log::tiles_to_load(size as u64));
        let log = Log::resume(origin(), frontier(&hashes), &tiles).unwrap();
        prop_assert_eq!(log.root(), naive_root(&hashes));
    }

    #[test]
    fn evd_07_proofs_hold_for_their_leaf_and_no_other(size in 1usize..700, pick in any::<(u16, u16)>()) {
        let (store, hashes) = stored_log(size, size);
        let (index, old) = (usize::from(pick.0) % size, usize::from(pick.1) % size + 1);
        let root = naive_root(&hashes);
        let plan = ProofPlan::inclusion(index as u64, size as u64).unwrap();
        let proof = plan.build(&store.load(&plan.tiles())).unwrap();
        prop_assert!(verify_inclusion(&hashes[index], index as u64, size as u64, &proof, &root).is_ok());
        prop_assert!(verify_inclusion(&leaf_hash(b"x"), index as u64, size as u64, &proof, &root).is_err());
        let plan = ProofPlan::consistency(old as u64, size as u64).unwrap();
        let proof = plan.build(&store.load(&plan.tiles())).unwrap();
        let old_root = naive_root(&hashes[..old]);
        prop_assert!(verify_consistency(old as u64, &old_root, size as u64, &root, &proof).is_ok());
        prop_assert!(verify_consistency(old as u64, &leaf_hash(b"x"), size as u64, &root, &proof).is_err());
    }

    #[test]
    fn evd_12_any_text_survives_or_is_refused(text in "\\PC{0,200}") {
        if let Ok(note) = text.parse::<SignedNote>() {
            prop_assert_eq!(note.to_string(), text);
        }
    }
}
