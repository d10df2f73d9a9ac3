//! Both parties together: the whole road, and what somebody between them can do (ATK-PAR-08..13, 15, 23, 24,
//! ATK-CODE-01, 04, 05, ATK-POP-09, 14, ATK-JARM-19).

use countersign_jose::Algorithm;
use countersign_protocol::client::Received;
use countersign_protocol::parameter::ResponseMode;
use countersign_protocol::policy::{Control, ProfileName};
use countersign_protocol::reason::Reason;
use countersign_protocol::request::Presented;
use countersign_testkit::entropy::Seeded;
use countersign_testkit::forge;
use countersign_testkit::keys::{Owner, copy, key};
use countersign_testkit::pair::{PUSHED_LIFETIME, Pair, form};
use countersign_testkit::parties::{CLIENT_ID, OTHER_CLIENT_ID, REDIRECT_URI};
use serde_json::json;

#[test]
fn the_whole_road_in_every_profile_and_mode() {
    for profile in ProfileName::ALL {
        for mode in ResponseMode::ALL {
            if !mode.is_signed() && profile.profile().demands(Control::SignedResponse) {
                continue;
            }
            let mut pair = Pair::registered(profile, &json!({ "response_modes": [mode] }));
            pair.own.response_mode = mode;
            pair.metadata.response_modes_supported.push(mode.to_string());
            let granted =
                pair.until_granted().unwrap_or_else(|reason| panic!("{profile} {mode}: {reason:?}"));
            let tokens = pair.client_redeems(granted).unwrap();
            assert_eq!(tokens.scope.as_deref(), Some("accounts openid"), "{profile} {mode}");
            let person = tokens.identity.unwrap();
            assert_eq!(person.claims().sub.as_str(), "person", "{profile} {mode}");
        }
    }
}

#[test]
fn a_flow_of_message_signing_shows_every_control() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let login = pair.client_pushes().unwrap();
    let visit = pair.browser_follows(&login.url).unwrap();
    assert!(Control::ALL.into_iter().all(|control| control.holds(&visit.request.facts)));
    assert_eq!(visit.request.verdict.missing().count(), 0);
    assert_eq!(visit.request.dpop_jkt, Some(key(Owner::Dpop, Algorithm::ES256).thumbprint()), "DPOP-17");
    let Presented::Signed { key: signer, algorithm, .. } = visit.request.presented else { panic!("signed") };
    assert_eq!((signer, algorithm), (key(Owner::Client, Algorithm::ES256).thumbprint(), Algorithm::ES256));
}

#[test]
fn par_09_a_pushed_request_lives_90_seconds() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let login = pair.client_pushes().unwrap();
    pair.advance(PUSHED_LIFETIME - 1);
    assert!(
        pair.browser_follows(&login.url).is_ok(),
        "the control; ATK-PAR-11: loading a page spends nothing"
    );
    pair.advance(1);
    assert_eq!(pair.browser_follows(&login.url).err(), Some(Reason::RequestUriUnknown), "ATK-PAR-13");
}

#[test]
fn par_08_and_10_a_pushed_request_is_its_clients_and_is_answered_once() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let login = pair.client_pushes().unwrap();
    let foreign = login.url.replace(CLIENT_ID, OTHER_CLIENT_ID);
    assert_eq!(pair.browser_follows(&foreign).err(), Some(Reason::RequestUriUnknown), "ATK-PAR-08");
    let decorated = format!(
        "{}&redirect_uri=https%3A%2F%2Fevil.example&scope=admin&prompt=none&response_mode=query",
        login.url
    );
    let plain = pair.browser_follows(&login.url).unwrap();
    let visit = pair.browser_follows(&decorated).unwrap();
    assert_eq!(visit, plain, "ATK-PAR-15, PAR-12");
    pair.person_agrees(&visit).unwrap();
    assert_eq!(pair.person_agrees(&plain).err(), Some(Reason::RequestUriUnknown), "ATK-PAR-10");
    assert_eq!(pair.browser_follows(&login.url).err(), Some(Reason::RequestUriUnknown), "ATK-PAR-09");
}

#[test]
fn jarm_55_a_refusal_reaches_the_client_signed() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let mut login = pair.client_pushes().unwrap();
    let visit = pair.browser_follows(&login.url).unwrap();
    let answer = pair.server_refuses(&visit, Reason::AccessDenied).unwrap();
    let received = pair.client_receives(&mut login, &answer);
    let Ok(Received::Refused { error, .. }) = received else { panic!("{received:?}") };
    assert_eq!(error, "access_denied", "ATK-JARM-55");
}

/// Redeems with the form the client made, some parameters replaced.
fn redeem(
    pair: &mut Pair,
    form_of: &[(&'static str, String)],
    change: &[(&str, &str)],
    proof: &str,
) -> Result<String, Reason> {
    let mut parameters = form_of.to_vec();
    for (name, value) in change {
        parameters.iter_mut().find(|(own, _)| own == name).unwrap().1 = (*value).to_owned();
    }
    pair.server.redeem(&form(&parameters), Some(proof), pair.now)
}

/// A fresh assertion and proof, so that nothing but the change is wrong.
fn fresh(pair: &Pair, attempt: u32) -> (String, String) {
    let assertion = forge::client_assertion(pair.now).claim("jti", format!("a{attempt}"));
    let proof = forge::dpop_proof(pair.now, "POST", "https://as.example/token", None)
        .claim("jti", format!("p{attempt}"));
    (assertion.sign(key(Owner::Client, Algorithm::ES256)), proof.sign(key(Owner::Dpop, Algorithm::ES256)))
}

#[test]
fn code_05_and_06_a_code_is_void_after_one_presentation() {
    for (id, change, expected) in [
        ("ATK-CODE-01", None, Ok(())),
        ("ATK-PKCE-05", Some(("code_verifier", "a".repeat(43))), Err(Reason::CodeVerifierWrong)),
        (
            "ATK-CODE-05",
            Some(("redirect_uri", "https://rp.example/other".to_owned())),
            Err(Reason::CodeRedirectUri),
        ),
    ] {
        let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
        let granted = pair.until_granted().unwrap();
        let request = granted.exchange(&pair.own, &pair.metadata, pair.now, &mut Seeded::new(9)).unwrap();
        let (assertion, proof) = fresh(&pair, 1);
        let mut first = vec![("client_assertion", assertion.as_str())];
        first.extend(change.iter().map(|(name, value)| (*name, value.as_str())));
        let outcome = redeem(&mut pair, &request.form, &first, &proof).map(drop);
        assert_eq!(outcome, expected, "{id}: the first");
        let (assertion, proof) = fresh(&pair, 2);
        let second = redeem(&mut pair, &request.form, &[("client_assertion", &assertion)], &proof);
        assert_eq!(second.err(), Some(Reason::CodeReplayed), "{id}: the second, with everything right");
    }
}

#[test]
fn code_07_another_client_cannot_spoil_a_code() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let granted = pair.until_granted().unwrap();
    let request = granted.exchange(&pair.own, &pair.metadata, pair.now, &mut Seeded::new(9)).unwrap();
    let other = forge::client_assertion(pair.now).claim("iss", OTHER_CLIENT_ID).claim("sub", OTHER_CLIENT_ID);
    let other = other.sign_as(key(Owner::OtherClient, Algorithm::ES256));
    let (_, proof) = fresh(&pair, 1);
    let stolen = [("client_assertion", other.as_str()), ("client_id", OTHER_CLIENT_ID)];
    assert_eq!(
        redeem(&mut pair, &request.form, &stolen, &proof).err(),
        Some(Reason::CodeForeign),
        "ATK-CODE-04"
    );
    let owner = pair.server.redeem(&form(&request.form), Some(&request.proof), pair.now);
    assert!(owner.is_ok(), "ATK-CODE-04: the owner can still redeem");
}

#[test]
fn dpop_16_a_code_is_bound_to_the_key_of_the_push() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let granted = pair.until_granted().unwrap();
    pair.own.dpop_key = copy(key(Owner::Attacker, Algorithm::ES256));
    assert_eq!(pair.client_redeems(granted).err(), Some(Reason::CodeOtherKey), "ATK-POP-14");
}

#[test]
fn replayed_assertions_and_proofs_do_nothing() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let granted = pair.until_granted().unwrap();
    let request = granted.exchange(&pair.own, &pair.metadata, pair.now, &mut Seeded::new(9)).unwrap();
    let (assertion, proof) = fresh(&pair, 1);
    let wrong_grant = [("grant_type", "refresh_token"), ("client_assertion", assertion.as_str())];
    assert_eq!(
        redeem(&mut pair, &request.form, &wrong_grant, &proof).err(),
        Some(Reason::RefreshTokenMissing)
    );
    assert!(
        redeem(&mut pair, &request.form, &[("client_assertion", &assertion)], &proof).is_ok(),
        "the control"
    );
    let (other_assertion, other_proof) = fresh(&pair, 2);
    let again = redeem(&mut pair, &request.form, &[("client_assertion", &assertion)], &other_proof);
    assert_eq!(again.err(), Some(Reason::AssertionReplayed), "ATK-AUTH-07");
    let again = redeem(&mut pair, &request.form, &[("client_assertion", &other_assertion)], &proof);
    assert_eq!(again.err(), Some(Reason::ProofReplayed), "ATK-POP-09");
}

#[test]
fn pkce_09_a_code_of_another_run_is_refused() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let victim = pair.until_granted().unwrap();
    let attacker = pair.until_granted().unwrap();
    let victim = victim.exchange(&pair.own, &pair.metadata, pair.now, &mut Seeded::new(7)).unwrap();
    let attacker = attacker.exchange(&pair.own, &pair.metadata, pair.now, &mut Seeded::new(8)).unwrap();
    let injected = attacker.form.iter().find(|(name, _)| *name == "code").unwrap().1.clone();
    let swapped = redeem(&mut pair, &victim.form, &[("code", &injected)], &victim.proof);
    assert_eq!(swapped.err(), Some(Reason::CodeVerifierWrong), "ATK-PKCE-09, ATK-JARM-19");
}

#[test]
fn atk_par_24_the_object_may_end_before_the_request_does() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let object = forge::request_object(pair.now)
        .claim("exp", pair.now.as_secs() + 1)
        .sign(key(Owner::Client, Algorithm::ES256));
    let (assertion, _) = fresh(&pair, 1);
    let parameters = [
        ("client_id", CLIENT_ID),
        ("client_assertion_type", countersign_protocol::client_auth::ASSERTION_TYPE),
        ("client_assertion", &assertion),
        ("request", &object),
    ];
    let (uri, lifetime) = pair.server.push(&form(&parameters), &[], pair.now).unwrap();
    assert_eq!(lifetime, PUSHED_LIFETIME);
    pair.advance(60);
    let url = format!(
        "https://as.example/authorize?{}",
        form(&[("client_id", CLIENT_ID), ("request_uri", uri.as_str())])
    );
    assert!(pair.browser_follows(&url).is_ok(), "ATK-PAR-24");
}

#[test]
fn par_21_credentials_are_not_kept_with_a_plain_request() {
    let mut pair = Pair::new(ProfileName::Fapi2Security);
    let (assertion, _) = fresh(&pair, 1);
    let parameters = [
        ("client_id", CLIENT_ID),
        ("client_assertion_type", countersign_protocol::client_auth::ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let (uri, _) = pair.server.push(&form(&parameters), &[], pair.now).unwrap();
    let url = format!(
        "https://as.example/authorize?{}",
        form(&[("client_id", CLIENT_ID), ("request_uri", uri.as_str())])
    );
    let visit = pair.browser_follows(&url).unwrap();
    let decorated = pair.browser_follows(&format!("{url}&state=outer&scope=openid")).unwrap();
    assert_eq!(decorated, visit, "JAR-121: the pushed set is the request");
    let Presented::Plain { parameters } = visit.request.presented else { panic!("plain") };
    assert!(
        parameters.contains("redirect_uri=") && !parameters.contains("assertion"),
        "ATK-PAR-23 {parameters}"
    );
}
