//! The vectors in `tests/vectors`: inputs with an `expect` member, for this and every other implementation.
//!
//! `cargo test -p countersign-evidence --test vectors -- --ignored` writes them anew, with new keys.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod transaction;

use std::fs;
use std::path::PathBuf;

use countersign_evidence::bundle::{Bundle, Kept};
use countersign_evidence::checkpoint::{Checkpoint, Origin};
use countersign_evidence::key_archive::ArchivedKey;
use countersign_evidence::note::SignedNote;
use countersign_evidence::proof::{ProofPlan, verify_consistency, verify_inclusion};
use countersign_evidence::record::{Original, Record};
use countersign_evidence::tile::Tiles;
use countersign_evidence::tree::{Frontier, Hash, leaf_hash};
use serde::{Deserialize, Serialize};

use transaction::{Transaction, issuer};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Holds,
    Refused,
}

#[derive(Serialize, Deserialize)]
struct ProofVector {
    expect: Expect,
    /// Leaf index, for inclusion.
    index: Option<u64>,
    leaf_hash: Option<String>,
    /// Older size and root, for consistency.
    old_size: Option<u64>,
    old_root: Option<String>,
    size: u64,
    root: String,
    proof: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct LeafVector {
    name: String,
    expect: Expect,
    /// `record` or `key`.
    kind: String,
    leaf: String,
    leaf_hash: String,
}

#[derive(Serialize, Deserialize)]
struct CheckpointVector {
    name: String,
    expect: Expect,
    note: String,
    key: String,
}

#[derive(Serialize, Deserialize)]
struct BundleVector {
    name: String,
    expect: Expect,
    /// Requirement ids of the findings that are broken.
    broken: Vec<String>,
    trust: Option<String>,
    bundle: String,
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> Vec<T> {
    let vectors: Vec<T> = serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap();
    assert!(!vectors.is_empty(), "{name}");
    vectors
}

fn write(name: &str, vectors: &impl Serialize) {
    fs::write(path(name), serde_json::to_string_pretty(vectors).unwrap() + "\n").unwrap();
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Hash {
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}

fn outcome(holds: bool) -> Expect {
    if holds { Expect::Holds } else { Expect::Refused }
}

#[test]
fn evd_07_proof_vectors() {
    for (at, vector) in read::<ProofVector>("proof.json").into_iter().enumerate() {
        let proof: Vec<_> = vector.proof.iter().map(|hash| unhex(hash)).collect();
        let root = unhex(&vector.root);
        let result = match (vector.index, vector.old_size) {
            (Some(index), _) => {
                verify_inclusion(&unhex(&vector.leaf_hash.unwrap()), index, vector.size, &proof, &root)
            }
            (None, Some(old)) => {
                verify_consistency(old, &unhex(&vector.old_root.unwrap()), vector.size, &root, &proof)
            }
            (None, None) => panic!("vector {at} proves nothing"),
        };
        assert_eq!(outcome(result.is_ok()), vector.expect, "vector {at}: {result:?}");
    }
}

#[test]
fn evd_08_leaf_vectors() {
    for vector in read::<LeafVector>("leaf.json") {
        let leaf = vector.leaf.as_bytes();
        let holds = match vector.kind.as_str() {
            "record" => Record::from_leaf(leaf).is_ok(),
            _ => ArchivedKey::from_leaf(leaf).is_ok(),
        };
        assert_eq!(outcome(holds), vector.expect, "{}", vector.name);
        assert_eq!(hex(leaf_hash(leaf)), vector.leaf_hash, "{}", vector.name);
    }
}

#[test]
fn evd_12_checkpoint_vectors() {
    for vector in read::<CheckpointVector>("checkpoint.json") {
        let key = vector.key.parse().unwrap();
        let opened = vector.note.parse::<SignedNote>().map(|note| Checkpoint::open(&note, &key));
        assert_eq!(outcome(matches!(opened, Ok(Ok(_)))), vector.expect, "{}: {opened:?}", vector.name);
    }
}

#[test]
fn evd_20_bundle_vectors() {
    for vector in read::<BundleVector>("bundle.json") {
        let trust = vector.trust.map(|key| key.parse().unwrap());
        let report = Bundle::verify(vector.bundle.as_bytes(), trust.as_ref());
        assert_eq!(outcome(report.holds()), vector.expect, "{}\n{report}", vector.name);
        let broken: Vec<_> = report.broken().map(|finding| finding.requirement).collect();
        assert_eq!(broken, vector.broken, "{}\n{report}", vector.name);
    }
}

#[test]
#[ignore = "writes the vectors anew"]
fn write_vectors() {
    write("proof.json", &proof_vectors());
    write("leaf.json", &leaf_vectors());
    write("checkpoint.json", &checkpoint_vectors());
    write("bundle.json", &bundle_vectors());
}

fn proof_vectors() -> Vec<ProofVector> {
    let size = 300;
    let leaves: Vec<_> = (0..size).map(|n: u64| leaf_hash(&n.to_be_bytes())).collect();
    let mut log = countersign_evidence::log::Log::empty(Origin::of(&issuer()));
    let mut tiles = Tiles::new();
    let integration = log.integrate((0..size).map(|n| n.to_be_bytes())).unwrap();
    for tile in integration.tiles {
        tiles.insert(tile.id.level, tile.id.index, &tile.bytes).unwrap();
    }
    let root_at = |size: u64| {
        let mut frontier = Frontier::new();
        leaves.iter().take(size as usize).for_each(|leaf| frontier.append(*leaf, |_, _| ()));
        hex(frontier.root())
    };
    let mut vectors = Vec::new();
    for (index, size) in [(0, 1), (0, 2), (1, 2), (2, 3), (4, 5), (6, 7), (100, 256), (256, 257), (299, 300)]
    {
        let proof = ProofPlan::inclusion(index, size).unwrap().build(&tiles).unwrap();
        let leaf = hex(leaves[index as usize]);
        let vector = |expect, index, proof: &[Hash]| ProofVector {
            expect,
            index: Some(index),
            leaf_hash: Some(leaf.clone()),
            old_size: None,
            old_root: None,
            size,
            root: root_at(size),
            proof: proof.iter().map(hex).collect(),
        };
        vectors.push(vector(Expect::Holds, index, &proof));
        vectors.push(vector(Expect::Refused, (index + 1) % 300, &proof));
        vectors.push(vector(Expect::Refused, index, &[&proof[..], &[[0; 32]]].concat()));
    }
    for (old, size) in
        [(1, 2), (2, 3), (3, 7), (4, 8), (6, 7), (255, 256), (256, 300), (299, 300), (300, 300)]
    {
        let proof = ProofPlan::consistency(old, size).unwrap().build(&tiles).unwrap();
        let vector = |expect, old_root: String| ProofVector {
            expect,
            index: None,
            leaf_hash: None,
            old_size: Some(old),
            old_root: Some(old_root),
            size,
            root: root_at(size),
            proof: proof.iter().map(hex).collect(),
        };
        vectors.push(vector(Expect::Holds, root_at(old)));
        vectors.push(vector(Expect::Refused, root_at(old - 1)));
    }
    vectors
}

fn leaf_vectors() -> Vec<LeafVector> {
    let bundle = Transaction::new().seal();
    let record = String::from_utf8(bundle.records[0].record.to_leaf().unwrap()).unwrap();
    let key = String::from_utf8(bundle.keys[0].key.to_leaf().unwrap()).unwrap();
    let vector = |name: &str, kind: &str, expect, leaf: String| LeafVector {
        name: name.to_owned(),
        expect,
        kind: kind.to_owned(),
        leaf_hash: hex(leaf_hash(leaf.as_bytes())),
        leaf,
    };
    vec![
        vector("record of a request", "record", Expect::Holds, record.clone()),
        vector("archived key of a client", "key", Expect::Holds, key.clone()),
        vector("key is no record", "record", Expect::Refused, key.clone()),
        vector("record is no key", "key", Expect::Refused, record.clone()),
        vector("white space", "record", Expect::Refused, record.replacen(',', ", ", 1)),
        vector("unknown member", "record", Expect::Refused, record.replacen('{', "{\"x\":1,", 1)),
        vector("doubled member", "record", Expect::Refused, record.replacen('{', "{\"v\":1,", 1)),
        vector("needless escape", "record", Expect::Refused, record.replace("\"shop\"", "\"\\u0073hop\"")),
        vector("private member", "key", Expect::Refused, key.replace("\"kty\"", "\"d\":\"AA\",\"kty\"")),
    ]
}

fn checkpoint_vectors() -> Vec<CheckpointVector> {
    let transaction = Transaction::new();
    let note = transaction.seal().checkpoint.to_string();
    let key = transaction.log_verifier().to_string();
    let vector = |name: &str, expect, note: String, key: &str| CheckpointVector {
        name: name.to_owned(),
        expect,
        note,
        key: key.to_owned(),
    };
    let other = Transaction::new().log_verifier().to_string();
    vec![
        vector("signed by the key", Expect::Holds, note.clone(), &key),
        vector(
            "with a line of a witness",
            Expect::Holds,
            format!("{note}— witness.example AAAAAAAA\n"),
            &key,
        ),
        vector("another key", Expect::Refused, note.clone(), &other),
        vector("another size", Expect::Refused, note.replacen("\n11\n", "\n12\n", 1), &key),
        vector("another origin", Expect::Refused, note.replacen("as.example", "b.example", 1), &key),
        vector("hyphen for the dash", Expect::Refused, note.replacen('—', "-", 1), &key),
        vector("no last newline", Expect::Refused, note.trim_end().to_owned(), &key),
    ]
}

fn bundle_vectors() -> Vec<BundleVector> {
    let transaction = Transaction::new();
    let good = transaction.seal();
    let text = |bundle: &Bundle| String::from_utf8(bundle.to_bytes().unwrap()).unwrap();
    let trust = Some(transaction.log_verifier().to_string());
    let other = Some(Transaction::new().log_verifier().to_string());
    let vector = |name: &str, broken: &[&str], trust: &Option<String>, bundle: String| BundleVector {
        name: name.to_owned(),
        expect: outcome(broken.is_empty()),
        broken: broken.iter().map(|id| (*id).to_owned()).collect(),
        trust: trust.clone(),
        bundle,
    };
    let mut erased = good.clone();
    erased.records.iter_mut().for_each(|entry| entry.originals.fill(Kept::Erased));
    let mut foreign_bytes = good.clone();
    foreign_bytes.records[0].originals = with_other_bytes(&good, b"another request");
    let mut moved = good.clone();
    moved.records[3].index += 1;
    let mut plain = Transaction::new();
    let parameters = "client_id=shop&response_type=code&scope=openid+profile&state=s-1";
    plain.steps[0].originals = vec![(Original::RequestParameters, parameters.as_bytes().to_vec())];
    plain.steps[0].record.keys.clear();
    let mut two_answers = Transaction::new();
    let again = two_answers.steps[2].clone();
    two_answers.steps.push(again);
    vec![
        vector("complete, with the log key known", &[], &trust, text(&good)),
        vector("complete, with the log key from the file", &[], &None, text(&good)),
        vector("all bytes erased", &[], &trust, text(&erased)),
        vector("unsigned request", &[], &None, text(&plain.seal())),
        vector("another log key is trusted", &["EVD-22"], &other, text(&good)),
        vector("white space", &["EVD-20"], &trust, text(&good) + " "),
        vector("record moved", &["EVD-23"], &trust, text(&moved)),
        vector("another request put in its place", &["EVD-24", "EVD-25"], &trust, text(&foreign_bytes)),
        vector("two answers", &["EVD-30"], &None, text(&two_answers.seal())),
    ]
}

fn with_other_bytes(bundle: &Bundle, other: &[u8]) -> Vec<Kept> {
    let bend = |kept: &Kept| match kept {
        Kept::Bytes { salt, .. } => Kept::Bytes { salt: salt.clone(), bytes: other.to_vec() },
        Kept::Erased => Kept::Erased,
    };
    bundle.records[0].originals.iter().map(bend).collect()
}
