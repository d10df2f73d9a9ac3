//! Request objects are good once (attacks.md section B, ATK-JAR-57 to ATK-JAR-61).

use countersign_testkit::house::{Engine, House, Reply};
use countersign_testkit::on_both_databases;
use serde_json::json;
use tokio::task::JoinSet;

use crate::gate::{Gate, Way, assert_refused};

on_both_databases!(
    atk_jar_57_pushed_twice,
    atk_jar_58_by_value_after_the_flow,
    atk_jar_59_a_reload_works,
    atk_jar_60_two_clients_may_use_one_identifier,
    jar_53_one_identifier_does_not_mix_requests,
    atk_jar_61_fifty_at_once,
    atk_dos_07_a_clock_that_steps,
    jar_105_by_value_in_two_browsers_at_once,
);

async fn atk_jar_57_pushed_twice(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::Pushed, "fapi", json!({})).await;
    for (id, change) in [("ATK-JAR-57", json!({})), ("JAR-106: without jti", json!({ "jti": null }))] {
        let object = gate.party.object(&house, change);
        gate.accepts(&format!("the control of {id}"), &object).await;
        let before = house.census().await;
        assert_refused(id, &gate.send(&object).await, "invalid_request_object");
        assert!(house.census().await.changed(&before).is_empty(), "{id}");
    }
    let object = gate.honest();
    gate.accepts("the control of the same jti in another object", &object).await;
    let jti = gate.object().claim("jti", "fixed").sign(&gate.party.key);
    gate.accepts("a fixed jti", &jti).await;
    gate.refuses(
        "JAR-105",
        &gate.object().claim("jti", "fixed").sign(&gate.party.key),
        "invalid_request_object",
    )
    .await;
    // Spent until the object itself has expired, and never shorter.
    house.advance(295);
    assert_refused("JAR-105 later", &gate.send(&jti).await, "invalid_request_object");
}

async fn atk_jar_58_by_value_after_the_flow(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::ByValue, "baseline", json!({})).await;
    for decision in ["allow", "deny"] {
        let url = gate.party.by_value(&house, &gate.honest());
        let mut visitor = house.visitor();
        let consent = gate.party.by_value(&house, &gate.party.object(&house, json!({ "prompt": "consent" })));
        let page = visitor.reach_consent(if decision == "allow" { &url } else { &consent }).await;
        let answer = visitor.decide(&page, decision).await;
        let claims = gate.party.read(&house, &answer).await;
        assert_eq!(claims["code"].is_string(), decision == "allow", "the control: {claims}");
        let spent = if decision == "allow" { &url } else { &consent };
        let before = house.census().await;
        let other = house.visitor().open(spent).await;
        assert_refused("ATK-JAR-58 other browser", &other, "invalid_request_object");
        let same = visitor.open(spent).await;
        assert_refused("ATK-JAR-58 same browser", &same, "invalid_request_object");
        assert!(house.census().await.changed(&before).is_empty(), "ATK-JAR-58");
    }
}

async fn atk_jar_59_a_reload_works(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::ByValue, "baseline", json!({})).await;
    let url = gate.party.by_value(&house, &gate.honest());
    let mut visitor = house.visitor();
    let first = visitor.walk(&url).await;
    let again = visitor.walk(&url).await;
    assert_eq!(first.field("interaction"), again.field("interaction"), "ATK-JAR-59: one interaction");
    let consent = visitor.log_in(&again, house.person()).await;
    let reloaded = visitor.walk(&url).await;
    assert_eq!(
        consent.field("interaction"),
        reloaded.field("interaction"),
        "ATK-JAR-59: at the consent page"
    );
    let answer = visitor.decide(&reloaded, "allow").await;
    gate.party.code(&house, &answer).await;
    assert_eq!(house.census().await.count("interaction"), 1, "ATK-JAR-59");
}

async fn atk_jar_60_two_clients_may_use_one_identifier(engine: Engine) {
    let house = House::open(engine).await;
    for name in ["first", "second"] {
        let gate = Gate::open(&house, Way::Pushed, name, json!({})).await;
        let object = gate.party.object(&house, json!({ "jti": "the-same-for-both" }));
        gate.accepts("ATK-JAR-60", &object).await;
    }
}

/// Two requests of one browser under one identifier stay two: of two clients both are shown, of one the second is none.
async fn jar_53_one_identifier_does_not_mix_requests(engine: Engine) {
    let house = House::open(engine).await;
    let first = Gate::open(&house, Way::ByValue, "first", json!({})).await;
    let second = Gate::open(&house, Way::ByValue, "second", json!({})).await;
    let object =
        |gate: &Gate, state: &str| gate.party.object(&house, json!({ "jti": "one", "state": state }));
    let mut visitor = house.visitor();
    let page = visitor.walk(&first.party.by_value(&house, &object(&first, "a"))).await;
    let other = visitor.walk(&second.party.by_value(&house, &object(&second, "b"))).await;
    assert_ne!(page.field("interaction"), other.field("interaction"), "JAR-53");
    let again = visitor.walk(&first.party.by_value(&house, &object(&first, "c"))).await;
    assert_refused("JAR-105", &again, "invalid_request_object");
}

/// The statuses of requests that were sent at the same moment.
async fn at_once(requests: impl IntoIterator<Item = reqwest::RequestBuilder>) -> Vec<u16> {
    let mut sending = JoinSet::new();
    for request in requests {
        sending.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    sending.join_all().await
}

async fn atk_jar_61_fifty_at_once(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::Pushed, "fapi", json!({})).await;
    gate.accepts("the control of ATK-JAR-61", &gate.honest()).await;
    let before = house.census().await;
    let object = gate.honest();
    let requests = (0..50).map(|_| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &gate.party.id)
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &gate.party.assertion(&house))
            .append_pair("request", &object)
            .finish();
        let request = house.request(reqwest::Method::POST, "/par").body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header("dpop", gate.party.proof(&house, "/par"))
    });
    let statuses = at_once(requests.collect::<Vec<_>>()).await;
    let accepted = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(accepted, 1, "ATK-JAR-61: {statuses:?}");
    assert!(statuses.iter().all(|status| [201, 400].contains(status)), "ATK-JAR-61: {statuses:?}");
    let after = house.census().await;
    assert_eq!(after.count("pushed_request"), before.count("pushed_request") + 1, "ATK-JAR-61");
    let spent = after.count("replay") - before.count("replay");
    assert_eq!(spent, 3, "ATK-JAR-61: object, assertion and proof of the one that was accepted");
}

async fn jar_105_by_value_in_two_browsers_at_once(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::ByValue, "baseline", json!({})).await;
    let url = gate.party.by_value(&house, &gate.honest());
    let (mut one, mut two) = (house.visitor(), house.visitor());
    let (first, second) = (one.reach_consent(&url).await, two.reach_consent(&url).await);
    let answers: (Reply, Reply) = tokio::join!(one.decide(&first, "allow"), two.decide(&second, "allow"));
    let answered = [&answers.0, &answers.1].into_iter().filter(|answer| answer.location().is_some()).count();
    assert_eq!(answered, 1, "JAR-105: {} {}", answers.0, answers.1);
    assert_eq!(house.census().await.count("authorization_code"), 1, "JAR-105");
}

async fn atk_dos_07_a_clock_that_steps(engine: Engine) {
    let house = House::open(engine).await;
    let gate = Gate::open(&house, Way::Pushed, "fapi", json!({})).await;
    let object = gate.honest();
    gate.accepts("the control of ATK-DOS-07", &object).await;
    let url = gate.party.pushed(&house, json!({})).await;
    let mut visitor = house.visitor();
    let answer = visitor.agree(&url).await;
    let code = gate.party.code(&house, &answer).await;
    assert_eq!(gate.party.redeem(&house, &code).await.status, 200);
    for (id, back, forward) in [("back", 300, 0), ("and forwards", 0, 620), ("and back again", 300, 0)] {
        house.set_back(back);
        house.advance(forward);
        // Expired entries are swept between the steps, as they are in a long run.
        let swept = house.server().store().sweep(house.now(), 1000).await;
        assert!(swept.is_ok(), "{:?}", swept.err());
        assert_refused(
            &format!("ATK-DOS-07 object, {id}"),
            &gate.send(&object).await,
            "invalid_request_object",
        );
        assert_refused(
            &format!("ATK-DOS-07 reference, {id}"),
            &visitor.open(&url).await,
            "invalid_request_uri",
        );
        assert_ne!(gate.party.redeem(&house, &code).await.status, 200, "ATK-DOS-07 code, {id}");
    }
}
