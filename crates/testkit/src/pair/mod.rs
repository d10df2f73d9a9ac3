//! Both parties in one test, one clock between them: no HTTP, no database, no waiting.

mod authority;

use std::fmt::Write as _;

use countersign_jose::{Algorithm, JwkSet};
use countersign_protocol::client::{Begun, ClientConfiguration, Granted, PendingLogin, Received, Tokens};
use countersign_protocol::metadata::ServerMetadata;
use countersign_protocol::parameter::{Encoding, ResponseMode};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::response::{Answer, Outcome, ReceivedResponse};
use countersign_protocol::time::UnixTime;
use serde_json::{Value, json};

pub use authority::{Authority, PUSHED_LIFETIME, Visit};

use crate::entropy::Seeded;
use crate::keys::{Owner, copy, key};
use crate::parties::{CLIENT_ID, REDIRECT_URI, START, issuer, server_keys, server_metadata};

/// The client and the server of one scenario.
#[derive(Debug)]
pub struct Pair {
    /// What both clocks show.
    pub now: UnixTime,
    /// The server.
    pub server: Authority,
    /// The client.
    pub own: ClientConfiguration,
    /// What the client read about the server.
    pub metadata: ServerMetadata,
    /// The keys the client read there.
    pub keys: JwkSet,
    entropy: Seeded,
}

/// A login whose request was pushed.
#[derive(Debug)]
pub struct Login {
    /// Where the browser is sent.
    pub url: String,
    /// What the client keeps.
    pub pending: PendingLogin,
}

impl Pair {
    /// Client and server that know each other, under a profile; answers are asked for with `response_mode=jwt`.
    pub fn new(profile: ProfileName) -> Self {
        Self::registered(profile, &json!({}))
    }

    /// The same, with some members of the registration replaced.
    pub fn registered(profile: ProfileName, members: &Value) -> Self {
        Self {
            now: START,
            server: Authority::new(profile, members),
            own: configuration(),
            metadata: server_metadata(profile),
            keys: server_keys(),
            entropy: Seeded::new(1),
        }
    }

    /// Lets seconds pass.
    pub fn advance(&mut self, seconds: u64) {
        self.now = self.now.plus(seconds);
    }

    /// The client begins a login and pushes its signed request.
    ///
    /// # Errors
    /// What either party refuses.
    pub fn client_pushes(&mut self) -> Result<Login, Reason> {
        let begun = Begun::new(&self.own, &self.metadata, &mut self.entropy)?;
        let request =
            begun.push(&self.own, &self.metadata, self.now, &mut self.entropy).expect("the client signs");
        let form = form(&request.form);
        let (request_uri, lifetime) = self.server.push(&form, &[&request.proof], self.now)?;
        let body = json!({ "request_uri": request_uri, "expires_in": lifetime }).to_string();
        let (url, pending) = begun.pushed(body.as_bytes())?.redirect(&self.own, &self.metadata);
        Ok(Login { url, pending })
    }

    /// A browser opens an address of the server.
    ///
    /// # Errors
    /// What the server refuses, wherever it says so.
    pub fn browser_follows(&mut self, url: &str) -> Result<Visit, Reason> {
        let (_, query) = url.split_once('?').expect("the address has a query");
        self.server.authorize(query, self.now).map_err(|rejection| rejection.reason())
    }

    /// The person logs in and agrees.
    ///
    /// # Errors
    /// What the server refuses when it answers: a request is answered once.
    pub fn person_agrees(&mut self, visit: &Visit) -> Result<Answer, Reason> {
        self.server.grant(visit, self.now)
    }

    /// The person refuses, or something else comes to this end.
    ///
    /// # Errors
    /// What the server refuses when it answers.
    pub fn server_refuses(&mut self, visit: &Visit, reason: Reason) -> Result<Answer, Reason> {
        self.server.answer(visit, Outcome::Refused(reason), self.now)
    }

    /// The answer reaches the client.
    ///
    /// # Errors
    /// What the client refuses.
    pub fn client_receives(&self, login: &mut Login, answer: &Answer) -> Result<Received, Reason> {
        let response =
            ReceivedResponse::parse(form(answer.parameters()).as_bytes(), answer.delivery().encoding)?;
        login.pending.receive(&response, &self.own, &self.keys, self.now)
    }

    /// The client redeems its code and verifies the tokens.
    ///
    /// # Errors
    /// What either party refuses.
    pub fn client_redeems(&mut self, granted: Granted) -> Result<Tokens, Reason> {
        let request = granted
            .exchange(&self.own, &self.metadata, self.now, &mut self.entropy)
            .expect("the client signs");
        let body = self.server.redeem(&form(&request.form), Some(&request.proof), self.now)?;
        request.verify(body.as_bytes(), &self.own, &self.keys, self.now)
    }

    /// From the push to the verified answer, with a person who agrees.
    ///
    /// # Errors
    /// What either party refuses.
    pub fn until_granted(&mut self) -> Result<Granted, Reason> {
        let mut login = self.client_pushes()?;
        let visit = self.browser_follows(&login.url)?;
        let answer = self.person_agrees(&visit)?;
        match self.client_receives(&mut login, &answer)? {
            Received::Granted(granted) => Ok(granted),
            Received::Refused { .. } => Err(Reason::AccessDenied),
        }
    }
}

/// Parameters in form encoding.
pub fn form<N: AsRef<str>, V: AsRef<str>>(parameters: &[(N, V)]) -> String {
    let mut encoded = String::new();
    for (name, value) in parameters {
        let separator = if encoded.is_empty() { "" } else { "&" };
        write!(encoded, "{separator}{}={}", escape(name.as_ref()), escape(value.as_ref())).expect("memory");
    }
    encoded
}

fn escape(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A response as the browser brings it.
///
/// # Errors
/// When its parameters cannot be read.
pub fn delivered(encoded: &str, encoding: Encoding) -> Result<ReceivedResponse, Reason> {
    ReceivedResponse::parse(encoded.as_bytes(), encoding)
}

/// What the client of the tests knows about itself.
pub fn configuration() -> ClientConfiguration {
    ClientConfiguration {
        issuer: issuer(),
        client_id: CLIENT_ID.parse().expect("a client id"),
        redirect_uri: REDIRECT_URI.parse().expect("a redirect URI"),
        scope: "openid accounts".parse().expect("a scope"),
        response_mode: ResponseMode::Jwt,
        key: copy(key(Owner::Client, Algorithm::ES256)),
        dpop_key: copy(key(Owner::Dpop, Algorithm::ES256)),
        response_algorithm: Algorithm::ES256,
        id_token_algorithm: Algorithm::ES256,
    }
}
