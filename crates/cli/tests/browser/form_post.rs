//! `form_post.jwt` through a browser: with its script, and without any.

use axum::http::Method;
use countersign_protocol::parameter::{Encoding, ResponseMode};
use countersign_protocol::request::RawParameters;
use countersign_testkit::browser::Window;

use crate::house::{House, PASSWORD};
use crate::receiver::Brought;
use crate::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn jarm_70_71_73_74_form_post_jwt_with_script_and_without() {
    let house = House::start("baseline", ResponseMode::FormPostJwt).await;
    let receiver = &house.receiver;

    // JARM-73: the page's one script runs under its own policy, and nobody clicks.
    let (url, mut pending) = house.begin().await;
    let visitor = Visitor::arrive(Window::DESKTOP).await;
    visitor.open(&url).await;
    visitor.log_in("grace", PASSWORD).await;
    visitor.click("consent-allow").await;
    visitor.find("received").await;
    let brought = receiver.brought(1).await;
    assert_one_response(&brought[0]);
    assert_eq!(visitor.address().await, receiver.callback(), "nothing of the answer is in the address");
    assert_eq!(house.who(&mut pending, &brought[0].body, Encoding::FormPost).await, "Grace Hopper");
    assert_eq!(visitor.complaints().await, Vec::<String>::new(), "JARM-73: the policy lets the form go");

    // JARM-74: no script runs; login, consent and the answer need none.
    let (url, mut pending) = house.begin().await;
    let visitor = Visitor::arrive(Window::PHONE.dark()).await;
    visitor.browser().forbid_scripts().await.unwrap();
    visitor.open(&url).await;
    visitor.log_in("ada", PASSWORD).await;
    visitor.click("consent-allow").await;
    let button = visitor.find("answer-submit").await;
    visitor.take_picture("form-post-dark").await;
    assert_eq!(receiver.brought(1).await.len(), 1, "control: nothing is sent by itself");
    assert!(button.is_displayed().await.unwrap());
    button.click().await.unwrap();
    visitor.find("received").await;
    let brought = receiver.brought(2).await;
    assert_one_response(&brought[1]);
    assert_eq!(house.who(&mut pending, &brought[1].body, Encoding::FormPost).await, "Ada Lovelace");
}

/// JARM-71: a POST of exactly one `response`, and nothing in the address; JARM-73: no referrer.
fn assert_one_response(brought: &Brought) {
    assert_eq!((&brought.method, brought.query.as_str()), (&Method::POST, ""));
    assert!(!brought.referrer, "JARM-73: no referrer");
    let parameters = RawParameters::parse(brought.body.as_bytes()).unwrap();
    assert!(parameters.get("response").is_some_and(|response| response.split('.').count() == 3));
    assert_eq!(brought.body.matches('=').count(), 1, "exactly one field: {}", brought.body);
}
