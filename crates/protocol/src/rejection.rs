//! Where a refusal may go is part of the refusal.

use crate::parameter::{Delivery, RedirectUri, State};
use crate::reason::Reason;
use crate::registration::{Client, MatchedRedirectUri};
use crate::request::AuthorizationRequest;

/// A refused authorization request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// Client, redirect URI or the way to answer is not established: a page, never a redirect (RFC 6749 §4.1.2.1).
    Page(Reason),
    /// All are: the client is told, by the response mode it asked for (JAR-126, JARM-76).
    Return(ReturnAddress, Reason),
}

/// Where and how the client is answered. Only a redirect URI matched against the registration makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnAddress {
    redirect_uri: RedirectUri,
    delivery: Delivery,
    state: Option<State>,
}

impl Rejection {
    /// Why, wherever it goes.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Page(reason) | Self::Return(_, reason) => *reason,
        }
    }
}

impl ReturnAddress {
    pub(crate) fn new(matched: MatchedRedirectUri, delivery: Delivery, state: Option<State>) -> Self {
        Self { redirect_uri: matched.uri().clone(), delivery, state }
    }

    /// The address of a request that was accepted, if the registration still allows all of it (PAR-13, RFC 9126
    /// §7.4): redirect URI, scope, and the controls of the profile may have changed since.
    ///
    /// # Errors
    /// What the registration does not allow any more.
    pub fn of(request: &AuthorizationRequest, client: &Client) -> Result<Self, Reason> {
        let matched = client.matched_redirect_uri(request.redirect_uri.as_str())?;
        if !request.scope.is_subset(client.scope()) {
            return Err(Reason::ScopeNotAllowed);
        }
        match client.profile().judge(&request.facts).missing().next() {
            Some(missing) => Err(missing.missing()),
            None => Ok(Self::new(matched, request.delivery, request.state.clone())),
        }
    }

    /// The redirect URI, matched to the letter.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// How the answer travels.
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The state to return.
    pub fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }
}
