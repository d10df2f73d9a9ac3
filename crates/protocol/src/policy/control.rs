use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// One protection that a flow can show. A closed list: a profile is made of these and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// The request arrived over the back channel (RFC 9126).
    PushedRequest,
    /// The request arrived signed by the client (RFC 9101).
    SignedRequest,
    /// The client proved a key rather than a shared secret (RFC 7523).
    AsymmetricClientAuthentication,
    /// The code is bound to a secret of the client's instance (RFC 7636, S256).
    PkceS256,
    /// The answer leaves signed (JARM).
    SignedResponse,
    /// The tokens are bound to a key of the client (RFC 9449).
    SenderConstrainedTokens,
}

/// What is known about one flow when it is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The request came by PAR.
    pub pushed_request: bool,
    /// The request came as a verified request object.
    pub signed_request: bool,
    /// The client authenticates with a key of its own.
    pub asymmetric_client_authentication: bool,
    /// A code challenge with S256 is bound to the request.
    pub pkce_s256: bool,
    /// The answer will be signed.
    pub signed_response: bool,
    /// The client is registered for tokens bound to a key.
    pub sender_constrained_tokens: bool,
}

impl Control {
    /// Every control.
    pub const ALL: [Self; 6] = [
        Self::PushedRequest,
        Self::SignedRequest,
        Self::AsymmetricClientAuthentication,
        Self::PkceS256,
        Self::SignedResponse,
        Self::SenderConstrainedTokens,
    ];

    /// Whether the flow shows this control.
    pub const fn holds(self, facts: &Facts) -> bool {
        match self {
            Self::PushedRequest => facts.pushed_request,
            Self::SignedRequest => facts.signed_request,
            Self::AsymmetricClientAuthentication => facts.asymmetric_client_authentication,
            Self::PkceS256 => facts.pkce_s256,
            Self::SignedResponse => facts.signed_response,
            Self::SenderConstrainedTokens => facts.sender_constrained_tokens,
        }
    }

    /// What is said when a demanded control is missing.
    pub const fn missing(self) -> Reason {
        match self {
            Self::PushedRequest => Reason::PushedRequestRequired,
            Self::SignedRequest => Reason::SignedRequestRequired,
            Self::AsymmetricClientAuthentication => Reason::AuthenticationMethod,
            Self::PkceS256 => Reason::CodeChallengeMissing,
            Self::SignedResponse => Reason::SignedResponseRequired,
            Self::SenderConstrainedTokens => Reason::SenderConstraintRequired,
        }
    }
}
