//! What kind of token this is.

use clap::ValueEnum;
use countersign_protocol::reason::Reason;
use serde::Serialize;

use super::rule::{Case, Finding, Rule};
use super::token::Token;
use super::{
    access_token, authorization_response, client_assertion, dpop_proof, envelope, id_token, request_object,
    times,
};

/// A kind of token; each has rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// What a client asks (JAR).
    RequestObject,
    /// What a server answers (JARM).
    AuthorizationResponse,
    /// Who logged in.
    IdToken,
    /// How a client authenticates.
    ClientAssertion,
    /// That a sender has a key.
    DpopProof,
    /// What a client may do.
    AccessToken,
    /// None of these.
    Other,
}

/// What every token must hold when nothing is known about its kind.
const ANY: &[Rule] = &[
    Rule::new("JWT-03", "Three parts of canonical base64url.", envelope::form),
    Rule::new("JWT-03", "One strict JSON object as header.", envelope::header),
    Rule::new("JWT-01", "No crit member.", envelope::critical),
    Rule::new("JWT-01", "No b64 member.", envelope::unencoded),
    Rule::new("JWT-05", "No jwk, jku, x5u or x5c.", envelope::key_from_token),
    Rule::new("JWT-02", "An algorithm of the profile.", envelope::algorithm),
    Rule::new("JWT-02", "A signature that holds.", envelope::server_signature).about_signature(),
    Rule::new("JWT-03", "One strict JSON object as payload.", envelope::claims),
    Rule::new("JWT-01", "Times as JSON numbers of seconds.", times::numbers),
];

impl Kind {
    /// Recognises a token: by its explicit type, then by the claims that only one kind has.
    pub(crate) fn of(token: &Token) -> Self {
        match token.media_type().as_deref() {
            Some("oauth-authz-req+jwt") => return Self::RequestObject,
            Some("dpop+jwt") => return Self::DpopProof,
            Some("at+jwt") => return Self::AccessToken,
            Some("client-authentication+jwt") => return Self::ClientAssertion,
            Some("jwt") | None => {}
            Some(_) => return Self::Other,
        }
        let has = |name: &str| token.claim(name).is_some();
        let all = |names: &[&str]| names.iter().all(|name| has(name));
        if all(&["htm", "htu"]) {
            Self::DpopProof
        } else if has("response_type") || all(&["redirect_uri", "client_id"]) {
            Self::RequestObject
        } else if (has("code") || has("error") || has("response")) && all(&["iss", "aud"]) {
            Self::AuthorizationResponse
        } else if has("sub") && token.claim("iss") == token.claim("sub") {
            Self::ClientAssertion
        } else if all(&["iss", "sub", "aud", "client_id", "jti"]) {
            Self::AccessToken
        } else if all(&["iss", "sub", "aud", "exp"]) {
            Self::IdToken
        } else {
            Self::Other
        }
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RequestObject => "Request object (JAR, RFC 9101)",
            Self::AuthorizationResponse => "Authorization response (JARM)",
            Self::IdToken => "ID token (OpenID Connect Core §2)",
            Self::ClientAssertion => "Client assertion (private_key_jwt, RFC 7523)",
            Self::DpopProof => "DPoP proof (RFC 9449)",
            Self::AccessToken => "Access token (RFC 9068)",
            Self::Other => "Another kind of JWT",
        }
    }

    /// Checks every rule of the kind.
    pub(crate) fn judge(self, case: &Case<'_>) -> Vec<Finding> {
        self.rules().iter().map(|rule| rule.apply(case)).collect()
    }

    /// What the product's own verification of this kind says, where enough is known to run it.
    pub(crate) fn verdict(self, case: &Case<'_>) -> Option<Result<(), Reason>> {
        match self {
            Self::RequestObject => request_object::verdict(case),
            Self::AuthorizationResponse => authorization_response::verdict(case),
            Self::IdToken => id_token::verdict(case),
            Self::ClientAssertion => client_assertion::verdict(case),
            Self::DpopProof => dpop_proof::verdict(case),
            Self::AccessToken => access_token::verdict(case),
            Self::Other => None,
        }
    }

    fn rules(self) -> &'static [Rule] {
        match self {
            Self::RequestObject => request_object::RULES,
            Self::AuthorizationResponse => authorization_response::RULES,
            Self::IdToken => id_token::RULES,
            Self::ClientAssertion => client_assertion::RULES,
            Self::DpopProof => dpop_proof::RULES,
            Self::AccessToken => access_token::RULES,
            Self::Other => ANY,
        }
    }
}
