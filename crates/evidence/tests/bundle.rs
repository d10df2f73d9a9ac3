//! What a bundle proves, and what breaks it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod transaction;

use countersign_evidence::bundle::{Bundle, BundleError, Kept};
use countersign_evidence::decision::Outcome;
use countersign_evidence::digest::Salt;
use countersign_evidence::key_archive::{KeyEvent, KeyOwner, KeyPurpose};
use countersign_evidence::note::VerifierKey;
use countersign_evidence::record::{Made, Original, RecordKind};
use countersign_evidence::report::{Check, Report, Status};
use countersign_jose::{Algorithm, SigningKey};
use countersign_protocol::time::UnixTime;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use serde_json::json;

use transaction::{ISSUER, NOW, Transaction, archived, used};

fn verify(transaction: &Transaction) -> Report {
    Bundle::verify(&transaction.seal().to_bytes().unwrap(), Some(&transaction.log_verifier()))
}

fn broken(report: &Report) -> Vec<Check> {
    let mut broken: Vec<_> = report.broken().map(|finding| finding.id).collect();
    broken.dedup();
    broken
}

#[test]
fn evd_20_good_bundle_holds_in_every_check() {
    let transaction = Transaction::new();
    let report = verify(&transaction);
    for check in [
        Check::File,
        Check::Checkpoint,
        Check::LogKey,
        Check::Inclusion,
        Check::Bytes,
        Check::RequestSignature,
        Check::AnswerSignature,
        Check::Request,
        Check::Answer,
        Check::Decision,
        Check::Once,
        Check::Times,
    ] {
        assert!(report.held(check), "{check:?}\n{report}");
    }
    assert!(report.holds());
    assert_eq!(report.proven.len(), 4, "{report}");
}

#[test]
fn evd_20_a_bundle_reads_back_as_itself() {
    let bundle = Transaction::new().seal();
    assert_eq!(Bundle::parse(&bundle.to_bytes().unwrap()), Ok(bundle));
}

#[test]
fn evd_20_every_other_spelling_of_the_file_is_refused() {
    let file = String::from_utf8(Transaction::new().seal().to_bytes().unwrap()).unwrap();
    assert!(Bundle::parse(file.as_bytes()).is_ok(), "control");
    for (what, other) in [
        ("no last newline", file.trim_end().to_owned()),
        ("one newline more", format!("{file}\n")),
        ("white space", file.replacen(": ", ":  ", 1)),
        ("unknown member", file.replacen("{\n", "{\n  \"note\": \"x\",\n", 1)),
        ("doubled member", file.replacen("{\n", "{\n  \"version\": 1,\n", 1)),
        ("other version", file.replacen("\"version\": 1", "\"version\": 2", 1)),
        ("other format", file.replacen("evidence-bundle", "evidence-bundel", 1)),
        (
            "escaped character",
            file.replacen("countersign-evidence-bundle", "\\u0063ountersign-evidence-bundle", 1),
        ),
        ("byte order mark", format!("\u{feff}{file}")),
        ("empty", String::new()),
    ] {
        assert_ne!(other, file, "{what}: the case changes something");
        let report = Bundle::verify(other.as_bytes(), None);
        assert_eq!(broken(&report), [Check::File], "{what}");
        assert!(!report.holds() && report.proven.is_empty(), "{what}");
    }
}

#[test]
fn evd_20_parts_that_do_not_belong_together() {
    let good = Transaction::new().seal();
    let cases: [(&str, fn(&mut Bundle)); 6] = [
        ("no records", |bundle| bundle.records.clear()),
        ("records out of order", |bundle| bundle.records.reverse()),
        ("record twice", |bundle| bundle.records.insert(0, bundle.records[0].clone())),
        ("other transaction", |bundle| {
            bundle.transaction = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
        }),
        ("other issuer", |bundle| bundle.issuer = "https://other.example".parse().unwrap()),
        ("bytes missing", |bundle| bundle.records[0].originals.clear()),
    ];
    for (what, bend) in cases {
        let mut bundle = good.clone();
        bend(&mut bundle);
        assert!(matches!(bundle.to_bytes(), Err(BundleError::Content(_))), "{what}");
    }
}

#[test]
fn evd_21_checkpoint_of_another_key_or_log() {
    let transaction = Transaction::new();
    let mut forged = transaction.seal();
    let other = Transaction::new();
    forged.log_key = other.log_verifier();
    assert!(forged.to_bytes().is_err(), "the signature line is not by the key in the file");

    // A checkpoint that the key really signed, over another tree.
    let mut grown = Transaction::new();
    grown.log_key =
        SigningKey::from_pkcs8(&transaction.log_key.to_pkcs8().unwrap(), Algorithm::EdDSA).unwrap();
    let mut mixed = transaction.seal();
    mixed.checkpoint = grown.seal().checkpoint;
    let report = Bundle::verify(&mixed.to_bytes().unwrap(), None);
    assert_eq!(broken(&report), [Check::Inclusion], "{report}");
    assert!(report.proven.is_empty());
}

#[test]
fn evd_22_log_key_is_trusted_only_when_given() {
    let transaction = Transaction::new();
    let file = transaction.seal().to_bytes().unwrap();
    let untrusted = Bundle::verify(&file, None);
    let finding = untrusted.findings.iter().find(|finding| finding.id == Check::LogKey).unwrap();
    assert_eq!(finding.status, Status::NotCheckable);
    assert!(untrusted.not_proven[0].contains("That the log key is the issuer's"), "{untrusted}");

    let report = Bundle::verify(&file, Some(&Transaction::new().log_verifier()));
    assert_eq!(broken(&report), [Check::LogKey]);
}

#[test]
fn evd_23_leaf_that_is_not_in_the_log() {
    let mut bundle = Transaction::new().seal();
    bundle.records[3].record.facts.insert("scope".into(), "admin".into());
    assert_eq!(broken(&Bundle::verify(&bundle.to_bytes().unwrap(), None)), [Check::Inclusion]);

    let mut bundle = Transaction::new().seal();
    bundle.keys[0].key.valid_from = UnixTime::from_secs(1);
    assert_eq!(broken(&Bundle::verify(&bundle.to_bytes().unwrap(), None)), [Check::Inclusion]);

    let mut bundle = Transaction::new().seal();
    bundle.records[3].index += 1;
    assert_eq!(broken(&Bundle::verify(&bundle.to_bytes().unwrap(), None)), [Check::Inclusion]);
}

#[test]
fn evd_24_bytes_or_salt_that_were_not_recorded() {
    let other_bytes = |kept: &mut Kept| {
        if let Kept::Bytes { bytes, .. } = kept {
            bytes.push(b' ');
        }
    };
    let other_salt = |kept: &mut Kept| {
        if let Kept::Bytes { salt, .. } = kept {
            *salt = Salt::from_bytes([0; 32]);
        }
    };
    let bends: [&dyn Fn(&mut Kept); 2] = [&other_bytes, &other_salt];
    for bend in bends {
        let mut bundle = Transaction::new().seal();
        bend(&mut bundle.records[1].originals[1]);
        assert_eq!(broken(&Bundle::verify(&bundle.to_bytes().unwrap(), None)), [Check::Bytes]);
    }
}

/// What is recorded, is in the log, has the right digest, and still does not stand.
#[test]
fn evidence_that_contradicts_itself() {
    let cases: &[(&str, Check, fn(&mut Transaction))] = &[
        ("EVD-25 request signed by a key that is not the client's", Check::RequestSignature, |t| {
            t.client_key = SigningKey::generate(Algorithm::ES256).unwrap();
            t.sign();
        }),
        ("EVD-25 request by another key than the record names", Check::RequestSignature, |t| {
            let named = t.steps[0].record.keys.clone();
            t.client_key = SigningKey::generate(Algorithm::ES256).unwrap();
            t.sign();
            t.steps[0].record.keys = named;
        }),
        ("EVD-25 client key ended before", Check::RequestSignature, |t| {
            t.keys[0].valid_to = Some(UnixTime::from_secs(NOW));
        }),
        ("EVD-25 client key began after", Check::RequestSignature, |t| {
            t.keys[0].valid_from = UnixTime::from_secs(NOW + 2);
        }),
        ("EVD-25 client key retired by a later leaf", Check::RequestSignature, |t| {
            let mut retired = t.keys[0].clone();
            retired.event = KeyEvent::Retired;
            retired.valid_to = Some(UnixTime::from_secs(NOW));
            t.keys.push(retired);
        }),
        ("EVD-25 client key archived for another client", Check::RequestSignature, |t| {
            t.keys[0].owner = KeyOwner::Client("bank".parse().unwrap());
        }),
        ("EVD-25 client key archived for encryption", Check::RequestSignature, |t| {
            t.keys[0].purpose = KeyPurpose::Encryption;
        }),
        ("EVD-25 request signed by the server", Check::RequestSignature, |t| {
            t.keys[0] = archived(KeyOwner::Issuer(transaction::issuer()), &t.client_key, Algorithm::ES256);
        }),
        ("EVD-25 record names no key", Check::RequestSignature, |t| t.steps[0].record.keys.clear()),
        ("EVD-25 request is no JWS", Check::RequestSignature, |t| {
            t.steps[0].originals[0].1 = b"not a token".to_vec();
        }),
        ("EVD-26 answer signed by the client", Check::AnswerSignature, |t| {
            t.server_key = SigningKey::generate(Algorithm::EdDSA).unwrap();
            let client_owned = KeyOwner::Client(transaction::CLIENT.parse().unwrap());
            t.keys[1] = archived(client_owned, &t.server_key, Algorithm::EdDSA);
            t.sign();
        }),
        ("EVD-26 server key ended before", Check::AnswerSignature, |t| {
            t.keys[1].valid_to = Some(UnixTime::from_secs(NOW + 30));
        }),
        ("EVD-27 request of another client", Check::Request, |t| bend_request(t, "client_id", json!("bank"))),
        ("EVD-27 request issued by another", Check::Request, |t| bend_request(t, "iss", json!("bank"))),
        ("EVD-27 request to another issuer", Check::Request, |t| {
            bend_request(t, "aud", json!("https://b.example"))
        }),
        ("EVD-28 answer of another issuer", Check::Answer, |t| {
            bend_answer(t, "iss", json!("https://b.example"))
        }),
        ("EVD-28 answer to another client", Check::Answer, |t| bend_answer(t, "aud", json!("bank"))),
        ("EVD-28 answer to a list of clients", Check::Answer, |t| bend_answer(t, "aud", json!(["shop"]))),
        ("EVD-28 other state", Check::Answer, |t| bend_answer(t, "state", json!("s-2"))),
        ("EVD-28 state out of nowhere", Check::Answer, |t| bend_request(t, "state", json!(null))),
        ("EVD-28 other redirect URI", Check::Answer, |t| {
            t.steps[2].record.facts.insert("redirect_uri".into(), "https://evil.example/".into());
        }),
        ("EVD-28 other response mode", Check::Answer, |t| {
            t.steps[2].record.facts.insert("response_mode".into(), "fragment.jwt".into());
        }),
        ("EVD-28 answer recorded for another client", Check::Answer, |t| {
            t.steps[2].record.client_id = "bank".parse().unwrap();
            bend_answer(t, "aud", json!("bank"));
        }),
        ("EVD-29 more granted than asked", Check::Decision, |t| {
            t.decision.scope = "openid admin".parse().unwrap();
            t.sign();
        }),
        ("EVD-29 decision for another client", Check::Decision, |t| {
            t.decision.client_id = "bank".parse().unwrap();
            t.sign();
        }),
        ("EVD-29 decision of another transaction", Check::Decision, |t| {
            t.decision.transaction = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
            t.sign();
        }),
        ("EVD-29 code after a refusal", Check::Decision, |t| {
            t.decision.outcome = Outcome::Denied;
            t.sign();
        }),
        ("EVD-29 error after a grant", Check::Decision, |t| bend_answer(t, "error", json!("access_denied"))),
        ("EVD-29 decision in another spelling", Check::Decision, |t| t.steps[1].originals[0].1.push(b'\n')),
        ("EVD-30 two answers", Check::Once, |t| {
            let again = t.steps[2].clone();
            t.steps.push(again);
        }),
        ("EVD-31 answer before the decision", Check::Times, |t| {
            t.steps[1].record.at = UnixTime::from_secs(NOW + 60)
        }),
        ("EVD-31 tokens before the answer", Check::Times, |t| {
            t.steps[3].record.at = UnixTime::from_secs(NOW + 29)
        }),
        ("EVD-31 request recorded after it expired", Check::Times, |t| {
            bend_request(t, "exp", json!(NOW - 60))
        }),
        ("EVD-31 request recorded before it was made", Check::Times, |t| {
            bend_request(t, "nbf", json!(NOW + 62))
        }),
        ("EVD-31 answer dated later than sent", Check::Times, |t| bend_answer(t, "iat", json!(NOW + 91))),
        ("EVD-31 time that is no number", Check::Times, |t| bend_answer(t, "iat", json!("soon"))),
    ];
    for (what, check, bend) in cases {
        let mut transaction = Transaction::new();
        assert!(verify(&transaction).holds(), "{what}: control");
        bend(&mut transaction);
        let report = verify(&transaction);
        assert_eq!(broken(&report), [*check], "{what}\n{report}");
        assert!(!report.holds() && report.proven.is_empty(), "{what}: nothing is proven by broken evidence");
    }
}

fn bend_request(transaction: &mut Transaction, name: &str, value: serde_json::Value) {
    bend(&mut transaction.request, name, value);
    transaction.sign();
}

fn bend_answer(transaction: &mut Transaction, name: &str, value: serde_json::Value) {
    bend(&mut transaction.answer, name, value);
    transaction.sign();
}

/// Sets a claim; null removes it.
fn bend(claims: &mut serde_json::Value, name: &str, value: serde_json::Value) {
    let claims = claims.as_object_mut().unwrap();
    if value.is_null() {
        claims.remove(name)
    } else {
        claims.insert(name.to_owned(), value)
    };
}

#[test]
fn evd_25_rotated_keys_still_verify() {
    let mut transaction = Transaction::new();
    let mut retired = transaction.keys[0].clone();
    retired.event = KeyEvent::Retired;
    retired.valid_to = Some(UnixTime::from_secs(NOW + 500));
    transaction.keys.push(retired);
    let report = verify(&transaction);
    assert!(report.held(Check::RequestSignature), "it counted then\n{report}");
}

#[test]
fn evd_33_key_archived_after_its_use_is_pointed_out() {
    let mut bundle = Transaction::new().seal();
    let limit = "That a key was its owner's when it signed";
    let says = |report: &Report| report.not_proven.iter().any(|sentence| sentence.starts_with(limit));
    assert!(!says(&Bundle::verify(&bundle.to_bytes().unwrap(), None)), "control");
    bundle.keys[0].index = 900;
    bundle.keys.reverse();
    assert!(says(&Bundle::verify(&bundle.to_bytes().unwrap(), None)));
}

#[test]
fn evd_25_plain_request_is_reported_as_unsigned() {
    let mut transaction = Transaction::new();
    let parameters = "client_id=shop&response_type=code&response_mode=jwt&scope=openid+profile&state=s-1\
                      &redirect_uri=https%3A%2F%2Fshop.example%2Fcallback";
    transaction.steps[0].originals = vec![(Original::RequestParameters, parameters.as_bytes().to_vec())];
    transaction.steps[0].record.keys.clear();
    let report = verify(&transaction);
    assert!(report.holds(), "{report}");
    assert!(!report.held(Check::RequestSignature));
    assert!(report.held(Check::Answer), "state, address and mode are compared all the same\n{report}");
    assert!(
        report.not_proven.iter().any(|limit| limit.starts_with("Who wrote the request: it was not signed"))
    );
    assert!(
        !report.proven.iter().any(|sentence| sentence.contains("signed exactly the request")),
        "{report}"
    );
}

#[test]
fn evd_29_refusal_with_signed_error_holds() {
    let mut transaction = Transaction::new();
    transaction.decision.outcome = Outcome::Denied;
    transaction.decision.scope = "".parse().unwrap();
    transaction.answer = json!({
        "iss": ISSUER, "aud": "shop", "error": "access_denied", "state": "s-1", "iat": NOW + 30, "exp": NOW + 150
    });
    transaction.steps.truncate(3);
    transaction.sign();
    let report = verify(&transaction);
    assert!(report.holds(), "{report}");
    assert!(report.proven.iter().any(|sentence| sentence.contains("declined")), "{report}");
}

#[test]
fn evd_30_unfinished_transaction_proves_what_there_is() {
    let mut transaction = Transaction::new();
    transaction.steps.truncate(1);
    let report = verify(&transaction);
    assert!(report.holds(), "{report}");
    assert_eq!(report.proven.len(), 2, "in the log, and the request\n{report}");
}

#[test]
fn evd_32_erased_bytes_leave_the_proofs_standing() {
    let mut bundle = Transaction::new().seal();
    for entry in &mut bundle.records {
        entry.originals.fill(Kept::Erased);
    }
    let report = Bundle::verify(&bundle.to_bytes().unwrap(), None);
    assert!(report.holds(), "{report}");
    assert!(report.held(Check::Inclusion) && report.held(Check::Checkpoint));
    for check in [Check::Bytes, Check::RequestSignature, Check::AnswerSignature, Check::Decision] {
        let findings: Vec<_> = report.findings.iter().filter(|finding| finding.id == check).collect();
        assert!(!findings.is_empty(), "{check:?}");
        assert!(findings.iter().all(|finding| finding.status == Status::NotCheckable), "{check:?}\n{report}");
    }
    assert_eq!(report.proven.len(), 1, "only that the steps are in the log\n{report}");
    assert!(report.not_proven.iter().any(|limit| limit.starts_with("What the erased bytes said")));
}

#[test]
fn evd_33_report_says_what_is_not_proven() {
    let report = verify(&Transaction::new());
    let words = report.to_string();
    for limit in
        ["shows everybody the same log", "understood the page", "the file is complete", "private keys"]
    {
        assert!(report.not_proven.iter().any(|sentence| sentence.contains(limit)), "{limit}\n{report}");
        assert!(words.contains(limit));
    }
    assert!(words.contains("The evidence holds."));
    for finding in &report.findings {
        assert!(finding.sentence.ends_with('.'), "{}", finding.sentence);
        assert!(finding.requirement.starts_with("EVD-"));
    }
}

/// Every single byte of a good file, each with one bit turned.
#[test]
fn evd_34_flipped_byte_is_found() {
    let transaction = Transaction::new();
    let mut file = transaction.seal().to_bytes().unwrap();
    assert!(Bundle::verify(&file, None).holds(), "control");
    for at in 0..file.len() {
        let bit = 1 << (at % 8);
        file[at] ^= bit;
        assert!(!Bundle::verify(&file, None).holds(), "bit {bit} of byte {at} turned, and nobody noticed");
        file[at] ^= bit;
    }
    assert!(Bundle::verify(&file, None).holds(), "control again");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn evd_34_any_other_byte_is_found(at in any::<proptest::sample::Index>(), mask in 1u8..=255, others in 0u64..300) {
        let mut transaction = Transaction::new();
        transaction.others = others;
        let mut file = transaction.seal().to_bytes().unwrap();
        prop_assert!(Bundle::verify(&file, None).holds());
        let at = at.index(file.len());
        file[at] ^= mask;
        prop_assert!(!Bundle::verify(&file, None).holds());
    }

    #[test]
    fn evd_20_bytes_that_are_no_bundle_never_hold(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!Bundle::verify(&bytes, None).holds());
    }
}

#[test]
fn evd_26_answer_key_is_named_by_its_record() {
    let mut transaction = Transaction::new();
    transaction.steps[2].record.keys = vec![used(Made::ResponseJwt, &transaction.client_key)];
    assert_eq!(broken(&verify(&transaction)), [Check::AnswerSignature]);
}

#[test]
fn evd_30_refused_request_counts_as_the_request() {
    let mut transaction = Transaction::new();
    transaction.steps[3].record.kind = RecordKind::RequestRefused;
    assert_eq!(broken(&verify(&transaction)), [Check::Once]);
}

#[test]
fn evd_22_trusted_key_reads_from_its_text() {
    let transaction = Transaction::new();
    let text = transaction.log_verifier().to_string();
    assert!(text.starts_with("as.example/evidence+"));
    let trusted: VerifierKey = text.parse().unwrap();
    assert!(Bundle::verify(&transaction.seal().to_bytes().unwrap(), Some(&trusted)).held(Check::LogKey));
}
