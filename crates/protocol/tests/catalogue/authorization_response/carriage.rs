//! How an answer arrives (ATK-JARM-01..03, 16..18, 24, 37; ATK-CLI-01, 06, 07; JARM-42..44, 54; ISS-03..06).

use countersign_protocol::client::Received;
use countersign_protocol::parameter::{Delivery, Encoding};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::response::VerifiedOutcome;
use countersign_testkit::pair::{Pair, delivered, form};
use countersign_testkit::parties::{ISSUER, OTHER_ISSUER, START, server_keys};

use super::counter::{STATE, answer, control, judge, receive_form, server};

#[test]
fn jarm_43_one_response_and_nothing_beside_it() {
    let signed = answer().sign(server());
    let response = ("response", signed.as_str());
    for (id, parameters, expected) in [
        ("ATK-JARM-01", vec![("code", "the-code"), ("state", STATE)], Reason::ResponseMissing),
        (
            "ATK-JARM-01 with iss",
            vec![("code", "the-code"), ("state", STATE), ("iss", ISSUER)],
            Reason::ResponseMissing,
        ),
        ("ATK-JARM-02 code", vec![response, ("code", "x")], Reason::ResponseBesideOthers),
        ("ATK-JARM-02 state", vec![("state", STATE), response], Reason::ResponseBesideOthers),
        ("ATK-JARM-02 iss, JARM-87", vec![response, ("iss", ISSUER)], Reason::ResponseBesideOthers),
        ("ATK-JARM-02 error", vec![response, ("error", "x")], Reason::ResponseBesideOthers),
        ("JARM-43 id_token", vec![response, ("id_token", "x")], Reason::ResponseBesideOthers),
        ("JARM-43 access_token", vec![response, ("access_token", "x")], Reason::ResponseBesideOthers),
        ("JARM-43 empty code", vec![response, ("code", "")], Reason::ResponseBesideOthers),
        ("ATK-JARM-03", vec![response, ("response", "x.y.z")], Reason::ResponseRepeated),
        ("ATK-JARM-03", vec![("response", "x.y.z"), response], Reason::ResponseRepeated),
        ("ATK-JARM-24", vec![("error", "access_denied"), ("state", STATE)], Reason::ResponseMissing),
        ("JARM-44 empty", vec![("response", "")], Reason::ResponseMissing),
    ] {
        control(id);
        assert_eq!(receive_form(&parameters).err(), Some(expected), "{id}");
    }
    let own_query = receive_form(&[("tenant", "7"), response]);
    assert!(own_query.is_ok(), "JARM-07: the redirect URI may have a query of its own");
}

#[test]
fn jarm_42_the_answer_comes_the_way_it_was_asked_for() {
    let encoded = form(&[("response", answer().sign(server()))]);
    for asked in [Encoding::Query, Encoding::Fragment, Encoding::FormPost] {
        for came in [Encoding::Query, Encoding::Fragment, Encoding::FormPost] {
            let delivery = Delivery { encoding: asked, signed: true };
            let judged = judge(&encoded, came, delivery, Some(STATE), &server_keys(), START);
            let expected = if asked == came { None } else { Some(Reason::ResponseWrongMethod) };
            assert_eq!(judged.err(), expected, "ATK-JARM-37, ATK-JARM-38: {asked:?}, {came:?}");
        }
    }
}

#[test]
fn iss_03_a_plain_answer_names_its_issuer() {
    let delivery = Delivery { encoding: Encoding::Query, signed: false };
    let plain = |parameters: &[(&str, &str)]| {
        judge(&form(parameters), Encoding::Query, delivery, Some(STATE), &server_keys(), START)
    };
    let (code, state, iss) = (("code", "the-code"), ("state", STATE), ("iss", ISSUER));
    assert_eq!(plain(&[code, state, iss]), Ok(VerifiedOutcome::Code("the-code".to_owned())), "the control");
    for (id, parameters, expected) in [
        ("ATK-CLI-01 missing, ISS-04", vec![code, state], Reason::IssuerParameter),
        ("ATK-CLI-01 other, ATK-CLI-02", vec![code, state, ("iss", OTHER_ISSUER)], Reason::IssuerParameter),
        ("ATK-CLI-01 slash", vec![code, state, ("iss", "https://as.example/")], Reason::IssuerParameter),
        ("ISS-06 error", vec![("error", "access_denied"), state], Reason::IssuerParameter),
        ("ATK-CLI-07 code", vec![code, code, state, iss], Reason::ResponseRepeated),
        ("ATK-CLI-07 state", vec![code, state, state, iss], Reason::ResponseRepeated),
        ("ATK-CLI-07 iss", vec![code, state, iss, iss], Reason::ResponseRepeated),
        ("JARM-52", vec![code, ("state", "other"), iss], Reason::ResponseState),
        ("JARM-52 missing", vec![code, iss], Reason::ResponseState),
        ("JARM-51", vec![code, ("error", "x"), state, iss], Reason::ResponseIncomplete),
        ("JARM-51 none", vec![state, iss], Reason::ResponseIncomplete),
    ] {
        assert_eq!(plain(&parameters).err(), Some(expected), "{id}");
    }
}

#[test]
fn jarm_54_one_answer_for_one_login() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let mut login = pair.client_pushes().unwrap();
    let visit = pair.browser_follows(&login.url).unwrap();
    let answer = pair.person_agrees(&visit).unwrap();
    let first = pair.client_receives(&mut login, &answer);
    assert!(matches!(first, Ok(Received::Granted(_))), "the control");
    let second = pair.client_receives(&mut login, &answer);
    assert_eq!(second.err(), Some(Reason::ResponseReplayed), "ATK-JARM-16, ATK-CLI-06");
}

#[test]
fn jarm_44_a_forged_answer_ends_nothing() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let mut login = pair.client_pushes().unwrap();
    let visit = pair.browser_follows(&login.url).unwrap();
    let answer = pair.person_agrees(&visit).unwrap();
    let state = login.pending.state().as_str().to_owned();
    for forged in [
        form(&[("error", "access_denied"), ("state", &state)]),
        form(&[("code", "stolen"), ("state", &state)]),
        form(&[("response", "a.b.c")]),
        form(&[(
            "response",
            super::counter::answer().claim("state", state.as_str()).with_signature(&[1; 64]),
        )]),
    ] {
        let response = delivered(&forged, Encoding::Query).unwrap();
        let refused = login.pending.receive(&response, &pair.own, &pair.keys, pair.now);
        assert!(refused.is_err(), "ATK-JARM-24, ATK-JARM-25, JAR-129: {forged}");
    }
    let real = pair.client_receives(&mut login, &answer);
    assert!(matches!(real, Ok(Received::Granted(_))), "the login still waited");
}

#[test]
fn jarm_61_answers_of_two_logins_are_not_exchanged() {
    let mut pair = Pair::new(ProfileName::Fapi2MessageSigning);
    let mut victim = pair.client_pushes().unwrap();
    let mut attacker = pair.client_pushes().unwrap();
    let own = pair.browser_follows(&attacker.url).unwrap();
    let attackers_answer = pair.person_agrees(&own).unwrap();
    let injected = pair.client_receives(&mut victim, &attackers_answer);
    assert_eq!(injected.err(), Some(Reason::ResponseState), "ATK-JARM-17");
    let visit = pair.browser_follows(&victim.url).unwrap();
    let victims_answer = pair.person_agrees(&visit).unwrap();
    let stolen = pair.client_receives(&mut attacker, &victims_answer);
    assert_eq!(stolen.err(), Some(Reason::ResponseState), "ATK-JARM-18");
    assert!(pair.client_receives(&mut victim, &victims_answer).is_ok(), "the control");
}
