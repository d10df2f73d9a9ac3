use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use countersign_evidence::decision::{Decision, Outcome};
use countersign_evidence::digest::Salt;
use countersign_evidence::record::{Original, Record, RecordKind};
use countersign_jose::seal::Sealer;
use countersign_jose::{SystemEntropy, base64url};
use countersign_protocol::parameter::{Issuer, TransactionId};
use countersign_protocol::time::UnixTime;
use countersign_storage::evidence_record::{self, EvidenceBlob, EvidenceRecord};
use countersign_storage::{Settings, Store, Unit};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Bench;

const VECTORS: &str = include_str!("../../../evidence/tests/vectors/bundle.json");

fn vectors() -> Vec<Value> {
    serde_json::from_str(VECTORS).unwrap()
}

#[test]
fn evd_40_verification_exits_with_0_or_1_and_needs_no_database() {
    let bench = Bench::new();
    let mut verdicts = [0, 0];
    for vector in vectors() {
        let name = vector["name"].as_str().unwrap();
        let file = bench.write("bundle", vector["bundle"].as_str().unwrap());
        let mut arguments = vec!["evidence", "verify", &file];
        if let Some(trust) = vector["trust"].as_str() {
            arguments.extend(["--trust", trust]);
        }
        let holds = vector["expect"] == "holds";
        let (code, report) = bench.json(&arguments);
        assert_eq!(code, Some(i32::from(!holds)), "{name}");
        assert_eq!(report["holds"], holds, "{name}");
        verdicts[usize::from(holds)] += 1;
    }
    assert!(verdicts.iter().all(|seen| *seen > 0), "both outcomes occur");
    assert!(!bench.path().join("countersign-data").exists(), "no database was made");
}

#[test]
fn evd_34_a_flipped_byte_is_found_and_said() {
    let bench = Bench::new();
    let vector = vectors().into_iter().find(|vector| vector["expect"] == "holds").unwrap();
    let text = vector["bundle"].as_str().unwrap();
    let control = bench.write("whole", text);
    let ran = bench.run(&["evidence", "verify", &control]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("The evidence holds.") && ran.out.contains("Not proven"), "{}", ran.out);
    for at in [text.len() / 3, text.len() / 2, text.len() - 2] {
        let mut flipped = text.as_bytes().to_vec();
        flipped[at] ^= 1;
        let file = bench.write("flipped", &flipped);
        let ran = bench.run(&["evidence", "verify", &file]);
        assert_eq!(ran.code, Some(1), "byte {at}: {}", ran.out);
        assert!(ran.out.contains("The evidence does not hold."), "byte {at}: {}", ran.out);
    }
}

#[test]
fn what_is_not_recorded_is_not_shown() {
    let bench = Bench::new();
    assert_eq!(bench.json(&["evidence", "list"]), (Some(0), json!({ "transactions": [] })));
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(bench.run(&["evidence", "show", unknown]).code, Some(1));
    assert_eq!(bench.run(&["evidence", "export", unknown]).code, Some(1));
}

#[tokio::test]
async fn evd_30_transactions_are_listed_and_shown_with_their_decision() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["evidence", "list"]).code, Some(0), "the database is made");
    let data = bench.path().join("countersign-data");
    let key = data.join("master.key");
    std::fs::write(&key, base64url::encode([9; 32])).unwrap();
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let store = Store::open(Settings::Sqlite { path: data.join("countersign.db") }).await.unwrap();
    let transaction: TransactionId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    keep_decision(&store, &transaction).await;

    let list = ["evidence", "list"];
    let (code, listed) = bench.json(&list);
    assert_eq!((code, &listed["transactions"][0]["outcome"]), (Some(0), &json!("granted")), "{listed:#}");
    assert_eq!(listed["transactions"][0]["client_id"], "shop");
    let text = bench.run(&list).out;
    assert!(text.contains("CLIENT") && text.contains("OUTCOME") && text.contains("granted"), "{text}");

    let show = ["evidence", "show", transaction.as_str()];
    let (_, shown) = bench.json(&show);
    let expected = json!({ "outcome": "granted", "subject": "p-1", "scope": "openid", "page_shown": true });
    assert_eq!(shown["records"][0]["decision"], expected);
    assert_eq!(shown["records"][0]["facts"], json!({ "profile": "baseline" }));
    let text = bench.run(&show).out;
    for words in ["outcome: granted", "subject: p-1", "scope: openid", "a page was shown: yes"] {
        assert!(text.contains(words), "{words}: {text}");
    }

    std::fs::remove_file(&key).unwrap();
    assert_eq!(bench.json(&list).1["transactions"][0]["outcome"], "sealed");
    assert!(!key.exists(), "reading makes no master key");
    let erased = evidence_record::erase_blobs(&issuer(), &transaction, at()).commit(&store).await.unwrap();
    assert!(erased.is_committed());
    assert_eq!(bench.json(&list).1["transactions"][0]["outcome"], "erased");
    assert_eq!(bench.run(&["evidence", "list", "--limit", "0"]).code, Some(2));
}

fn issuer() -> Issuer {
    "http://localhost:8080".parse().unwrap()
}

fn at() -> UnixTime {
    UnixTime::from_secs(1_700_000_000)
}

/// A decision as the server keeps it: the digests in the leaf, the bytes sealed beside it.
async fn keep_decision(store: &Store, transaction: &TransactionId) {
    let scope = "openid".parse().unwrap();
    let mut decision = Decision::new(transaction.clone(), "shop".parse().unwrap(), Outcome::Granted, scope);
    decision.subject = Some("p-1".parse().unwrap());
    let (bytes, salt) = (decision.to_bytes().unwrap(), Salt::generate(&mut SystemEntropy));
    let record =
        Record::new(issuer(), transaction.clone(), RecordKind::Decision, at(), "shop".parse().unwrap())
            .with_bytes(Original::Decision, &salt, &bytes)
            .with_bytes(Original::Shown, &salt, b"<html>")
            .with_fact("profile", "baseline");
    let row = EvidenceRecord::of("r".to_owned(), &record).unwrap();
    let content = [salt.as_bytes(), bytes.as_slice()].concat();
    let place = format!("{}\nevidence_blob\nr\ndecision", issuer());
    let sealer = Sealer::new(Zeroizing::new([9; 32]));
    let sealed = sealer.seal(&content, place.as_bytes(), &mut SystemEntropy).unwrap();
    let blob = EvidenceBlob { part: "decision".to_owned(), sealed };
    let unit = Unit::new().then(evidence_record::append(&issuer(), &row)).then(evidence_record::keep_blob(
        &issuer(),
        "r",
        &blob,
    ));
    assert!(unit.commit(store).await.unwrap().is_committed());
}
