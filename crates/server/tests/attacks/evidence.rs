//! What is kept of a flow, and what a third party can verify of it afterwards (evidence.md section 5).

use countersign_evidence::bundle::{Bundle, Kept};
use countersign_evidence::report::{Check, Report};
use countersign_protocol::parameter::TransactionId;
use countersign_protocol::policy::ProfileName;
use countersign_storage::{Unit, evidence_record};
use countersign_testkit::house::{Engine, House, Party};
use countersign_testkit::on_both_databases;
use serde_json::{Value, json};

on_both_databases!(
    evd_25_to_31_a_whole_flow_verifies_offline,
    evd_31_a_person_may_take_their_time,
    evd_28_denied_and_refused_flows,
    evd_25_a_flow_by_value_and_a_plain_one,
    evd_16_after_key_rotations,
    evd_35_no_evidence_no_answer,
    evd_36_two_sequencers_at_once,
    evd_37_and_evd_32_erased_bytes,
    evd_38_and_evd_10_no_leaf_is_personal,
);

async fn fapi(house: &House) -> Party {
    house.register("fapi", ProfileName::Fapi2MessageSigning, json!({})).await
}

/// The newest transaction.
async fn newest(house: &House) -> TransactionId {
    house.transactions().await.pop().expect("something was kept")
}

/// The evidence of a transaction as a file, and what its verification without any server says.
async fn exported(house: &House, transaction: &TransactionId) -> (Vec<u8>, Report) {
    let (evidence, keys) = (house.server().evidence(), house.server().keys());
    evidence.sequence(keys, house.now()).await.expect("the log is written");
    let file = evidence.export(keys, transaction).await.expect("it is in the log").to_bytes().unwrap();
    let report = Bundle::verify(&file, None);
    (file, report)
}

fn assert_holds(report: &Report, id: &str) {
    let broken: Vec<&str> = report.broken().map(|finding| finding.sentence.as_str()).collect();
    assert!(report.holds(), "{id}: {broken:?}");
}

async fn evd_25_to_31_a_whole_flow_verifies_offline(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let answer = house.visitor().agree(&party.pushed(&house, json!({})).await).await;
    let code = party.code(&house, &answer).await;
    assert_eq!(party.redeem(&house, &code).await.status, 200);
    let transaction = newest(&house).await;
    let (file, report) = exported(&house, &transaction).await;
    assert_holds(&report, "EVD-35");
    for check in [
        Check::File,
        Check::Checkpoint,
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
        assert!(report.held(check), "{}: {:?}", check.requirement(), report.findings);
    }
    assert!(!report.proven.is_empty() && !report.not_proven.is_empty(), "EVD-33");
    let bundle = Bundle::parse(&file).unwrap();
    assert_eq!((&bundle.issuer, &bundle.transaction), (house.issuer(), &transaction), "EVD-20");
    for at in (0..file.len()).step_by(file.len() / 97) {
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(!Bundle::verify(&damaged, None).holds(), "EVD-34: byte {at}");
    }
    let trusted = house.server().keys().log_key().clone();
    assert!(Bundle::verify(&file, Some(&trusted)).held(Check::LogKey), "EVD-22: the key of this log");
    let elsewhere = House::open(engine).await;
    let foreign = elsewhere.server().keys().log_key().clone();
    assert!(!Bundle::verify(&file, Some(&foreign)).holds(), "EVD-22: the key of another log");
}

/// The object ends while the person thinks: it was accepted in time, and that is what the record says.
async fn evd_31_a_person_may_take_their_time(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let now = house.now().as_secs();
    let mut visitor = house.visitor();
    let pushed = party.pushed(&house, json!({ "nbf": now, "exp": now + 5 })).await;
    let page = visitor.reach_consent(&pushed).await;
    house.advance(200);
    let answer = visitor.decide(&page, "allow").await;
    party.code(&house, &answer).await;
    let (_, report) = exported(&house, &newest(&house).await).await;
    assert_holds(&report, "EVD-31 pushed");

    let baseline = house.register("baseline", ProfileName::Baseline, json!({})).await;
    let now = house.now().as_secs();
    let object = baseline.object(&house, json!({ "exp": now + 5 }));
    let page = house.visitor().reach_consent(&baseline.by_value(&house, &object)).await;
    assert!(page.field("csrf").is_some(), "EVD-31 by value: {page}");
}

async fn evd_28_denied_and_refused_flows(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let mut visitor = house.visitor();
    let page = visitor.reach_consent(&party.pushed(&house, json!({})).await).await;
    let answer = visitor.decide(&page, "deny").await;
    assert_eq!(party.read(&house, &answer).await["error"], "access_denied");
    let (_, report) = exported(&house, &newest(&house).await).await;
    assert_holds(&report, "EVD-29 denied");
    for check in [Check::RequestSignature, Check::AnswerSignature, Check::Decision, Check::Answer] {
        assert!(report.held(check), "denied, {}: {:?}", check.requirement(), report.findings);
    }

    let silent = house.visitor().open(&party.pushed(&house, json!({ "prompt": "none" })).await).await;
    assert_eq!(party.read(&house, &silent).await["error"], "login_required");
    let (_, report) = exported(&house, &newest(&house).await).await;
    assert_holds(&report, "EVD-29 nobody was asked");
    assert!(report.held(Check::AnswerSignature), "EVD-26: {:?}", report.findings);

    let baseline = house.register("baseline", ProfileName::Baseline, json!({})).await;
    let object = baseline.object(&house, json!({ "scope": "openid admin" }));
    let refused = house.visitor().open(&baseline.by_value(&house, &object)).await;
    assert_eq!(baseline.read(&house, &refused).await["error"], "invalid_scope");
    let (_, report) = exported(&house, &newest(&house).await).await;
    assert_holds(&report, "EVD-30 refused before anybody was asked");
    assert!(report.held(Check::AnswerSignature), "EVD-26: {:?}", report.findings);
    assert!(report.held(Check::RequestSignature), "EVD-25: {:?}", report.findings);

    let kept = newest(&house).await;
    let plain = baseline.plain(&house, json!({ "scope": "openid admin" }));
    let refused = house.visitor().open(&plain).await;
    assert_eq!(baseline.read(&house, &refused).await["error"], "invalid_scope");
    assert_eq!(newest(&house).await, kept, "what nobody signed leaves no record (ATK-DOS-05)");
}

async fn evd_25_a_flow_by_value_and_a_plain_one(engine: Engine) {
    let house = House::open(engine).await;
    let party = house.register("baseline", ProfileName::Baseline, json!({})).await;
    let mut visitor = house.visitor();
    let answer = visitor.agree(&party.by_value(&house, &party.object(&house, json!({})))).await;
    party.code(&house, &answer).await;
    let (_, report) = exported(&house, &newest(&house).await).await;
    assert_holds(&report, "EVD-25 by value");
    assert!(
        report.held(Check::RequestSignature) && report.held(Check::AnswerSignature),
        "{:?}",
        report.findings
    );

    let answer = visitor.agree(&party.plain(&house, json!({}))).await;
    party.code(&house, &answer).await;
    let (_, report) = exported(&house, &newest(&house).await).await;
    assert_holds(&report, "EVD-25 plain");
    assert!(!report.held(Check::RequestSignature), "EVD-25: unsigned is never held: {:?}", report.findings);
    assert!(report.held(Check::AnswerSignature), "EVD-26");
    let words = |report: &Report| {
        report.findings.iter().map(|finding| finding.sentence.to_lowercase()).collect::<Vec<_>>().join("\n")
    };
    assert!(
        words(&report).contains("not signed") || words(&report).contains("unsigned"),
        "EVD-25: {}",
        words(&report)
    );

    let answer = visitor.agree(&party.plain(&house, json!({ "response_mode": "query" }))).await;
    assert!(answer.parameter("code").is_some());
    let (_, report) = exported(&house, &newest(&house).await).await;
    assert_holds(&report, "EVD-26 plain");
    assert!(!report.held(Check::AnswerSignature), "EVD-26: unsigned is never held: {:?}", report.findings);
}

async fn evd_16_after_key_rotations(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let answer = house.visitor().agree(&party.pushed(&house, json!({})).await).await;
    let before = house.verified(&answer.parameter("response").unwrap()).await;
    let transaction = newest(&house).await;
    let key_of = |token: &str| {
        let header = countersign_jose::base64url::decode(token.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&header).unwrap()["kid"].clone()
    };
    let old_key = key_of(&answer.parameter("response").unwrap());
    // Twice round: published, taken over, retired, archived.
    for _ in 0..2 {
        house.server().keys().rotate(None, house.now()).await.unwrap();
        for _ in 0..4 {
            house.advance(2 * 24 * 60 * 60);
            house.server().keys().maintain(house.now()).await.unwrap();
        }
    }
    let answer = house.visitor().agree(&party.pushed(&house, json!({})).await).await;
    let new_key = key_of(&answer.parameter("response").unwrap());
    assert_ne!(old_key, new_key, "the key did change");
    let published = house.get(&house.url("/jwks")).await.json();
    assert!(
        !published.to_string().contains(old_key.as_str().unwrap()),
        "ATK-META-03: the old one is published no more"
    );
    for (id, transaction) in [("old", transaction), ("new", newest(&house).await)] {
        let (_, report) = exported(&house, &transaction).await;
        assert_holds(&report, &format!("EVD-16 {id}"));
        assert!(report.held(Check::AnswerSignature), "EVD-15/EVD-39 {id}: {:?}", report.findings);
        assert!(report.held(Check::RequestSignature), "EVD-15/EVD-39 {id}");
    }
    assert!(before["code"].is_string());
}

async fn evd_35_no_evidence_no_answer(engine: Engine) {
    for table in ["evidence_blob", "evidence_record"] {
        let house = House::open(engine).await;
        let party = fapi(&house).await;
        let mut visitor = house.visitor();
        let control = visitor.agree(&party.pushed(&house, json!({})).await).await;
        party.code(&house, &control).await;
        let silent = party.pushed(&house, json!({})).await;
        let page = visitor.reach_consent(&party.pushed(&house, json!({ "prompt": "consent" })).await).await;
        let count = "SELECT COUNT(*) FROM authorization_code";
        let codes = house.texts(count).await;
        house.tamper(&format!("ALTER TABLE {table} RENAME TO hidden")).await;
        for (id, reply) in [
            ("allowed", visitor.decide(&page, "allow").await),
            ("denied", visitor.decide(&page, "deny").await),
            ("silent", visitor.open(&silent).await),
        ] {
            assert!(reply.status >= 500, "EVD-35 {table} {id}: {reply}");
            assert_eq!(reply.location(), None, "EVD-35 {id}: nothing is answered");
            for leak in [table, "SQL", "sqlite", "panicked", "relation"] {
                assert!(
                    !reply.body.contains(leak),
                    "EVD-35 {id}: says nothing of the inside: {}",
                    reply.body
                );
            }
        }
        assert_eq!(house.texts(count).await, codes, "EVD-35: no code");
        house.tamper(&format!("ALTER TABLE hidden RENAME TO {table}")).await;
        let answer = visitor.decide(&page, "allow").await;
        party.code(&house, &answer).await;
        let (_, report) = exported(&house, &newest(&house).await).await;
        assert_holds(&report, "EVD-35: nothing was spent by the failure");
    }
}

async fn evd_36_two_sequencers_at_once(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    for _ in 0..4 {
        let answer = house.visitor().agree(&party.pushed(&house, json!({})).await).await;
        party.code(&house, &answer).await;
        let (evidence, keys) = (house.server().evidence(), house.server().keys());
        let both = tokio::join!(evidence.sequence(keys, house.now()), evidence.sequence(keys, house.now()));
        assert!(both.0.is_ok() && both.1.is_ok(), "EVD-36: {:?} {:?}", both.0.err(), both.1.err());
    }
    for transaction in house.transactions().await {
        assert_holds(&exported(&house, &transaction).await.1, "EVD-36");
    }
}

async fn evd_37_and_evd_32_erased_bytes(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let answer =
        house.visitor().agree(&party.pushed(&house, json!({ "state": "very-recognisable" })).await).await;
    party.code(&house, &answer).await;
    let transaction = newest(&house).await;
    let (kept, report) = exported(&house, &transaction).await;
    assert_holds(&report, "the control of EVD-37");
    let sealed = if engine == Engine::Sqlite { "hex(sealed)" } else { "encode(sealed, 'hex')" };
    let stored = house.texts(&format!("SELECT {sealed} FROM evidence_blob")).await.join("").to_lowercase();
    let records = Bundle::parse(&kept).unwrap().records;
    let originals: Vec<_> = records.into_iter().flat_map(|entry| entry.originals).collect();
    assert_eq!(originals.len(), 4, "the control: request, page, decision, answer");
    for original in originals {
        let Kept::Bytes { bytes, .. } = original else { panic!("nothing is erased yet") };
        let start: String = bytes[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!stored.is_empty() && !stored.contains(&start), "EVD-37: {start} rests encrypted");
    }
    let leaves = house.texts("SELECT COUNT(*) FROM evidence_record WHERE transaction_id IS NOT NULL").await;
    let erase = Unit::from(evidence_record::erase_blobs(house.issuer(), &transaction, house.now()));
    assert!(erase.commit(house.server().store()).await.unwrap().is_committed());
    let (erased, report) = exported(&house, &transaction).await;
    assert_holds(&report, "EVD-32: erased bytes break no proof");
    assert!(report.held(Check::Inclusion), "EVD-32");
    assert!(!report.held(Check::RequestSignature), "EVD-32: nothing is said to hold: {:?}", report.findings);
    assert!(erased.len() < kept.len(), "EVD-37: the bytes are gone");
    let after = house.texts("SELECT COUNT(*) FROM evidence_record WHERE transaction_id IS NOT NULL").await;
    assert_eq!(leaves, after, "EVD-37: no leaf is touched");
}

async fn evd_38_and_evd_10_no_leaf_is_personal(engine: Engine) {
    let house = House::open(engine).await;
    let party = fapi(&house).await;
    let state = "a-very-recognisable-state";
    let url =
        party.pushed(&house, json!({ "state": state, "scope": "openid email", "login_hint": "ada" })).await;
    let answer = house.visitor().agree(&url).await;
    let code = party.code(&house, &answer).await;
    let tokens = party.redeem(&house, &code).await.json();
    let text = if engine == Engine::Sqlite { "CAST(leaf AS TEXT)" } else { "convert_from(leaf, 'UTF8')" };
    let leaves = house.texts(&format!("SELECT {text} FROM evidence_record")).await;
    assert!(leaves.len() > 3 && leaves.iter().any(|leaf| leaf.contains("fapi")), "the control: {leaves:?}");
    let leaves = leaves.join("\n");
    let token = |name: &str| tokens[name].as_str().expect("the flow brings every kind of token").to_owned();
    for (what, secret) in [
        ("the subject", house.person().subject.clone()),
        ("the user name", "\"ada\"".to_owned()),
        ("the person's name", house.person().name.clone()),
        ("the state", state.to_owned()),
        ("the code", code),
        ("the access token", token("access_token")),
        ("the ID token", token("id_token")),
        ("the refresh token", token("refresh_token")),
        ("the scope", "email".to_owned()),
    ] {
        assert!(!leaves.contains(&secret), "EVD-38: {what} is in a leaf");
    }
    for original in ["request_object", "shown", "decision", "response_jwt"] {
        let digest = format!(r#"{{"of":"{original}","digest":""#);
        assert!(leaves.contains(&digest), "EVD-10: the digest of {original} stands for it: {leaves}");
    }
}
