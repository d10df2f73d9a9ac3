//! The login page: throttling, what it tells, and when it is shown (ATK-DOS-11; OpenID Connect Core 3.1.2.1).

use countersign_protocol::policy::ProfileName;
use countersign_testkit::house::{Engine, House, Party, Person};
use countersign_testkit::on_both_databases;
use serde_json::{Value, json};

on_both_databases!(
    atk_dos_11_guessing_is_throttled,
    unknown_people_and_wrong_passwords_look_the_same,
    atk_oidc_01_prompt_none,
    atk_oidc_02_fresh_logins,
    atk_oidc_03_bad_max_age,
    idt_07_consent_is_asked_again,
    a_disabled_account_cannot_log_in,
    atk_oidc_04_a_hint_logs_nobody_in,
    atk_oidc_06_nonces_come_back_unchanged,
    atk_oidc_07_what_is_not_understood_changes_nothing,
);

async fn bookshop(house: &House) -> Party {
    house.register("bookshop", ProfileName::Baseline, json!({})).await
}

fn request(house: &House, party: &Party, change: Value) -> String {
    party.by_value(house, &party.object(house, change))
}

async fn atk_dos_11_guessing_is_throttled(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let charles = Person::charles();
    house.admit(&charles).await;
    let ada = house.person().clone();
    let url = request(&house, &party, json!({}));
    let mut visitor = house.visitor();
    let page = visitor.walk(&url).await;
    for attempt in 1..=10 {
        let reply = visitor.try_password(&page, &ada.username, "wrong").await;
        assert_eq!(reply.status, 400, "attempt {attempt} is judged: {reply}");
    }
    let sessions = house.census().await.count("login_session");
    for name in [ada.username.clone(), ada.username.to_uppercase()] {
        let reply = visitor.try_password(&page, &name, &ada.password).await;
        assert_eq!(reply.status, 429, "ATK-DOS-11: the right password is not judged either: {reply}");
    }
    let other = house.visitor().walk(&url).await;
    assert_eq!(other.status, 200, "ATK-DOS-11: pages are still shown");
    assert_eq!(house.census().await.count("login_session"), sessions, "ATK-DOS-11");
    // Accounts that do not exist are counted the same way, and other people are not locked out.
    for _ in 0..10 {
        assert_eq!(visitor.try_password(&page, "nobody", "wrong").await.status, 400);
    }
    assert_eq!(visitor.try_password(&page, "nobody", "wrong").await.status, 429, "ATK-DOS-11: no oracle");
    let reply = visitor.try_password(&page, &charles.username, &charles.password).await;
    assert_eq!(reply.status, 303, "ATK-DOS-11: somebody else may still log in: {reply}");
    house.advance(15 * 60);
    let url = request(&house, &party, json!({}));
    let mut visitor = house.visitor();
    let page = visitor.walk(&url).await;
    let reply = visitor.try_password(&page, &ada.username, &ada.password).await;
    assert_eq!(reply.status, 303, "ATK-DOS-11: the window ends: {reply}");
}

async fn unknown_people_and_wrong_passwords_look_the_same(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    let page = visitor.walk(&request(&house, &party, json!({}))).await;
    let known = visitor.try_password(&page, "ada", "wrong").await;
    let unknown = visitor.try_password(&page, "eda", "wrong").await;
    assert_eq!(known.status, unknown.status, "ATK-DOS-11");
    assert_eq!(known.body.replace("ada", "eda"), unknown.body, "ATK-DOS-11: nothing tells them apart");
    assert_eq!(visitor.session(), None, "no session without a login");
    let reply = visitor.try_password(&page, "ada", &house.person().password).await;
    assert_eq!(reply.status, 303, "the control: {reply}");
    assert!(
        !known.body.contains("wrong") || !known.body.contains("value=\"wrong\""),
        "the password is not echoed"
    );
}

async fn atk_oidc_01_prompt_none(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    let silent = || request(&house, &party, json!({ "prompt": "none", "state": "s" }));
    let answer = visitor.open(&silent()).await;
    assert_eq!(party.read(&house, &answer).await["error"], "login_required", "ATK-OIDC-01/IDT-07");
    // Logged in, and nothing agreed to.
    let page = visitor.walk(&request(&house, &party, json!({}))).await;
    visitor.log_in(&page, house.person()).await;
    let answer = visitor.open(&silent()).await;
    let claims = party.read(&house, &answer).await;
    assert_eq!(
        (&claims["error"], &claims["state"]),
        (&json!("consent_required"), &json!("s")),
        "ATK-OIDC-01"
    );
    for (id, prompt, error) in [
        ("ATK-OIDC-01 none login", "none login", "invalid_request"),
        ("IDT-07 none consent", "none consent", "invalid_request"),
        ("IDT-07 unknown", "create", "invalid_request"),
    ] {
        let answer = visitor.open(&request(&house, &party, json!({ "prompt": prompt }))).await;
        assert_eq!(party.read(&house, &answer).await["error"], error, "{id}");
    }
    // The control: once agreed, nothing is shown.
    visitor.agree(&request(&house, &party, json!({}))).await;
    let answer = visitor.open(&silent()).await;
    party.code(&house, &answer).await;
    let wider = request(&house, &party, json!({ "prompt": "none", "scope": "openid email" }));
    let answer = visitor.open(&wider).await;
    assert_eq!(party.read(&house, &answer).await["error"], "consent_required", "IDT-07: a wider scope");
    house.advance(8 * 60 * 60);
    let answer = visitor.open(&silent()).await;
    assert_eq!(party.read(&house, &answer).await["error"], "login_required", "IDT-07: the session has ended");
}

/// The time of login in the ID token that a code brings.
async fn auth_time(house: &House, party: &Party, answer: &countersign_testkit::house::Reply) -> u64 {
    let code = party.code(house, answer).await;
    let tokens = party.redeem(house, &code).await.json();
    let identity = house.verified(tokens["id_token"].as_str().unwrap()).await;
    identity["auth_time"].as_u64().unwrap()
}

async fn atk_oidc_02_fresh_logins(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    let first = house.now().as_secs();
    let answer = visitor.agree(&request(&house, &party, json!({}))).await;
    assert_eq!(auth_time(&house, &party, &answer).await, first);
    house.advance(100);
    let answer = visitor.open(&request(&house, &party, json!({ "max_age": 100 }))).await;
    assert_eq!(auth_time(&house, &party, &answer).await, first, "the control: young enough, no page");
    for (id, change) in [
        ("ATK-OIDC-02 max_age=0", json!({ "max_age": 0 })),
        ("ATK-OIDC-02 prompt=login", json!({ "prompt": "login" })),
        ("IDT-08 max_age", json!({ "max_age": 9 })),
        ("IDT-08 select_account", json!({ "prompt": "select_account" })),
    ] {
        house.advance(10);
        let url = request(&house, &party, change);
        let page = visitor.walk(&url).await;
        assert!(page.body.contains("id=\"login-form\""), "{id}: {page}");
        let before = house.census().await.count("authorization_code");
        // Going round the page does not help.
        let interaction = page.field("interaction").unwrap();
        let consent = format!("{}?interaction={interaction}", house.url("/consent"));
        let round = visitor.walk(&consent).await;
        assert!(round.body.contains("id=\"login-form\""), "{id}: {round}");
        assert_eq!(house.census().await.count("authorization_code"), before, "{id}");
        house.advance(10);
        let answer = visitor.log_in(&page, house.person()).await;
        assert_eq!(
            auth_time(&house, &party, &answer).await,
            house.now().as_secs(),
            "{id}: a fresh auth_time"
        );
    }
    house.advance(10);
    let both = json!({ "prompt": "none", "max_age": 5 });
    let answer = visitor.open(&request(&house, &party, both)).await;
    assert_eq!(party.read(&house, &answer).await["error"], "login_required", "IDT-07/IDT-08");
}

async fn atk_oidc_03_bad_max_age(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let control = house.visitor().open(&party.plain(&house, json!({ "max_age": "60" }))).await;
    assert!(control.redirect().contains("/login?"), "the control: {control}");
    for bad in ["-1", "soon", "99999999999999999999999", "1.5", "+1", " 1", "0x10"] {
        let answer = house.visitor().open(&party.plain(&house, json!({ "max_age": bad }))).await;
        assert_eq!(party.read(&house, &answer).await["error"], "invalid_request", "ATK-OIDC-03 {bad:?}");
    }
}

async fn idt_07_consent_is_asked_again(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    visitor.agree(&request(&house, &party, json!({}))).await;
    let silent = visitor.walk(&request(&house, &party, json!({}))).await;
    party.code(&house, &silent).await;
    let asked = visitor.walk(&request(&house, &party, json!({ "prompt": "consent" }))).await;
    assert!(asked.body.contains("id=\"consent-form\""), "IDT-07: {asked}");
    let wider = visitor.walk(&request(&house, &party, json!({ "scope": "openid profile" }))).await;
    assert!(wider.body.contains("id=\"consent-form\""), "a wider scope is asked for: {wider}");
    // Agreeing to another part takes nothing back.
    let other = visitor.agree(&request(&house, &party, json!({ "scope": "email" }))).await;
    party.code(&house, &other).await;
    let silent = visitor.walk(&request(&house, &party, json!({ "scope": "openid email" }))).await;
    party.code(&house, &silent).await;
}

async fn a_disabled_account_cannot_log_in(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    visitor.agree(&request(&house, &party, json!({}))).await;
    house.tamper("UPDATE user_account SET disabled_at = 1 WHERE username = 'ada'").await;
    let page = visitor.walk(&request(&house, &party, json!({}))).await;
    assert!(page.body.contains("id=\"login-form\""), "ATK-TOK-05: a live session does not help: {page}");
    let reply = visitor.try_password(&page, &house.person().username, &house.person().password).await;
    assert_eq!(reply.status, 400, "{reply}");
    let silent = visitor.open(&request(&house, &party, json!({ "prompt": "none" }))).await;
    assert_eq!(party.read(&house, &silent).await["error"], "login_required");
}

async fn atk_oidc_04_a_hint_logs_nobody_in(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    let answer = visitor.agree(&request(&house, &party, json!({}))).await;
    let code = party.code(&house, &answer).await;
    let tokens = party.redeem(&house, &code).await.json();
    let own = tokens["id_token"].as_str().unwrap().to_owned();
    let forged =
        party.sign(&json!({ "iss": house.issuer().as_str(), "sub": "subject-of-ada", "aud": "bookshop" }));
    for hint in
        [own.clone(), forged, format!("{}.", own.rsplit_once('.').unwrap().0), "e30.e30.e30".to_owned()]
    {
        let silent = json!({ "prompt": "none", "id_token_hint": hint });
        let answer = house.visitor().open(&request(&house, &party, silent)).await;
        assert_eq!(party.read(&house, &answer).await["error"], "login_required", "ATK-OIDC-04");
        let page = house.visitor().walk(&request(&house, &party, json!({ "id_token_hint": hint }))).await;
        assert!(page.body.contains("id=\"login-form\""), "ATK-OIDC-04: {page}");
    }
    let answer =
        visitor.open(&request(&house, &party, json!({ "prompt": "none", "id_token_hint": own }))).await;
    party.code(&house, &answer).await;
}

async fn atk_oidc_06_nonces_come_back_unchanged(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    let mut visitor = house.visitor();
    for (nonce, passes) in [
        ("n".repeat(64), true),
        ("n".repeat(384), true),
        ("\"'\\<é😀\u{2028}".to_owned(), true),
        ("n".repeat(513), false),
    ] {
        let answer = visitor.agree(&request(&house, &party, json!({ "nonce": nonce }))).await;
        let claims = party.read(&house, &answer).await;
        if !passes {
            assert_eq!(claims["error"], "invalid_request", "ATK-OIDC-06/JAR-122: never cut");
            continue;
        }
        let tokens = party.redeem(&house, claims["code"].as_str().unwrap()).await.json();
        let identity = house.verified(tokens["id_token"].as_str().unwrap()).await;
        assert_eq!(identity["nonce"], nonce, "ATK-OIDC-06");
    }
}

async fn atk_oidc_07_what_is_not_understood_changes_nothing(engine: Engine) {
    let house = House::open(engine).await;
    let party = bookshop(&house).await;
    for garbage in ["", "xx-!!", "../../etc/passwd", "<script>", "de en fr"] {
        let change = json!({ "ui_locales": garbage, "display": garbage, "state": "s" });
        for url in [request(&house, &party, change.clone()), party.plain(&house, change)] {
            let answer = house.visitor().agree(&url).await;
            assert_eq!(party.read(&house, &answer).await["state"], "s", "ATK-OIDC-07 {garbage}");
        }
    }
}
