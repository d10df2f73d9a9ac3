//! An interaction belongs to the browser that began it, and to whoever logged in there.

use countersign_client::RelyingParty;
use countersign_jose::SystemEntropy;
use countersign_protocol::client::{Begun, PendingLogin};
use countersign_protocol::parameter::{Encoding, ResponseMode};
use countersign_testkit::browser::Window;

use crate::house::{House, PASSWORD};
use crate::served::now;
use crate::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn atk_par_11_atk_par_12_a_pushed_request_stays_with_its_first_browser() {
    let house = House::start("fapi2-message-signing", ResponseMode::Jwt).await;
    let (url, mut pending) = house.begin().await;
    let (victim, attacker) = (Visitor::arrive(Window::DESKTOP).await, Visitor::arrive(Window::DESKTOP).await);
    victim.open(&url).await;
    victim.find("login-form").await;
    let page = victim.address().await;

    attacker.open(&url).await;
    assert_eq!(attacker.text("error-rule").await, "JAR-44", "ATK-PAR-12: the request is bound");
    attacker.open(&page).await;
    assert_eq!(attacker.text("error-rule").await, "PAR-10", "ATK-PAR-12: so is its page");
    attacker.open(&page.replace("/login?", "/consent?")).await;
    assert_eq!(attacker.text("error-rule").await, "PAR-10", "ATK-PAR-12: and the next");

    // ATK-PAR-11: loaded, loaded again, and only then used.
    victim.open(&url).await;
    assert_eq!(victim.address().await, page, "the same interaction");
    victim.driver().refresh().await.unwrap();
    victim.log_in("grace", PASSWORD).await;
    victim.find("consent-form").await;
    victim.open(&url).await;
    victim.driver().refresh().await.unwrap();
    victim.click("consent-allow").await;
    let brought = &house.receiver.brought(1).await[0];
    assert_eq!(house.who(&mut pending, &brought.query, Encoding::Query).await, "Grace Hopper");
    victim.open(&url).await;
    assert_eq!(victim.text("error-rule").await, "JAR-44", "PAR-10: used once");
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_jar_59_an_object_by_value_reloads_and_the_account_can_be_switched() {
    let house = House::start("baseline", ResponseMode::Jwt).await;
    let (url, mut pending) = by_value(&house.party);
    let visitor = Visitor::arrive(Window::DESKTOP).await;
    visitor.open(&url).await;
    visitor.find("login-form").await;
    let page = visitor.address().await;
    visitor.open(&url).await;
    visitor.find("login-form").await;
    assert_eq!(visitor.address().await, page, "ATK-JAR-59: the same interaction");
    visitor.driver().refresh().await.unwrap();
    visitor.log_in("grace", PASSWORD).await;
    assert_eq!(visitor.text("account").await, "Grace Hopper (grace)");
    visitor.open(&url).await;
    assert_eq!(visitor.text("account").await, "Grace Hopper (grace)", "ATK-JAR-59: after the login too");

    visitor.click("switch-account").await;
    visitor.log_in("ada", PASSWORD).await;
    assert_eq!(visitor.text("account").await, "Ada Lovelace (ada)");
    visitor.click("consent-allow").await;
    let brought = &house.receiver.brought(1).await[0];
    assert_eq!(
        house.who(&mut pending, &brought.query, Encoding::Query).await,
        "Ada Lovelace",
        "the answer is about whom the consent page showed"
    );
    visitor.open(&url).await;
    assert!(visitor.sees("error-rule").await, "JAR-105: the object is spent");
    assert_eq!(house.receiver.brought(1).await.len(), 1, "one answer");
}

/// The signed request in the address itself (RFC 9101 §5).
fn by_value(party: &RelyingParty) -> (String, PendingLogin) {
    let (own, metadata) = (party.configuration(), party.metadata());
    let begun = Begun::new(own, metadata, &mut SystemEntropy).unwrap();
    let push = begun.push(own, metadata, now(), &mut SystemEntropy).unwrap();
    let object = &push.form.iter().find(|(name, _)| *name == "request").unwrap().1;
    let url = format!("{}?client_id={}&request={object}", metadata.authorization_endpoint, own.client_id);
    let unused = br#"{"request_uri":"urn:unused","expires_in":60}"#;
    (url, begun.pushed(unused).unwrap().redirect(own, metadata).1)
}
