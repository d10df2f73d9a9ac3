//! Times inside tokens, judged as the core does.

use super::rule::{Case, Outcome, broken, compare, held};
use super::token::Moment;
use crate::words::{duration, relative};

/// How far ahead a peer's clock may be, in seconds (JAR-81).
pub(super) const FUTURE_SKEW: u64 = 30;
/// How long after its end a token still passes, in seconds.
pub(super) const EXPIRY_LEEWAY: u64 = 10;

/// Every time that is there is a JSON number of seconds.
pub(super) fn numbers(case: &Case<'_>) -> Outcome {
    let wrong =
        ["exp", "nbf", "iat", "auth_time"].into_iter().find(|name| case.token.moment(name) == Moment::NoTime);
    match wrong {
        None => held("Every time is a number of seconds."),
        Some(name) => broken(format!("{name} is no plain number of seconds.")),
    }
}

/// `exp` is there and has not passed.
pub(super) fn not_expired(case: &Case<'_>) -> Outcome {
    let now = case.known.now;
    match case.token.moment("exp") {
        Moment::Absent => broken("There is no exp."),
        Moment::NoTime => broken("exp is no time."),
        Moment::At(exp) if now >= exp.plus(EXPIRY_LEEWAY) => {
            broken(format!("exp: it expired {}.", relative(exp, now)))
        }
        Moment::At(exp) => held(format!("exp: it expires {}.", relative(exp, now))),
    }
}

/// `nbf` and `iat`, where they are there, do not lie in the future.
pub(super) fn not_early(case: &Case<'_>) -> Outcome {
    let now = case.known.now;
    for name in ["nbf", "iat"] {
        match case.token.moment(name) {
            Moment::At(time) if time.since(now) > FUTURE_SKEW => {
                return broken(format!("{name} is {}.", relative(time, now)));
            }
            Moment::NoTime => return broken(format!("{name} is no time.")),
            Moment::At(_) | Moment::Absent => {}
        }
    }
    held("Neither nbf nor iat lies in the future.")
}

/// `exp` is at most `longest` seconds from now.
pub(super) fn ends_within(case: &Case<'_>, longest: u64) -> Outcome {
    match case.token.moment("exp") {
        Moment::At(exp) => {
            let left = exp.since(case.known.now);
            compare(
                left <= longest,
                "exp is near enough.",
                format!("exp: it ends in {}, more than {}.", duration(left), duration(longest)),
            )
        }
        Moment::Absent | Moment::NoTime => broken("There is no exp that is a time."),
    }
}
