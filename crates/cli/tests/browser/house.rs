//! A server with one client and two people, and the client's callback on loopback.

use countersign_client::{HttpClient, RelyingParty, Trust};
use countersign_jose::SystemEntropy;
use countersign_protocol::client::{PendingLogin, Received};
use countersign_protocol::parameter::{Encoding, ResponseMode};
use countersign_protocol::response::ReceivedResponse;
use countersign_server::hash_password;
use serde_json::Value;

use crate::receiver::Receiver;
use crate::served::{Own, Served, add, now, person};

/// What both people type.
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct House {
    pub(crate) receiver: Receiver,
    pub(crate) party: RelyingParty,
    _served: Served,
}

impl House {
    /// Grace and Ada have accounts; the client is registered under this profile.
    pub(crate) async fn start(profile: &'static str, response_mode: ResponseMode) -> Self {
        let receiver = Receiver::start().await;
        let mut served = Served::prepare(None);
        let own = Own {
            client_id: "library",
            application_type: "native",
            redirect_uri: receiver.callback().parse().unwrap(),
            response_mode,
            profile,
        };
        let hash = hash_password(PASSWORD).unwrap();
        let people = [person("grace", "Grace Hopper", hash.clone()), person("ada", "Ada Lovelace", hash)];
        let people = people.iter().map(|person| add(&served, person)).collect();
        let own = served.register(&own, people).await;
        served.start();
        let http = HttpClient::new(Trust::Only(Vec::new())).unwrap();
        let party = RelyingParty::discover(http, own).await.unwrap();
        Self { receiver, party, _served: served }
    }

    /// Pushes a signed request: where to send the browser, and what to remember.
    pub(crate) async fn begin(&self) -> (String, PendingLogin) {
        self.party.begin(now(), &mut SystemEntropy).await.unwrap()
    }

    /// Verifies an answer as a client must, redeems its code, and asks for the name of whoever logged in.
    pub(crate) async fn who(&self, pending: &mut PendingLogin, answer: &str, encoding: Encoding) -> Value {
        let response = ReceivedResponse::parse(answer.as_bytes(), encoding).unwrap();
        let received = self.party.receive(pending, &response, now()).await.unwrap();
        let Received::Granted(granted) = received else { panic!("the login was refused") };
        let tokens = self.party.exchange(granted, now(), &mut SystemEntropy).await.unwrap();
        let claims = self.party.userinfo(&tokens, now(), &mut SystemEntropy).await.unwrap();
        claims["name"].clone()
    }
}
