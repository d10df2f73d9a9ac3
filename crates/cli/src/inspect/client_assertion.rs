//! The rules of a client assertion (`private_key_jwt`, RFC 7523 §3), as the server checks them.

use countersign_protocol::client_auth::{ASSERTION_TYPE, ClientAssertion};
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;
use serde_json::Value;

use super::envelope;
use super::request_object::stand_in;
use super::rule::{Case, Outcome, Rule, broken, compare, held, unknown};
use super::times;

/// Seconds an assertion may live (CAUTH-12).
const LONGEST_LIFE: u64 = 600;

pub(super) const RULES: &[Rule] = &[
    Rule::of(Reason::AssertionMalformed, envelope::form),
    Rule::new("JWT-03", "One strict JSON object as header.", envelope::header),
    Rule::new("JWT-01", "No crit member.", envelope::critical),
    Rule::new("JWT-05", "No jwk, jku, x5u or x5c: only registered keys count.", envelope::key_from_token),
    Rule::of(Reason::AssertionKind, kind),
    Rule::of(Reason::AssertionAlgorithm, envelope::algorithm),
    Rule::of(Reason::AssertionSignature, envelope::client_signature).about_signature(),
    Rule::new("CAUTH-10", "One strict JSON object as payload.", envelope::claims),
    Rule::of(Reason::AssertionSubject, subject),
    Rule::of(Reason::AssertionIssuer, issuer),
    Rule::of(Reason::AssertionAudience, audience),
    Rule::new("CAUTH-12", "Times as JSON numbers of seconds.", times::numbers),
    Rule::new("CAUTH-12", "exp in the future.", times::not_expired),
    Rule::new("CAUTH-12", "exp at most 600 seconds ahead.", |case| times::ends_within(case, LONGEST_LIFE)),
    Rule::new("CAUTH-12", "nbf and iat not in the future.", times::not_early),
    Rule::of(Reason::AssertionJwtId, jwt_id),
    Rule::of(Reason::AssertionReplayed, |_| unknown("Only the server knows whether it was used before.")),
];

/// What the server's own verification says; `None` when the client's keys or the server are not known.
pub(super) fn verdict(case: &Case<'_>) -> Option<Result<(), Reason>> {
    let client = stand_in(case)?;
    let issuer = case.known.server()?.parse().ok()?;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_assertion_type", ASSERTION_TYPE)
        .append_pair("client_assertion", &case.token.compact)
        .finish();
    let verified = RawParameters::parse(form.as_bytes()).and_then(|raw| {
        ClientAssertion::from_parameters(&raw)?.verify(&client, &issuer, case.known.now).map(drop)
    });
    Some(verified)
}

fn kind(case: &Case<'_>) -> Outcome {
    if case.token.claim("response_type").is_some() {
        return broken("It has a response_type, as request objects do.");
    }
    envelope::media_type(case, &["client-authentication+jwt", "jwt"], true)
}

fn subject(case: &Case<'_>) -> Outcome {
    match (case.token.text("sub"), case.known.client_id.as_deref()) {
        (None, _) => broken("There is no sub."),
        (Some(sub), Some(client)) => {
            compare(sub == client, format!("sub is {sub}."), format!("sub is {sub:?}, not {client:?}."))
        }
        (Some(sub), None) => unknown(format!("sub is {sub}; name the client with --client-id to compare.")),
    }
}

fn issuer(case: &Case<'_>) -> Outcome {
    let (iss, sub) = (case.token.text("iss"), case.token.text("sub"));
    compare(
        iss.is_some() && iss == sub,
        "iss and sub are the same.",
        "iss and sub differ, or one is missing.",
    )
}

fn audience(case: &Case<'_>) -> Outcome {
    match (case.token.claim("aud"), case.known.server()) {
        (Some(Value::String(aud)), Some(server)) => {
            compare(aud == server, format!("aud is {aud}."), format!("aud is {aud:?}, not {server:?}."))
        }
        (Some(Value::String(aud)), None) => {
            unknown(format!("aud is {aud}; name the server with --audience or --issuer to compare."))
        }
        (Some(_), _) => broken("aud is not one string."),
        (None, _) => broken("There is no aud."),
    }
}

/// `jti` is there, and of a length that is stored.
pub(super) fn jwt_id(case: &Case<'_>) -> Outcome {
    match case.token.text("jti") {
        Some(jti) => {
            compare((1..=256).contains(&jti.chars().count()), "jti is there.", "jti is empty or too long.")
        }
        None => broken("There is no jti that is a string."),
    }
}

/// Held when there is a claim of this name that is a string.
pub(super) fn text(case: &Case<'_>, name: &str) -> Outcome {
    match case.token.text(name) {
        Some(value) => held(format!("{name} is {value}.")),
        None => broken(format!("There is no {name} that is a string.")),
    }
}
