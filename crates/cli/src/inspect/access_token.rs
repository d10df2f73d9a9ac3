//! The rules of a JWT access token (RFC 9068 §4), as the resource checks them.

use countersign_protocol::reason::Reason;
use countersign_protocol::token::verify_access_token;

use super::authorization_response::issuer;
use super::client_assertion::text;
use super::envelope;
use super::rule::{Case, Outcome, Rule, broken, compare, unknown};
use super::times;

pub(super) const RULES: &[Rule] = &[
    Rule::new("JWT-03", "Three parts of canonical base64url.", envelope::form),
    Rule::new("JWT-03", "One strict JSON object as header.", envelope::header),
    Rule::new("JWT-01", "No crit member.", envelope::critical),
    Rule::new("JWT-05", "No jwk, jku, x5u or x5c.", envelope::key_from_token),
    Rule::new("AT-04", "typ at+jwt.", |case| envelope::media_type(case, &["at+jwt"], false)),
    Rule::new("AT-01", "An asymmetric algorithm of the profile.", envelope::algorithm),
    Rule::new("AT-04", "A signature by a published key of the issuer.", envelope::server_signature)
        .about_signature(),
    Rule::new("AT-04", "One strict JSON object as payload.", envelope::claims),
    Rule::new("AT-04", "iss equal to the trusted issuer.", issuer),
    Rule::new("AT-04", "aud names this resource.", audience),
    Rule::new("AT-01", "A subject.", |case| text(case, "sub")),
    Rule::new("AT-01", "The client it was issued to.", |case| text(case, "client_id")),
    Rule::new("AT-01", "A name of its own (jti).", |case| text(case, "jti")),
    Rule::new("AT-04", "Times as JSON numbers of seconds.", times::numbers),
    Rule::new("AT-04", "exp in the future.", times::not_expired),
    Rule::new("AT-01", "iat not in the future.", times::not_early),
    Rule::new("DPOP-08", "cnf.jkt, the key it is bound to.", binding),
    Rule::new("AT-05", "Not revoked.", |_| unknown("Only the server knows whether it was revoked.")),
];

/// What the resource's own verification says; `None` when the issuer, its keys or the audience are not known.
pub(super) fn verdict(case: &Case<'_>) -> Option<Result<(), Reason>> {
    let known = case.known;
    let (keys, issuer, audience) = (known.server_keys()?, known.issuer.as_ref()?, known.audience.as_deref()?);
    Some(verify_access_token(&case.token.compact, keys, issuer, audience, known.now).map(drop))
}

fn audience(case: &Case<'_>) -> Outcome {
    let audience = case.token.audience();
    let named = audience.join(", ");
    match case.known.audience.as_deref() {
        _ if audience.is_empty() => broken("There is no aud."),
        Some(resource) => compare(
            audience.contains(&resource),
            format!("aud is {named}."),
            format!("aud is {named}, and not {resource}."),
        ),
        None => unknown(format!("aud is {named}; name the resource with --audience to compare.")),
    }
}

fn binding(case: &Case<'_>) -> Outcome {
    let bound = case.token.claim("cnf").and_then(|cnf| cnf.get("jkt")).and_then(|jkt| jkt.as_str());
    match bound {
        Some(jkt) => unknown(format!("Bound to {jkt}: good only with a DPoP proof of that key.")),
        None => unknown("Bound to no key: whoever holds it can use it."),
    }
}
