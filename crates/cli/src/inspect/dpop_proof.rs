//! The rules of a DPoP proof (RFC 9449 §4.3), in its order.

use countersign_jose::jws::Unverified;
use countersign_jose::{Jwk, Limits, VerifyingKey};
use countersign_protocol::dpop::{self, ProofTarget};
use countersign_protocol::reason::Reason;

use super::client_assertion::{jwt_id, text};
use super::envelope;
use super::rule::{Case, Outcome, Rule, broken, compare, held, unknown};
use super::times::{self, FUTURE_SKEW};
use super::token::Moment;
use crate::words::relative;

/// Seconds a proof stays good (DPOP-05).
const LIFETIME: u64 = 60;

pub(super) const RULES: &[Rule] = &[
    Rule::of(Reason::ProofMalformed, envelope::form),
    Rule::new("JWT-03", "One strict JSON object as header.", envelope::header),
    Rule::new("JWT-01", "No crit member.", envelope::critical),
    Rule::of(Reason::ProofType, |case| envelope::media_type(case, &["dpop+jwt"], false)),
    Rule::of(Reason::ProofAlgorithm, envelope::algorithm),
    Rule::of(Reason::ProofKey, key),
    Rule::of(Reason::ProofSignature, signature).about_signature(),
    Rule::new("DPOP-02", "One strict JSON object as payload.", envelope::claims),
    Rule::new("DPOP-01", "A random jti for each proof.", jwt_id),
    Rule::of(Reason::ProofMethod, |case| named(case, "htm", "the method of the request")),
    Rule::of(Reason::ProofAddress, |case| named(case, "htu", "the address of the request")),
    Rule::new("DPOP-05", "Times as JSON numbers of seconds.", times::numbers),
    Rule::of(Reason::ProofTime, issued),
    Rule::of(Reason::ProofReplayed, |_| unknown("Only the server knows whether it was used before.")),
    Rule::of(Reason::ProofAccessToken, access_token),
];

/// What the server's own verification says, taking method and address as they stand.
pub(super) fn verdict(case: &Case<'_>) -> Option<Result<(), Reason>> {
    let target = ProofTarget {
        method: case.token.text("htm").unwrap_or_default(),
        url: case.token.text("htu").unwrap_or_default(),
        access_token: None,
        algorithms: case.known.profile.algorithms,
    };
    Some(dpop::verify(&case.token.compact, target, case.known.now).map(drop))
}

fn key(case: &Case<'_>) -> Outcome {
    let Some(value) = case.token.header.member("jwk") else {
        return broken("There is no jwk in the header.");
    };
    match Jwk::from_value(value) {
        Ok(jwk) => held(format!("A public {} key with thumbprint {}.", jwk.kty(), jwk.thumbprint())),
        Err(error) => broken(format!("{error}.")),
    }
}

fn signature(case: &Case<'_>) -> Outcome {
    let unverified = match Unverified::parse(&case.token.compact, &Limits::EMBEDDED_KEY) {
        Ok(unverified) => unverified,
        Err(error) => return broken(format!("Not verified, because the proof does not read: {error}.")),
    };
    let algorithm = unverified.header().algorithm;
    let key = unverified.header().jwk.as_ref().map(|jwk| VerifyingKey::new(jwk, algorithm));
    match key {
        None => broken("There is no key to verify it with."),
        Some(Err(error)) => broken(format!("{error}.")),
        Some(Ok(key)) => match unverified.verify(&key) {
            Ok(_) => held("Under the key that it carries: whoever made it has that key."),
            Err(error) => broken(format!("{error}.")),
        },
    }
}

fn named(case: &Case<'_>, claim: &str, what: &str) -> Outcome {
    match text(case, claim) {
        Outcome::Held(value) => unknown(format!("{value} To be compared with {what}.")),
        missing => missing,
    }
}

fn issued(case: &Case<'_>) -> Outcome {
    let now = case.known.now;
    match case.token.moment("iat") {
        Moment::At(iat) => {
            let good = now.since(iat) <= LIFETIME && iat.since(now) <= FUTURE_SKEW;
            let words = relative(iat, now);
            compare(good, format!("Made {words}."), format!("Made {words}; a proof is good for 60 seconds."))
        }
        Moment::Absent => broken("There is no iat."),
        Moment::NoTime => broken("iat is no time."),
    }
}

fn access_token(case: &Case<'_>) -> Outcome {
    match case.token.text("ath") {
        None => held("No ath: holds where no access token goes with it."),
        Some(_) => unknown("To be compared with the hash of the access token beside it."),
    }
}
