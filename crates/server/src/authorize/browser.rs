use axum::http::header;
use axum::response::Response;
use countersign_jose::SystemEntropy;
use countersign_protocol::parameter::{BrowserKey, CsrfToken, InteractionId, SessionId};

use crate::AuthorizationServer;
use crate::cookies::{Cookies, set_browser};

/// The browser in front of the person: its key, and the session it holds.
pub(super) struct Browser {
    key: BrowserKey,
    is_new: bool,
    session: Option<SessionId>,
}

impl Browser {
    /// Reads who comes; a browser that comes for the first time gets a key.
    pub(super) fn of(cookies: Cookies) -> Self {
        let is_new = cookies.browser.is_none();
        let key = cookies.browser.unwrap_or_else(|| BrowserKey::generate(&mut SystemEntropy));
        Self { key, is_new, session: cookies.session }
    }

    /// Whether it brought no key: it is here for the first time, or another site made it send a form.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// What ties interactions to it.
    pub(super) fn key(&self) -> &BrowserKey {
        &self.key
    }

    /// The session it holds.
    pub(super) fn session(&self) -> Option<&SessionId> {
        self.session.as_ref()
    }

    /// The token that its forms of this interaction carry (RED-12).
    pub(super) fn csrf(&self, interaction: &InteractionId) -> CsrfToken {
        CsrfToken::derive(&self.key, interaction)
    }

    /// The token of the consent form, which ends with the login it was shown to, and with what it showed; none while
    /// nobody is logged in.
    pub(super) fn csrf_of_page(&self, interaction: &InteractionId, shown: &str) -> Option<CsrfToken> {
        self.session.as_ref().map(|session| CsrfToken::derive_for(&self.key, interaction, session, shown))
    }

    /// Lets a new browser keep its key.
    pub(super) fn remember(&self, server: &AuthorizationServer, mut response: Response) -> Response {
        let cookie = set_browser(&self.key, server.issuer()).filter(|_| self.is_new);
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}
