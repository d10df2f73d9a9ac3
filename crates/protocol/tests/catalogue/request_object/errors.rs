//! Where a refusal goes and what it is called (JAR-123..128; ATK-JARM-57, 58; RED-04, RED-08).

use countersign_protocol::oauth_error::OAuthError;
use countersign_protocol::parameter::{Delivery, Encoding};
use countersign_protocol::reason::Reason;
use countersign_protocol::rejection::Rejection;
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::parties::{CLIENT_ID, REDIRECT_URI, START};
use serde_json::json;

use crate::desk::{Bend, Way, browse, object, own};

const SIGNED_QUERY: Delivery = Delivery { encoding: Encoding::Query, signed: true };
const SIGNED_FRAGMENT: Delivery = Delivery { encoding: Encoding::Fragment, signed: true };

/// The refusal of a bent object in a URL, for a client registered with these members.
fn refusal(members: &serde_json::Value, bend: Bend) -> Rejection {
    let client = Way::ByValue.client_with(members);
    let send = |object: &str| browse(&client, &[("client_id", CLIENT_ID), ("request", object)], START);
    assert!(send(&object().sign(own())).is_ok(), "the control");
    send(&bend(object()).sign(own())).unwrap_err()
}

#[test]
fn jar_126_errors_follow_the_response_mode_of_the_object() {
    for (id, bend, reason, code, delivery) in [
        (
            "ATK-PKCE-01, ATK-PKCE-08",
            (|it| it.without("code_challenge")) as Bend,
            Reason::CodeChallengeMissing,
            OAuthError::InvalidRequest,
            SIGNED_QUERY,
        ),
        (
            "ATK-PKCE-02",
            |it| it.claim("code_challenge_method", "plain"),
            Reason::CodeChallengeMethod,
            OAuthError::InvalidRequest,
            SIGNED_QUERY,
        ),
        (
            "ATK-PKCE-03",
            |it| it.claim("code_challenge", "short"),
            Reason::CodeChallengeMalformed,
            OAuthError::InvalidRequest,
            SIGNED_QUERY,
        ),
        (
            "RED-09",
            |it| it.claim("scope", "openid admin"),
            Reason::ScopeNotAllowed,
            OAuthError::InvalidScope,
            SIGNED_QUERY,
        ),
        (
            "RED-09",
            |it| it.claim("scope", "open\"id"),
            Reason::ScopeMalformed,
            OAuthError::InvalidScope,
            SIGNED_QUERY,
        ),
        (
            "ATK-OIDC-01",
            |it| it.claim("prompt", "none login"),
            Reason::PromptMalformed,
            OAuthError::InvalidRequest,
            SIGNED_QUERY,
        ),
        (
            "ATK-RED-18 missing",
            |it| it.without("response_type"),
            Reason::ResponseTypeMissing,
            OAuthError::InvalidRequest,
            SIGNED_QUERY,
        ),
        (
            "ATK-RED-18 unknown",
            |it| it.claim("response_type", "device"),
            Reason::ResponseTypeUnsupported,
            OAuthError::UnsupportedResponseType,
            SIGNED_QUERY,
        ),
        (
            "ATK-RED-18 twice",
            |it| it.claim("response_type", "code code"),
            Reason::ResponseTypeUnsupported,
            OAuthError::UnsupportedResponseType,
            SIGNED_QUERY,
        ),
        (
            "ATK-RED-18 spaces",
            |it| it.claim("response_type", " code"),
            Reason::ResponseTypeUnsupported,
            OAuthError::UnsupportedResponseType,
            SIGNED_QUERY,
        ),
        (
            "ATK-RED-18 case",
            |it| it.claim("response_type", "Code"),
            Reason::ResponseTypeUnsupported,
            OAuthError::UnsupportedResponseType,
            SIGNED_QUERY,
        ),
        (
            "RED-08 none",
            |it| it.claim("response_type", "none"),
            Reason::ResponseTypeUnsupported,
            OAuthError::UnsupportedResponseType,
            SIGNED_QUERY,
        ),
        (
            "ATK-PAR-22",
            |it| it.claim("response_type", "token"),
            Reason::ResponseTypeUnsupported,
            OAuthError::UnsupportedResponseType,
            SIGNED_FRAGMENT,
        ),
        (
            "ATK-JARM-50",
            |it| it.claim("response_type", "code id_token").claim("response_mode", "query.jwt"),
            Reason::ResponseModeExposesTokens,
            OAuthError::InvalidRequest,
            SIGNED_FRAGMENT,
        ),
        (
            "ATK-JARM-50",
            |it| it.claim("response_type", "token").claim("response_mode", "query.jwt"),
            Reason::ResponseModeExposesTokens,
            OAuthError::InvalidRequest,
            SIGNED_FRAGMENT,
        ),
        (
            "ATK-RED-19",
            |it| it.claim("response_type", "code id_token").claim("response_mode", "query"),
            Reason::ResponseModeExposesTokens,
            OAuthError::InvalidRequest,
            Delivery { encoding: Encoding::Fragment, signed: false },
        ),
        (
            "JARM-09",
            |it| it.claim("response_mode", "form_post.jwt").claim("scope", "admin"),
            Reason::ScopeNotAllowed,
            OAuthError::InvalidScope,
            Delivery { encoding: Encoding::FormPost, signed: true },
        ),
    ] {
        let Rejection::Return(address, found) = refusal(&json!({}), bend) else { panic!("{id}: a page") };
        assert_eq!(found, reason, "{id}");
        assert_eq!(found.oauth_error(), Some(code), "{id}");
        assert_eq!(address.delivery(), delivery, "{id}");
        assert_eq!(address.redirect_uri().as_str(), REDIRECT_URI, "{id}");
        assert_eq!(address.state().map(|state| state.as_str()), Some("inner-state"), "{id}: JARM-23");
    }
}

#[test]
fn jar_126_what_nobody_could_be_told_stays_on_a_page() {
    for (id, bend, reason) in [
        (
            "ATK-JAR-74, ATK-PAR-20, ATK-RED-12",
            (|it| it.without("redirect_uri")) as Bend,
            Reason::RedirectUriMissing,
        ),
        (
            "ATK-RED-01, ATK-PAR-21",
            |it| it.claim("redirect_uri", "https://evil.example/callback"),
            Reason::RedirectUriUnregistered,
        ),
        (
            "ATK-RED-02",
            |it| it.claim("redirect_uri", format!("{REDIRECT_URI}/")),
            Reason::RedirectUriUnregistered,
        ),
        (
            "ATK-RED-02",
            |it| it.claim("redirect_uri", format!("{REDIRECT_URI}?x=1")),
            Reason::RedirectUriUnregistered,
        ),
        (
            "ATK-RED-02",
            |it| it.claim("redirect_uri", format!("{REDIRECT_URI}/../evil")),
            Reason::RedirectUriUnregistered,
        ),
        (
            "ATK-RED-02",
            |it| it.claim("redirect_uri", format!("{REDIRECT_URI}/%2e%2e/")),
            Reason::RedirectUriUnregistered,
        ),
        (
            "ATK-RED-03",
            |it| it.claim("redirect_uri", "https://RP.example/callback"),
            Reason::RedirectUriUnregistered,
        ),
        (
            "ATK-RED-08",
            |it| it.claim("redirect_uri", format!("{REDIRECT_URI}\r\n")),
            Reason::RedirectUriUnregistered,
        ),
        (
            "ATK-RED-09",
            |it| it.claim("redirect_uri", format!("{REDIRECT_URI}#x")),
            Reason::RedirectUriUnregistered,
        ),
        ("ATK-RED-19", |it| it.claim("response_mode", "web_message"), Reason::ResponseModeUnknown),
        ("JARM-16", |it| it.claim("response_mode", "JWT"), Reason::ResponseModeUnknown),
    ] {
        assert_eq!(refusal(&json!({}), bend), Rejection::Page(reason), "{id}");
        assert_eq!(reason.oauth_error(), Some(OAuthError::InvalidRequest), "{id}");
        let pushed = Way::Pushed.send(&Way::Pushed.client(), &bend(object()).sign(own())).err();
        assert_eq!(pushed, Some(reason), "JAR-127, {id}");
    }
}

#[test]
fn jar_125_an_unverified_object_directs_nobody_anywhere() {
    let forged = object().sign(key(Owner::Attacker, countersign_jose::Algorithm::ES256));
    let beside = [("redirect_uri", "https://evil.example"), ("response_mode", "jwt"), ("state", "s")];
    let mut parameters = vec![("client_id", CLIENT_ID), ("request", forged.as_str())];
    parameters.extend(beside);
    let refused = browse(&Way::ByValue.client(), &parameters, START).err();
    assert_eq!(refused, Some(Rejection::Page(Reason::RequestObjectSignature)), "ATK-JARM-57, JARM-77");
}

#[test]
fn jarm_79_a_client_that_must_be_answered_signed_is_never_answered_plainly() {
    let only_jwt = json!({ "response_modes": ["jwt"] });
    for (id, bend) in [
        ("ATK-JARM-58", (|it| it.claim("response_mode", "query")) as Bend),
        ("JARM-79", |it| it.without("response_mode")),
        ("JARM-79", |it| it.claim("response_mode", "form_post")),
    ] {
        let Rejection::Return(address, reason) = refusal(&only_jwt, bend) else { panic!("{id}: a page") };
        assert_eq!(reason, Reason::SignedResponseRequired, "{id}");
        assert_eq!(address.delivery(), SIGNED_QUERY, "{id}");
    }
    let other = refusal(&only_jwt, |it| it.claim("response_mode", "form_post.jwt"));
    assert_eq!(other.reason(), Reason::ResponseModeNotAllowed, "JARM-15");
}

#[test]
fn jarm_13_message_signing_takes_the_literal_jwt() {
    let way = Way::Pushed;
    assert!(way.send(&way.client(), &object().sign(own())).is_ok(), "the control");
    let post = object().claim("response_mode", "form_post.jwt").sign(own());
    assert_eq!(way.send(&way.client(), &post).err(), Some(Reason::ResponseModeNotAllowed));
    let registered = way.client_with(&json!({ "response_modes": ["jwt", "form_post.jwt"] }));
    assert!(way.send(&registered, &post).is_ok(), "JARM-15: unless its registration lists another");
}

#[test]
fn jar_123_refused_objects_are_invalid_request_objects() {
    let way = Way::Pushed;
    let forged = object().sign(key(Owner::Attacker, countersign_jose::Algorithm::ES256));
    let reason = way.send(&way.client(), &forged).unwrap_err();
    assert_eq!(reason.oauth_error(), Some(OAuthError::InvalidRequestObject));
    assert_eq!(reason.to_stranger(), Reason::RequestObjectUnverified, "JAR-64: no oracle for a forger");
    assert_eq!(reason.to_stranger().oauth_error(), Some(OAuthError::InvalidRequestObject));
}
