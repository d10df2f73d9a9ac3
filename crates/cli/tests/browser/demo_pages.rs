//! A person does by hand what the demo did by script.

use countersign_testkit::browser::Window;
use thirtyfour::{By, Key};

use crate::demo::Demo;
use crate::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn jarm_65_atk_red_30_a_person_logs_in_and_cannot_answer_twice() {
    let demo = Demo::start();
    let visitor = Visitor::arrive(Window::DESKTOP).await;
    visitor.open(&demo.address).await;
    visitor.take_picture("home-light").await;
    visitor.click("start").await;
    visitor.find("login-form").await;
    visitor.take_picture("login-light").await;
    let issuer = visitor.address().await.split("/login").next().unwrap().to_owned();

    visitor.log_in(&demo.username, "not the password").await;
    assert!(visitor.text("login-problem").await.contains("do not belong together"));
    assert_eq!(visitor.focus().await, "login-problem", "the problem is read out first");
    assert_eq!(visitor.value("username").await, demo.username, "what was right is kept");
    assert_eq!(visitor.value("password").await, "", "a password is never sent back");
    visitor.take_picture("login-refused-light").await;
    visitor.fill_in("password", &demo.password).await;
    visitor.click("login-submit").await;

    let client_host = demo.origin().trim_start_matches("http://").to_owned();
    assert!(visitor.find("consent-form").await.is_displayed().await.unwrap());
    let shown = visitor.page_text().await;
    assert!(shown.contains("Harbour Savings asks to use your account"), "{shown}");
    assert_eq!(visitor.text("answer-host").await, client_host);
    assert_eq!(visitor.text("account").await, "Grace Hopper (grace)");
    let scopes = visitor.driver().find_all(By::ClassName("scope")).await.unwrap();
    let mut words = Vec::new();
    for scope in scopes {
        words.push(scope.text().await.unwrap());
    }
    words.sort();
    assert_eq!(words, ["email", "openid", "profile"], "exactly what the signed request asked for");
    visitor.take_picture("consent-light").await;
    let (interaction, csrf) = (hidden(&visitor, "interaction").await, hidden(&visitor, "csrf").await);
    visitor.click("consent-allow").await;

    assert_eq!(visitor.text("person").await, "Grace Hopper");
    assert_eq!(visitor.address().await, format!("{}/welcome", demo.origin()), "JARM-65: a clean address");
    assert!(visitor.text("request").await.contains("code_challenge"), "the request that travelled");
    assert!(visitor.text("answer").await.contains("ES256 by key"), "the answer that travelled");
    visitor.take_picture("welcome-light").await;
    assert_eq!(visitor.complaints().await, Vec::<String>::new(), "ATK-RED-24: no page breaks its own policy");
    let requested = visitor.browser().requested().await.unwrap();
    assert!(requested.len() > 8, "control: requests are seen: {requested:?}");
    for address in requested {
        let own = [issuer.as_str(), demo.origin()].iter().any(|origin| address.starts_with(origin));
        assert!(own, "a page asked somebody else: {address}");
    }

    let answered = demo.records(&issuer).await;
    go_back_and_allow_again(&visitor).await;
    assert_eq!(visitor.text("error-rule").await, "PAR-10", "ATK-RED-30: answered already");
    visitor.take_picture("error-light").await;
    send_consent_again(&visitor, &interaction, &csrf).await;
    assert_eq!(visitor.text("error-rule").await, "PAR-10", "ATK-RED-30: nor is a form from elsewhere taken");
    assert!(visitor.address().await.starts_with(&format!("{issuer}/consent")), "nothing goes to the client");
    assert_eq!(demo.records(&issuer).await, answered, "ATK-RED-30: one code, and no second");
}

#[tokio::test(flavor = "multi_thread")]
async fn atk_jarm_55_denied_then_allowed_by_keyboard_on_a_narrow_dark_phone() {
    let demo = Demo::start();
    let visitor = Visitor::arrive(Window::PHONE.dark()).await;
    visitor.open(&demo.address).await;
    visitor.take_picture("home-dark").await;
    visitor.tab_to("start").await;
    visitor.press(Key::Enter).await;
    visitor.find("login-form").await;
    visitor.take_picture("login-dark").await;
    assert_eq!(visitor.focus().await, "username", "the form waits for the person");
    visitor.write(&demo.username).await;
    visitor.press(Key::Tab).await;
    visitor.write("not the password").await;
    visitor.press(Key::Enter).await;
    visitor.find("login-problem").await;
    visitor.take_picture("login-refused-dark").await;
    visitor.tab_to("password").await;
    visitor.write(&demo.password).await;
    visitor.press(Key::Enter).await;

    visitor.find("consent-form").await;
    visitor.take_picture("consent-dark").await;
    visitor.tab_to("consent-deny").await;
    visitor.press(Key::Enter).await;
    assert_eq!(visitor.text("error-code").await, "access_denied");
    assert!(
        visitor.text("answer").await.contains("ES256 by key"),
        "ATK-JARM-55: the refusal is signed and held"
    );
    let claims = visitor.text("answer").await;
    assert!(claims.contains("state") && !claims.contains("code\n"), "{claims}");
    assert!(visitor.address().await.starts_with(&format!("{}/callback?response=", demo.origin())));
    assert!(!visitor.address().await.contains('&'), "ATK-JARM-55: nothing outside");
    visitor.take_picture("denied-dark").await;

    visitor.tab_to("again").await;
    visitor.press(Key::Enter).await;
    visitor.tab_to("start").await;
    visitor.press(Key::Enter).await;
    visitor.tab_to("consent-allow").await;
    visitor.press(Key::Enter).await;
    assert_eq!(visitor.text("person").await, "Grace Hopper");
    visitor.take_picture("welcome-dark").await;
    assert_eq!(visitor.complaints().await, Vec::<String>::new());
    go_back_and_allow_again(&visitor).await;
    assert_eq!(visitor.text("error-rule").await, "PAR-10");
    visitor.take_picture("error-dark").await;
}

/// A hidden field of the form of the page.
async fn hidden(visitor: &Visitor, name: &str) -> String {
    visitor.driver().find(By::Name(name)).await.unwrap().value().await.unwrap().unwrap()
}

/// Whether a browser kept the page is up to the browser: if it did, the person presses the button again.
async fn go_back_and_allow_again(visitor: &Visitor) {
    visitor.driver().back().await.unwrap();
    visitor.wait_for_address("/consent?").await;
    if visitor.sees("consent-allow").await {
        visitor.click("consent-allow").await;
    }
}

/// What a browser does that kept the page: it sends the same form again.
async fn send_consent_again(visitor: &Visitor, interaction: &str, csrf: &str) {
    let send = "const form = document.createElement('form'); form.method = 'post'; form.action = '/consent'; \
        for (const [name, value] of Object.entries(arguments[0])) { \
            const field = document.createElement('input'); \
            field.type = 'hidden'; field.name = name; field.value = value; form.append(field); \
        } \
        document.body.replaceChildren(form); form.submit();";
    let fields = serde_json::json!({ "interaction": interaction, "csrf": csrf, "decision": "allow" });
    visitor.driver().execute(send, vec![fields]).await.unwrap();
}
