//! Rules, and how each came out for one token.

use countersign_jose::JwkSet;
use countersign_protocol::parameter::Issuer;
use countersign_protocol::policy::Profile;
use countersign_protocol::reason::Reason;
use countersign_protocol::time::UnixTime;
use serde::Serialize;

use super::token::Token;

/// One rule of a kind of token.
pub(crate) struct Rule {
    /// The requirement id.
    id: &'static str,
    /// What would pass.
    demands: &'static str,
    check: fn(&Case<'_>) -> Outcome,
    /// Whether it is the one about the signature.
    signature: bool,
}

/// A token, and what is known about the flow it belongs to.
pub(crate) struct Case<'a> {
    /// The token.
    pub(crate) token: &'a Token,
    /// What is known.
    pub(crate) known: &'a Known,
}

/// What whoever inspects knows.
#[derive(Clone)]
pub(crate) struct Known {
    /// The time to judge by.
    pub(crate) now: UnixTime,
    /// Keys that were named by `--jwks`.
    pub(crate) keys: Option<JwkSet>,
    /// Keys that the named issuer publishes.
    pub(crate) issuer_keys: Option<JwkSet>,
    /// The issuer.
    pub(crate) issuer: Option<Issuer>,
    /// The client.
    pub(crate) client_id: Option<String>,
    /// Whom the token must be for.
    pub(crate) audience: Option<String>,
    /// The profile it is judged by.
    pub(crate) profile: &'static Profile,
}

/// How a rule came out, and why.
pub(crate) enum Outcome {
    /// Checked, and it holds.
    Held(String),
    /// Checked, and it is broken.
    Broken(String),
    /// What it takes to check is not known here.
    NotCheckable(String),
}

/// How a rule came out, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Held,
    Broken,
    NotCheckable,
}

/// A rule and how it came out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// The requirement id.
    pub(crate) rule: &'static str,
    /// How it came out.
    pub(crate) status: Status,
    /// Why.
    pub(crate) why: String,
    /// What would pass.
    pub(crate) passes: &'static str,
    /// Whether it is about the signature.
    #[serde(skip)]
    pub(crate) signature: bool,
}

impl Rule {
    /// A rule with words of its own.
    pub(crate) const fn new(
        id: &'static str,
        demands: &'static str,
        check: fn(&Case<'_>) -> Outcome,
    ) -> Self {
        Self { id, demands, check, signature: false }
    }

    /// The rule behind a reason of the core, in the core's words.
    pub(crate) const fn of(reason: Reason, check: fn(&Case<'_>) -> Outcome) -> Self {
        Self::new(reason.rule(), reason.passes(), check)
    }

    /// This rule, as the one about the signature.
    pub(crate) const fn about_signature(mut self) -> Self {
        self.signature = true;
        self
    }

    /// Checks it.
    pub(crate) fn apply(&self, case: &Case<'_>) -> Finding {
        Finding { signature: self.signature, ..Finding::new(self.id, self.demands, (self.check)(case)) }
    }
}

impl Finding {
    pub(crate) fn new(rule: &'static str, passes: &'static str, outcome: Outcome) -> Self {
        let (status, why) = match outcome {
            Outcome::Held(why) => (Status::Held, why),
            Outcome::Broken(why) => (Status::Broken, why),
            Outcome::NotCheckable(why) => (Status::NotCheckable, why),
        };
        Self { rule, status, why, passes, signature: false }
    }
}

impl Known {
    /// Keys for what a client signs.
    pub(crate) fn client_keys(&self) -> Option<&JwkSet> {
        self.keys.as_ref()
    }

    /// Keys for what a server signs.
    pub(crate) fn server_keys(&self) -> Option<&JwkSet> {
        self.issuer_keys.as_ref().or(self.keys.as_ref())
    }

    /// The server a message to it must name: `--audience`, or the issuer.
    pub(crate) fn server(&self) -> Option<&str> {
        self.audience.as_deref().or(self.issuer.as_ref().map(Issuer::as_str))
    }
}

/// Held with one sentence, broken with another.
pub(crate) fn compare(good: bool, held: impl Into<String>, broken: impl Into<String>) -> Outcome {
    if good { Outcome::Held(held.into()) } else { Outcome::Broken(broken.into()) }
}

/// Held.
pub(crate) fn held(why: impl Into<String>) -> Outcome {
    Outcome::Held(why.into())
}

/// Broken.
pub(crate) fn broken(why: impl Into<String>) -> Outcome {
    Outcome::Broken(why.into())
}

/// Not checkable.
pub(crate) fn unknown(why: impl Into<String>) -> Outcome {
    Outcome::NotCheckable(why.into())
}
