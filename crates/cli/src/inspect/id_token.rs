//! The rules of an ID token (OpenID Connect Core §3.1.3.7), as a client checks them.

use countersign_jose::Algorithm;
use countersign_protocol::parameter::Nonce;
use countersign_protocol::reason::Reason;
use countersign_protocol::token::{ExpectedIdToken, verify_id_token};

use super::authorization_response::issuer;
use super::envelope;
use super::rule::{Case, Outcome, Rule, broken, compare, held, unknown};
use super::times;

pub(super) const RULES: &[Rule] = &[
    Rule::new("JWT-03", "Three parts of canonical base64url.", envelope::form),
    Rule::new("JWT-03", "One strict JSON object as header.", envelope::header),
    Rule::new("JWT-01", "No crit member.", envelope::critical),
    Rule::new("IDT-02", "No jwk, jku, x5u or x5c.", envelope::key_from_token),
    Rule::new("IDT-05", "typ JWT, or none.", |case| envelope::media_type(case, &["jwt"], true)),
    Rule::new("IDT-02", "An algorithm of the profile.", envelope::algorithm),
    Rule::new("IDT-05", "A signature by a published key of the issuer.", envelope::server_signature)
        .about_signature(),
    Rule::new("IDT-05", "One strict JSON object as payload.", envelope::claims),
    Rule::new("IDT-05", "iss equal to the issuer of this login.", issuer),
    Rule::new("IDT-05", "aud is the client and nobody else.", audience),
    Rule::new("IDT-01", "A subject of at most 255 characters of ASCII.", subject),
    Rule::new("IDT-05", "Times as JSON numbers of seconds.", times::numbers),
    Rule::new("IDT-05", "exp in the future.", times::not_expired),
    Rule::new("IDT-05", "iat not in the future.", times::not_early),
    Rule::new("IDT-05", "nonce equal to the one that was sent; none if none was sent.", nonce),
];

/// What the client library's own verification says, taking nonce and algorithm as they stand.
pub(super) fn verdict(case: &Case<'_>) -> Option<Result<(), Reason>> {
    let known = case.known;
    let client_id = known.client_id.as_deref().and_then(|id| id.parse().ok())?;
    let nonce: Option<Nonce> = case.token.text("nonce").and_then(|nonce| nonce.parse().ok());
    let algorithm =
        case.token.header_text("alg").and_then(|name| name.parse().ok()).unwrap_or(Algorithm::ES256);
    let expected = ExpectedIdToken {
        issuer: known.issuer.as_ref()?,
        keys: known.server_keys()?,
        client_id: &client_id,
        algorithm,
        nonce: nonce.as_ref(),
    };
    Some(verify_id_token(&case.token.compact, expected, known.now).map(drop))
}

fn audience(case: &Case<'_>) -> Outcome {
    let audience = case.token.audience();
    let named = audience.join(", ");
    match case.known.client_id.as_deref() {
        _ if audience.is_empty() => broken("There is no aud."),
        Some(client) => compare(
            audience == [client],
            format!("aud is {named}."),
            format!("aud is {named:?}, not {client:?} alone."),
        ),
        None => unknown(format!("aud is {named}; name the client with --client-id to compare.")),
    }
}

fn subject(case: &Case<'_>) -> Outcome {
    match case.token.text("sub") {
        None => broken("There is no sub."),
        Some(sub) => compare(
            sub.is_ascii() && (1..=255).contains(&sub.len()),
            "sub is there.",
            "sub is empty, too long, or not ASCII.",
        ),
    }
}

fn nonce(case: &Case<'_>) -> Outcome {
    match case.token.claim("nonce") {
        None => held("No nonce: holds if none was sent."),
        Some(_) => unknown("Only the client knows which nonce it sent."),
    }
}
