//! No page of the server can be framed, not even by a page of its own site.

use countersign_protocol::parameter::ResponseMode;
use countersign_testkit::browser::Window;

use crate::house::{House, PASSWORD};
use crate::receiver::Receiver;
use crate::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn atk_red_21_login_and_consent_cannot_be_framed() {
    let house = House::start("fapi2-message-signing", ResponseMode::Jwt).await;
    let (url, _pending) = house.begin().await;
    let visitor = Visitor::arrive(Window::DESKTOP).await;

    visitor.open(&url).await;
    visitor.find("login-form").await;
    let login = visitor.address().await;
    assert_not_framed(&visitor, &house.receiver, &login, "login-form").await;

    visitor.open(&login).await;
    visitor.log_in("grace", PASSWORD).await;
    visitor.find("consent-form").await;
    let consent = visitor.address().await;
    assert_not_framed(&visitor, &house.receiver, &consent, "consent-form").await;
    visitor.open(&consent).await;
    assert!(visitor.sees("consent-form").await, "control: by itself the page still shows");
}

/// The page's frame shows nothing of it; another frame of the same page shows its own.
async fn assert_not_framed(visitor: &Visitor, receiver: &Receiver, address: &str, form: &str) {
    visitor.complaints().await;
    visitor.open(&receiver.framing(address)).await;
    visitor.driver().enter_frame(0).await.unwrap();
    assert!(visitor.sees("inside").await, "control: frames work here");
    visitor.driver().enter_parent_frame().await.unwrap();
    visitor.driver().enter_frame(1).await.unwrap();
    assert!(!visitor.sees(form).await, "ATK-RED-21: {address} is framed");
    visitor.driver().enter_default_frame().await.unwrap();
    let complaints = visitor.complaints().await;
    assert!(
        complaints.iter().any(|line| line.contains("frame-ancestors")),
        "refused by policy: {complaints:?}"
    );
}
