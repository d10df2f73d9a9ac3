//! The rules of a request object (RFC 9101), in the order in which the server checks them.

use countersign_jose::Limits;
use countersign_protocol::metadata::ClientMetadata;
use countersign_protocol::pkce::CodeChallenge;
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::request::{Expectations, MOST_PUSHED, RequestObject, RequestParameters};
use serde_json::{Value, json};

use super::envelope;
use super::rule::{Case, Outcome, Rule, broken, compare, held, unknown};
use super::times;
use super::token::Moment;
use crate::words::{duration, relative};

pub(super) const RULES: &[Rule] = &[
    Rule::of(Reason::RequestObjectTooLarge, |case| envelope::size(case, MOST_PUSHED)),
    Rule::of(Reason::RequestObjectNotCompact, envelope::form),
    Rule::of(Reason::RequestObjectHeader, envelope::header),
    Rule::of(Reason::RequestObjectCritical, envelope::critical),
    Rule::new("JAR-67", "No b64 member.", envelope::unencoded),
    Rule::of(Reason::RequestObjectKeyInHeader, envelope::key_from_token),
    Rule::of(Reason::RequestObjectType, |case| {
        envelope::media_type(case, &["oauth-authz-req+jwt", "jwt"], true)
    }),
    Rule::of(Reason::RequestObjectAlgorithm, envelope::algorithm),
    Rule::of(Reason::RequestObjectSignature, envelope::client_signature).about_signature(),
    Rule::of(Reason::RequestObjectClaims, envelope::claims),
    Rule::of(Reason::RequestObjectParameter, parameter_types),
    Rule::of(Reason::RequestObjectClientId, client_id),
    Rule::of(Reason::RequestObjectIssuer, issuer),
    Rule::of(Reason::RequestObjectAudience, audience),
    Rule::of(Reason::RequestObjectSubject, subject),
    Rule::of(Reason::RequestObjectTime, times::numbers),
    Rule::of(Reason::RequestObjectNotBeforeMissing, not_before),
    Rule::of(Reason::RequestObjectLifetime, lifetime),
    Rule::of(Reason::RequestObjectExpired, times::not_expired),
    Rule::of(Reason::RequestObjectNotYetValid, times::not_early),
    Rule::of(Reason::RequestObjectJwtId, jwt_id),
    Rule::of(Reason::RequestObjectReplayed, |_| unknown("Only the server knows whether it was used before.")),
    Rule::of(Reason::RequestObjectNested, nested),
    Rule::of(Reason::RedirectUriMissing, |case| present(case, "redirect_uri")),
    Rule::of(Reason::RedirectUriUnregistered, |_| unknown("Only the server knows what is registered.")),
    Rule::of(Reason::ResponseTypeUnsupported, response_type),
    Rule::of(Reason::CodeChallengeMissing, challenge),
    Rule::of(Reason::SignedResponseRequired, response_mode),
];

/// What the server's own verification says; `None` when the client's keys or the server are not known.
pub(super) fn verdict(case: &Case<'_>) -> Option<Result<(), Reason>> {
    let client = stand_in(case)?;
    let issuer = case.known.server()?.parse().ok()?;
    let expect = Expectations { issuer: &issuer, now: case.known.now };
    let object = match RequestObject::parse(&case.token.compact, MOST_PUSHED) {
        Ok(object) => object,
        Err(reason) => return Some(Err(reason)),
    };
    Some(object.verify(&client, expect).map(drop))
}

/// The client as it would be registered, as far as the verification of a signature and its claims looks at it.
pub(super) fn stand_in(case: &Case<'_>) -> Option<Client> {
    let claimed = || case.token.text("client_id").or(case.token.text("iss"));
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": case.known.client_id.as_deref().or_else(claimed)?,
        "redirect_uris": ["https://client.invalid/"],
        "jwks": case.known.client_keys()?,
        "countersign_profile": case.known.profile.name,
    }))
    .ok()?;
    Client::register(metadata).ok()
}

fn parameter_types(case: &Case<'_>) -> Outcome {
    let read =
        countersign_jose::json::parse_object::<RequestParameters>(&case.token.claims.bytes, &Limits::TOKEN);
    let wrong = || {
        let named =
            ["response_type", "redirect_uri", "scope", "state", "nonce", "response_mode", "client_id"];
        let wrong =
            named.into_iter().find(|name| case.token.claim(name).is_some_and(|value| !value.is_string()));
        format!("{} has the wrong JSON type.", wrong.unwrap_or("A parameter"))
    };
    compare(read.is_ok(), "Every parameter has its JSON type.", wrong())
}

fn client_id(case: &Case<'_>) -> Outcome {
    match (case.token.text("client_id"), case.known.client_id.as_deref()) {
        (None, _) => broken("There is no client_id inside."),
        (Some(inside), Some(expected)) => compare(
            inside == expected,
            format!("client_id is {inside}, as expected."),
            format!("client_id is {inside:?}, not {expected:?}."),
        ),
        (Some(inside), None) => {
            unknown(format!("client_id is {inside}; name the client with --client-id to compare."))
        }
    }
}

fn issuer(case: &Case<'_>) -> Outcome {
    match (case.token.text("iss"), case.token.text("client_id")) {
        (Some(iss), Some(client)) => {
            compare(iss == client, "iss is the client.", format!("iss is {iss:?}, not the client."))
        }
        (None, _) if !case.known.profile.issuer_required => held("No iss, which this profile accepts."),
        _ => broken("There is no iss that is the client."),
    }
}

fn audience(case: &Case<'_>) -> Outcome {
    let audience = case.token.audience();
    let named = audience.join(", ");
    match case.known.server() {
        _ if audience.is_empty() => broken("There is no aud."),
        Some(server) => compare(
            audience.contains(&server),
            format!("aud is {named}."),
            format!("aud is {named}, and not {server}."),
        ),
        None => unknown(format!("aud is {named}; name the server with --audience or --issuer to compare.")),
    }
}

fn subject(case: &Case<'_>) -> Outcome {
    let client = case.token.text("sub").filter(|sub| Some(*sub) == case.token.text("client_id"));
    compare(
        client.is_none(),
        "sub is not the client.",
        "sub is the client: this would pass for a client assertion.",
    )
}

fn not_before(case: &Case<'_>) -> Outcome {
    let (now, longest) = (case.known.now, case.known.profile.request_object_lifetime);
    match case.token.moment("nbf") {
        Moment::Absent => compare(
            !case.known.profile.not_before_required,
            "No nbf, which this profile accepts.",
            "There is no nbf.",
        ),
        Moment::NoTime => broken("nbf is no time."),
        Moment::At(nbf) => {
            let words = relative(nbf, now);
            compare(
                now.since(nbf) <= longest,
                format!("nbf was {words}."),
                format!("nbf was {words}, more than {} ago.", duration(longest)),
            )
        }
    }
}

fn lifetime(case: &Case<'_>) -> Outcome {
    let longest = case.known.profile.request_object_lifetime;
    match (case.token.moment("nbf"), case.token.moment("exp")) {
        (_, Moment::Absent) => broken("There is no exp."),
        (Moment::At(nbf), Moment::At(exp)) => {
            let life = exp.since(nbf);
            let good = exp > nbf && life <= longest;
            compare(
                good,
                format!("It lives {}.", duration(life)),
                format!(
                    "It lives {}; more than zero and at most {} pass.",
                    duration(life),
                    duration(longest)
                ),
            )
        }
        (_, Moment::At(_)) => times::ends_within(case, longest),
        (_, Moment::NoTime) => broken("exp is no time."),
    }
}

fn jwt_id(case: &Case<'_>) -> Outcome {
    match case.token.claim("jti") {
        None => held("No jti; the signed bytes themselves are used once."),
        Some(Value::String(jti)) => {
            compare((1..=256).contains(&jti.chars().count()), "jti is there.", "jti is empty or too long.")
        }
        Some(_) => broken("jti is no string."),
    }
}

fn nested(case: &Case<'_>) -> Outcome {
    let inside = ["request", "request_uri"].into_iter().find(|name| case.token.claim(name).is_some());
    match inside {
        None => held("Neither request nor request_uri inside."),
        Some(name) => broken(format!("{name} is inside.")),
    }
}

fn present(case: &Case<'_>, name: &str) -> Outcome {
    match case.token.text(name) {
        Some(value) => held(format!("{name} is {value}.")),
        None => broken(format!("There is no {name} inside, and none outside counts.")),
    }
}

fn response_type(case: &Case<'_>) -> Outcome {
    match case.token.text("response_type") {
        Some("code") => held("response_type is code."),
        Some(other) => broken(format!("response_type is {other:?}, which is not offered.")),
        None => broken("There is no response_type inside."),
    }
}

fn challenge(case: &Case<'_>) -> Outcome {
    let method = case.token.text("code_challenge_method");
    match CodeChallenge::from_parameters(case.token.text("code_challenge"), method) {
        Ok(_) => held("A code challenge with S256."),
        Err(reason) => broken(reason.wrong()),
    }
}

fn response_mode(case: &Case<'_>) -> Outcome {
    let mode = case.token.text("response_mode");
    let signed = mode.is_some_and(|mode| mode.ends_with("jwt"));
    let demanded = case.known.profile.demands(countersign_protocol::policy::Control::SignedResponse);
    let asked = mode.unwrap_or("none");
    match (signed, demanded) {
        (true, _) => held(format!("response_mode {asked} asks for a signed answer.")),
        (false, false) => held(format!("response_mode is {asked}; this profile accepts plain answers.")),
        (false, true) => broken(format!("response_mode is {asked}: a plain answer.")),
    }
}
