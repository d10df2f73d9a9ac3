use std::sync::{Arc, Mutex, PoisonError};

use countersign_jose::{JwkSet, SystemEntropy};
use countersign_protocol::client::{
    Begun, ClientConfiguration, Granted, PendingLogin, PushRequest, Pushed, Received, TokenForm, Tokens,
    check_userinfo,
};
use countersign_protocol::dpop;
use countersign_protocol::metadata::ServerMetadata;
use countersign_protocol::reason::Reason;
use countersign_protocol::response::ReceivedResponse;
use countersign_protocol::time::UnixTime;
use serde_json::{Map, Value};

use crate::discovery::{discover, fetch_keys};
use crate::{ClientError, HttpClient};

/// Seconds between two fetches of a key set because of a key it did not have (JARM-63).
const COOLDOWN: u64 = 30;

/// A client at one issuer, ready to log people in.
///
/// `begin` leads to [`PendingLogin`], which whoever calls keeps for one browser; `receive` believes nothing but the
/// answer to it.
#[derive(Debug)]
pub struct RelyingParty {
    http: HttpClient,
    own: ClientConfiguration,
    metadata: ServerMetadata,
    keys: Mutex<Keys>,
}

#[derive(Debug)]
struct Keys {
    set: Arc<JwkSet>,
    fetched: UnixTime,
}

impl RelyingParty {
    /// Reads the server's metadata and keys, and checks that it offers what this client must use (JARM-85).
    ///
    /// # Errors
    /// The server cannot be reached, is another one, or offers less.
    pub async fn connect(
        http: HttpClient,
        own: ClientConfiguration,
        now: UnixTime,
    ) -> Result<Self, ClientError> {
        let (metadata, set) = discover(&http, &own.issuer).await?;
        countersign_protocol::client::check_metadata(&metadata, &own)?;
        let keys = Mutex::new(Keys { set: Arc::new(set), fetched: now });
        Ok(Self { http, own, metadata, keys })
    }

    /// What this client is configured with.
    pub fn configuration(&self) -> &ClientConfiguration {
        &self.own
    }

    /// What the server says about itself.
    pub fn metadata(&self) -> &ServerMetadata {
        &self.metadata
    }

    /// Begins a login: a signed request is pushed; the browser is to be sent to the address returned.
    ///
    /// # Errors
    /// The server refused the request, or could not be reached.
    pub async fn begin(&self, now: UnixTime) -> Result<(String, PendingLogin), ClientError> {
        let (begun, request) = self.prepare(now)?;
        let pushed = self.push(begun, &request).await?;
        Ok(self.redirect(pushed))
    }

    /// The first half of [`RelyingParty::begin`]: everything signed, nothing sent.
    ///
    /// # Errors
    /// A key failed to sign.
    pub fn prepare(&self, now: UnixTime) -> Result<(Begun, PushRequest), ClientError> {
        let begun = Begun::new(&self.own, &self.metadata, &mut SystemEntropy)?;
        let request = begun.push(&self.own, &self.metadata, now, &mut SystemEntropy)?;
        Ok((begun, request))
    }

    /// Sends a prepared request to the pushed request endpoint.
    ///
    /// # Errors
    /// As [`RelyingParty::begin`].
    pub async fn push(&self, begun: Begun, request: &PushRequest) -> Result<Pushed, ClientError> {
        let answer = self.http.post_form(&request.url, &request.form, &request.proof).await?;
        Ok(begun.pushed(&answer.expect(201)?)?)
    }

    /// Where to send the browser, and what to keep for it.
    pub fn redirect(&self, pushed: Pushed) -> (String, PendingLogin) {
        pushed.redirect(&self.own, &self.metadata)
    }

    /// Verifies the answer to a pending login (JARM 2.4). An unknown key is looked for once, not often (JARM-63).
    ///
    /// # Errors
    /// The rule that the answer broke; the login still waits for the honest one.
    pub async fn receive(
        &self,
        pending: &mut PendingLogin,
        response: &ReceivedResponse,
        now: UnixTime,
    ) -> Result<Received, ClientError> {
        match pending.receive(response, &self.own, &self.current_keys(), now) {
            Err(Reason::ResponseKey) if self.may_refetch(now) => {
                let set = Arc::new(fetch_keys(&self.http, &self.metadata).await?);
                self.lock().set = set.clone();
                Ok(pending.receive(response, &self.own, &set, now)?)
            }
            other => Ok(other?),
        }
    }

    /// Exchanges the code of a verified answer, once (JARM-68, CODE-10).
    ///
    /// # Errors
    /// The server refused, or its answer does not hold.
    pub async fn exchange(&self, granted: Granted, now: UnixTime) -> Result<Tokens, ClientError> {
        let form = self.token_form(granted, now)?;
        self.redeem(form, now).await
    }

    /// The first half of [`RelyingParty::exchange`]: everything signed, nothing sent.
    ///
    /// # Errors
    /// A key failed to sign.
    pub fn token_form(&self, granted: Granted, now: UnixTime) -> Result<TokenForm, ClientError> {
        Ok(granted.exchange(&self.own, &self.metadata, now, &mut SystemEntropy)?)
    }

    /// Sends a token request and verifies what comes back.
    ///
    /// # Errors
    /// As [`RelyingParty::exchange`].
    pub async fn redeem(&self, form: TokenForm, now: UnixTime) -> Result<Tokens, ClientError> {
        let answer = self.http.post_form(&form.url, &form.form, &form.proof).await?;
        let keys = self.current_keys();
        Ok(form.verify(&answer.expect(200)?, &self.own, &keys, now)?)
    }

    /// Asks who logged in, and checks that it is the person of the ID token (UI-04).
    ///
    /// # Errors
    /// The server refused, or speaks of somebody else.
    pub async fn userinfo(&self, tokens: &Tokens, now: UnixTime) -> Result<Map<String, Value>, ClientError> {
        let identity = tokens.identity.as_ref().ok_or(Reason::IdTokenInvalid)?;
        let url = self.metadata.userinfo_endpoint.as_deref().ok_or(Reason::MetadataLacks)?;
        let jti = countersign_protocol::parameter::AccessTokenId::generate(&mut SystemEntropy);
        let proof =
            dpop::sign_proof(&self.own.dpop_key, "GET", url, Some(&tokens.access_token), jti.expose(), now)?;
        let answer = self.http.get_bound(url, &tokens.access_token, &proof).await?;
        Ok(check_userinfo(&answer.expect(200)?, identity)?)
    }

    fn current_keys(&self) -> Arc<JwkSet> {
        self.lock().set.clone()
    }

    /// Whether the key set may be fetched again; the answer yes is given once a cooldown.
    fn may_refetch(&self, now: UnixTime) -> bool {
        let mut keys = self.lock();
        let rested = now.since(keys.fetched) >= COOLDOWN;
        if rested {
            keys.fetched = now;
        }
        rested
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
