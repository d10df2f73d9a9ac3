//! The rules of a signed authorization response (JARM), in the order in which the client checks them.

use countersign_jose::Algorithm;
use countersign_protocol::parameter::{Delivery, Encoding, State};
use countersign_protocol::reason::Reason;
use countersign_protocol::response::{ExpectedResponse, ReceivedResponse};

use super::envelope;
use super::rule::{Case, Outcome, Rule, broken, compare, held, unknown};
use super::times;

/// Claims by which another kind of JWT is known (JARM-25).
pub(super) const FOREIGN: [&str; 8] =
    ["nonce", "events", "cnf", "at_hash", "c_hash", "s_hash", "client_id", "token_introspection"];

const A_DAY: u64 = 86_400;

pub(super) const RULES: &[Rule] = &[
    Rule::of(Reason::ResponseTooLarge, |case| envelope::size(case, 64 * 1024)),
    Rule::of(Reason::ResponseNotCompact, envelope::form),
    Rule::of(Reason::ResponseHeader, envelope::header),
    Rule::new("JAR-66", "No crit member.", envelope::critical),
    Rule::new("JAR-67", "No b64 member.", envelope::unencoded),
    Rule::new("JARM-28", "No jwk, jku, x5u or x5c.", envelope::key_from_token),
    Rule::of(Reason::ResponseClaims, envelope::claims),
    Rule::of(Reason::ResponseIssuer, issuer),
    Rule::of(Reason::ResponseAudience, audience),
    Rule::new("JAR-83", "Times as JSON numbers of seconds.", times::numbers),
    Rule::of(Reason::ResponseExpired, times::not_expired),
    Rule::of(Reason::ResponseTooLong, |case| times::ends_within(case, A_DAY)),
    Rule::new("JARM-20", "A life of at most 600 seconds.", |case| times::ends_within(case, 600)),
    Rule::of(Reason::ResponseNotYetValid, times::not_early),
    Rule::of(Reason::ResponseAlgorithm, envelope::algorithm),
    Rule::of(Reason::ResponseSignature, envelope::server_signature).about_signature(),
    Rule::of(Reason::ResponseKind, kind),
    Rule::of(Reason::ResponseIncomplete, outcome),
    Rule::of(Reason::ResponseState, |_| unknown("Only the client knows which state it sent.")),
    Rule::of(Reason::ResponseReplayed, |_| {
        unknown("Only the client knows whether this login was answered before.")
    }),
];

/// What the client library's own verification says, taking state and algorithm as they stand; `None` when the issuer,
/// its keys or the client are not known.
pub(super) fn verdict(case: &Case<'_>) -> Option<Result<(), Reason>> {
    let known = case.known;
    let client_id = known.client_id.as_deref().and_then(|id| id.parse().ok())?;
    let algorithm =
        case.token.header_text("alg").and_then(|name| name.parse().ok()).unwrap_or(Algorithm::ES256);
    let state: Option<State> = case.token.text("state").and_then(|state| state.parse().ok());
    let expected = ExpectedResponse {
        issuer: known.issuer.as_ref()?,
        keys: known.server_keys()?,
        client_id: &client_id,
        algorithm,
        delivery: Delivery { encoding: Encoding::Query, signed: true },
        state: state.as_ref(),
    };
    // A compact token is base64url and dots, so it stands in a form as it is; anything else is refused all the same.
    let form = format!("response={}", case.token.compact);
    let received = ReceivedResponse::parse(form.as_bytes(), Encoding::Query);
    Some(received.and_then(|received| received.verify(&expected, known.now)).map(drop))
}

/// `iss` is the issuer that is known.
pub(super) fn issuer(case: &Case<'_>) -> Outcome {
    match (case.token.text("iss"), &case.known.issuer) {
        (None, _) => broken("There is no iss."),
        (Some(iss), Some(issuer)) => compare(
            iss == issuer.as_str(),
            format!("iss is {iss}."),
            format!("iss is {iss:?}, not {issuer}."),
        ),
        (Some(iss), None) => unknown(format!("iss is {iss}; name the server with --issuer to compare.")),
    }
}

fn audience(case: &Case<'_>) -> Outcome {
    let audience = case.token.audience();
    match (audience.as_slice(), case.known.client_id.as_deref()) {
        ([], _) => broken("There is no aud."),
        ([only], Some(client)) => {
            compare(*only == client, format!("aud is {only}."), format!("aud is {only:?}, not {client:?}."))
        }
        ([only], None) => unknown(format!("aud is {only}; name the client with --client-id to compare.")),
        (several, _) => broken(format!("aud names {}; exactly the client passes.", several.join(", "))),
    }
}

fn kind(case: &Case<'_>) -> Outcome {
    match FOREIGN.into_iter().find(|name| case.token.claim(name).is_some()) {
        Some(name) => broken(format!("{name} is the mark of another kind of JWT.")),
        None => envelope::media_type(case, &["jwt"], true),
    }
}

fn outcome(case: &Case<'_>) -> Outcome {
    match (case.token.text("code"), case.token.text("error")) {
        (Some(_), None) => held("A code: the server granted."),
        (None, Some(error)) => held(format!("The error {error}: the server refused.")),
        (Some(_), Some(_)) => broken("Both code and error."),
        (None, None) => broken("Neither code nor error."),
    }
}
