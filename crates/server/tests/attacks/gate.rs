//! The two gates through which a request object comes in: `/authorize` by value, and `/par`.

use countersign_jose::Signer;
use countersign_protocol::policy::ProfileName;
use countersign_testkit::forge::Forgery;
use countersign_testkit::house::{Engine, House, Party, Reply};
use serde_json::{Value, json};

/// How the request object travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// In the URL of a baseline client's browser.
    ByValue,
    /// Pushed by a client of FAPI 2.0 Message Signing.
    Pushed,
}

/// A client at a gate.
pub(crate) struct Gate<'h> {
    pub(crate) house: &'h House,
    pub(crate) party: Party,
    pub(crate) way: Way,
}

/// One hostile token: the case it belongs to, and how it is made at a gate.
pub(crate) type Case = (&'static str, fn(&Gate<'_>) -> String);

impl Way {
    pub(crate) const BOTH: [Self; 2] = [Self::ByValue, Self::Pushed];

    pub(crate) fn profile(self) -> ProfileName {
        match self {
            Self::ByValue => ProfileName::Baseline,
            Self::Pushed => ProfileName::Fapi2MessageSigning,
        }
    }
}

impl<'h> Gate<'h> {
    /// Registers a client that comes this way.
    pub(crate) async fn open(house: &'h House, way: Way, id: &str, members: Value) -> Self {
        Self { house, party: house.register(id, way.profile(), members).await, way }
    }

    /// An honest object, to be bent: the client's key, a `jti` of its own.
    pub(crate) fn object(&self) -> Forgery {
        let header = json!({
            "alg": self.party.key.algorithm().as_str(),
            "typ": "oauth-authz-req+jwt",
            "kid": self.party.key.key_id(),
        });
        Forgery::new(&header, &self.party.claims(self.house))
    }

    /// An honest object, signed.
    pub(crate) fn honest(&self) -> String {
        self.object().sign(&self.party.key)
    }

    /// Sends an object, in a browser that was never here if it goes by one.
    pub(crate) async fn send(&self, object: &str) -> Reply {
        match self.way {
            Way::ByValue => self.house.visitor().open(&self.party.by_value(self.house, object)).await,
            Way::Pushed => self.party.push(self.house, object).await,
        }
    }

    /// Sends an object that must pass.
    pub(crate) async fn accepts(&self, id: &str, object: &str) {
        let reply = self.send(object).await;
        match self.way {
            Way::ByValue => assert!(reply.redirect().contains("/login?"), "{id}: {reply}"),
            Way::Pushed => assert_eq!(reply.status, 201, "{id}: {reply}"),
        }
    }

    /// Sends an object that must be refused with this error: directly, without a redirect and without a trace.
    pub(crate) async fn refuses(&self, id: &str, object: &str, error: &str) {
        self.accepts(&format!("the control of {id}, {:?}", self.way), &self.honest()).await;
        let before = self.house.census().await;
        let reply = self.send(object).await;
        assert_refused(&format!("{id}, {:?}", self.way), &reply, error);
        let changed = self.house.census().await.changed(&before);
        assert!(changed.is_empty(), "{id}, {:?} left traces in {changed:?}", self.way);
    }
}

/// Refused directly: status 400, this error, a rule, no redirect, no cookie, nothing to be cached.
pub(crate) fn assert_refused(id: &str, reply: &Reply, error: &str) {
    assert_eq!(reply.status, 400, "{id}: {reply}");
    assert_eq!(reply.error().as_deref(), Some(error), "{id}: {reply}");
    assert!(reply.rule().is_some(), "{id} names a rule: {reply}");
    assert_eq!(reply.location(), None, "{id}");
    assert_eq!(reply.header("set-cookie"), None, "{id}");
    assert!(reply.header("cache-control").is_some_and(|value| value.contains("no-store")), "{id}");
}

/// Sends each token both ways; each must be refused as an invalid request object.
pub(crate) async fn refuse_all(engine: Engine, cases: &[Case]) {
    let house = House::open(engine).await;
    for way in Way::BOTH {
        refuse_at(&Gate::open(&house, way, &format!("{way:?}").to_lowercase(), json!({})).await, cases).await;
    }
}

/// Sends each token through this gate.
pub(crate) async fn refuse_at(gate: &Gate<'_>, cases: &[Case]) {
    for (id, forge) in cases {
        gate.refuses(id, &forge(gate), "invalid_request_object").await;
    }
}
