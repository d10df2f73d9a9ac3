use std::sync::Arc;

use countersign_jose::jws::Unverified;
use countersign_jose::{Entropy, JwkSet, Limits, base64url};
use countersign_protocol::client::{
    Begun, ClientConfiguration, Granted, PendingLogin, PushRequest, Received, TokenForm, Tokens,
    check_metadata, check_userinfo,
};
use countersign_protocol::dpop::sign_proof;
use countersign_protocol::metadata::ServerMetadata;
use countersign_protocol::reason::Reason;
use countersign_protocol::response::ReceivedResponse;
use countersign_protocol::time::UnixTime;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{ClientError, HttpClient, PublishedKeys, discover};

/// A client at its issuer: `begin → (the browser) → receive → exchange → userinfo`.
///
/// Whoever wants to see what travels takes the smaller steps: makes the message with [`countersign_protocol::client`],
/// sends it with [`send_push`](Self::send_push) or [`send_token_form`](Self::send_token_form), and feeds the answer
/// back. The larger steps do nothing else.
#[derive(Debug)]
pub struct RelyingParty {
    configuration: ClientConfiguration,
    metadata: ServerMetadata,
    keys: PublishedKeys,
    http: HttpClient,
}

impl RelyingParty {
    /// Finds the issuer of this configuration, checks that it offers all that must be used, and gets its keys.
    ///
    /// # Errors
    /// As [`discover`] and [`PublishedKeys::fetch`], and [`Reason::MetadataLacks`].
    pub async fn discover(http: HttpClient, configuration: ClientConfiguration) -> Result<Self, ClientError> {
        let metadata = discover(&http, &configuration.issuer).await?;
        check_metadata(&metadata, &configuration)?;
        let keys = PublishedKeys::fetch(&http, &metadata.jwks_uri).await?;
        Ok(Self { configuration, metadata, keys, http })
    }

    /// What the client knows about itself.
    pub fn configuration(&self) -> &ClientConfiguration {
        &self.configuration
    }

    /// What the server offers.
    pub fn metadata(&self) -> &ServerMetadata {
        &self.metadata
    }

    /// The keys of the server.
    pub fn keys(&self) -> &PublishedKeys {
        &self.keys
    }

    /// What carries its messages.
    pub fn http(&self) -> &HttpClient {
        &self.http
    }

    /// Pushes a signed request. Send the browser to the URL, and keep the login bound to that browser (JARM-61).
    ///
    /// # Errors
    /// The server refused the request, or did not answer as it must.
    pub async fn begin(
        &self,
        now: UnixTime,
        entropy: &mut (impl Entropy + Send),
    ) -> Result<(String, PendingLogin), ClientError> {
        let begun = Begun::new(&self.configuration, &self.metadata, entropy)?;
        let request = begun.push(&self.configuration, &self.metadata, now, entropy)?;
        let pushed = begun.pushed(&self.send_push(&request).await?)?;
        Ok(pushed.redirect(&self.configuration, &self.metadata))
    }

    /// Sends a pushed request and gives the body of its success (PAR-06).
    ///
    /// # Errors
    /// An [`ErrorAnswer`](crate::ErrorAnswer), or none.
    pub async fn send_push(&self, request: &PushRequest) -> Result<Vec<u8>, ClientError> {
        let answer = self.http.post_form(&request.url, &request.form, &request.proof).await?;
        Ok(answer.expect(201)?)
    }

    /// Verifies the answer that the browser brought back; an answer signed with a key not seen before gets one more
    /// look at the published keys (JARM-63).
    ///
    /// # Errors
    /// The rule that the answer broke; the login goes on waiting.
    pub async fn receive(
        &self,
        pending: &mut PendingLogin,
        response: &ReceivedResponse,
        now: UnixTime,
    ) -> Result<Received, ClientError> {
        let keys = self.keys.current();
        match pending.receive(response, &self.configuration, &keys, now) {
            Err(Reason::ResponseKey) => {
                let newer = self.keys.look_again(&self.http, &keys, now).await.ok_or(Reason::ResponseKey)?;
                Ok(pending.receive(response, &self.configuration, &newer, now)?)
            }
            received => Ok(received?),
        }
    }

    /// Redeems the code, once (JARM-68), and verifies what comes for it.
    ///
    /// # Errors
    /// The server refused, or its answer did not hold; the code is spent either way.
    pub async fn exchange(
        &self,
        granted: Granted,
        now: UnixTime,
        entropy: &mut (impl Entropy + Send),
    ) -> Result<Tokens, ClientError> {
        let form = granted.exchange(&self.configuration, &self.metadata, now, entropy)?;
        let body = self.send_token_form(&form).await?;
        self.verify_tokens(form, &body, now).await
    }

    /// Sends a token request and gives the body of its success.
    ///
    /// # Errors
    /// An [`ErrorAnswer`](crate::ErrorAnswer), or none.
    pub async fn send_token_form(&self, form: &TokenForm) -> Result<Vec<u8>, ClientError> {
        let answer = self.http.post_form(&form.url, &form.form, &form.proof).await?;
        Ok(answer.expect(200)?)
    }

    /// Verifies the answer to a token request.
    ///
    /// # Errors
    /// The rule that it broke.
    pub async fn verify_tokens(
        &self,
        form: TokenForm,
        body: &[u8],
        now: UnixTime,
    ) -> Result<Tokens, ClientError> {
        let keys = self.keys_for(body, now).await;
        Ok(form.verify(body, &self.configuration, &keys, now)?)
    }

    /// Asks who logged in, with a proof for this one request, and checks that the answer is about that person (UI-04).
    ///
    /// # Errors
    /// The server refused; it offers no such endpoint; nobody is known to have logged in; or the answer is about
    /// somebody else ([`Reason::UserinfoSubject`]).
    pub async fn userinfo(
        &self,
        tokens: &Tokens,
        now: UnixTime,
        entropy: &mut (impl Entropy + Send),
    ) -> Result<Map<String, Value>, ClientError> {
        let url = self.metadata.userinfo_endpoint.as_deref().ok_or(Reason::MetadataLacks)?;
        let identity = tokens.identity.as_ref().ok_or(Reason::UserinfoSubject)?;
        let id = base64url::encode(entropy.array::<32>());
        let token = &tokens.access_token;
        let proof = sign_proof(&self.configuration.dpop_key, "GET", url, Some(token), &id, now)?;
        let body = self.http.get_with_token(url, token, &proof).await?.expect(200)?;
        Ok(check_userinfo(&body, identity)?)
    }

    /// The published keys, looked at again if the ID token of an answer names one that is not known.
    async fn keys_for(&self, body: &[u8], now: UnixTime) -> Arc<JwkSet> {
        let keys = self.keys.current();
        match id_token_key(body) {
            Some(id) if !keys.knows(&id) => {
                self.keys.look_again(&self.http, &keys, now).await.unwrap_or(keys)
            }
            _ => keys,
        }
    }
}

/// The key that an ID token says it is signed with: nothing but a hint which keys to look at.
fn id_token_key(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Hint {
        id_token: String,
    }
    let hint: Hint = serde_json::from_slice(body).ok()?;
    let token = Unverified::parse(&hint.id_token, &Limits::TOKEN).ok()?;
    token.header().kid.clone()
}
