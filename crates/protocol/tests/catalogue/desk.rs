//! The server's desk in the tests: takes a request by value or pushed, and says what it makes of it.

use countersign_jose::{Algorithm, SigningKey};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::rejection::Rejection;
use countersign_protocol::request::{AuthorizationRequest, RawParameters};
use countersign_protocol::server::{
    Reference, named_client, push, resolve, validate_plain, validate_signed, verify_by_value,
};
use countersign_protocol::time::UnixTime;
use countersign_testkit::forge::{self, Forgery};
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::pair::form;
use countersign_testkit::parties::{CLIENT_ID, START, client, client_with, issuer};
use serde_json::Value;

/// How a request travels: by value under the baseline, pushed under FAPI 2.0 Message Signing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    ByValue,
    Pushed,
}

/// Makes a hostile token of an honest one.
pub(crate) type Twist = fn(Forgery) -> String;

/// Bends claims; the token is signed by the client afterwards, so that nothing but the claims is wrong.
pub(crate) type Bend = fn(Forgery) -> Forgery;

impl Way {
    pub(crate) const BOTH: [Self; 2] = [Self::ByValue, Self::Pushed];

    pub(crate) fn profile(self) -> ProfileName {
        match self {
            Self::ByValue => ProfileName::Baseline,
            Self::Pushed => ProfileName::Fapi2MessageSigning,
        }
    }

    /// The client as it is registered for this way.
    pub(crate) fn client(self) -> Client {
        client(self.profile())
    }

    /// The same with other members in its registration.
    pub(crate) fn client_with(self, members: &Value) -> Client {
        client_with(self.profile(), members)
    }

    /// Sends an object with nothing beside it but `client_id`.
    pub(crate) fn send(self, client: &Client, object: &str) -> Result<AuthorizationRequest, Reason> {
        self.send_with(client, object, &[])
    }

    /// Sends an object with parameters beside it.
    pub(crate) fn send_with(
        self,
        client: &Client,
        object: &str,
        beside: &[(&str, &str)],
    ) -> Result<AuthorizationRequest, Reason> {
        let mut parameters = vec![("client_id", CLIENT_ID), ("request", object)];
        parameters.extend(beside);
        self.carry(client, &parameters, START)
    }

    /// Sends any parameters at any time. A refused object is refused on a page (JAR-125), never by redirect.
    pub(crate) fn carry(
        self,
        client: &Client,
        parameters: &[(&str, &str)],
        now: UnixTime,
    ) -> Result<AuthorizationRequest, Reason> {
        match self {
            Self::Pushed => {
                let raw = RawParameters::parse(form(parameters).as_bytes())?;
                push(&raw, client, None, &issuer(), now).map(|pushed| pushed.into_parts().0)
            }
            Self::ByValue => browse(client, parameters, now).map_err(|rejection| {
                let object = rejection.reason().name().starts_with("RequestObject");
                assert!(!object || matches!(rejection, Rejection::Page(_)), "JAR-125 {rejection:?}");
                rejection.reason()
            }),
        }
    }
}

/// Opens an authorization URL, as far as the first page.
pub(crate) fn browse(
    client: &Client,
    parameters: &[(&str, &str)],
    now: UnixTime,
) -> Result<AuthorizationRequest, Rejection> {
    let raw = RawParameters::parse(form(parameters).as_bytes()).map_err(Rejection::Page)?;
    let named = named_client(&raw).map_err(Rejection::Page)?;
    if named != *client.id() {
        return Err(Rejection::Page(Reason::ClientUnknown));
    }
    match resolve(&raw, client).map_err(Rejection::Page)? {
        Reference::ByValue(object) => {
            let verified = verify_by_value(object, client, &issuer(), now).map_err(Rejection::Page)?;
            validate_signed(verified.into_parts().0, client, now)
        }
        Reference::Plain => validate_plain(&raw, client, now),
        Reference::Pushed(_) => Err(Rejection::Page(Reason::RequestUriUnknown)),
    }
}

/// The client's ES256 key.
pub(crate) fn own() -> &'static SigningKey {
    key(Owner::Client, Algorithm::ES256)
}

/// The honest request object of the tests.
pub(crate) fn object() -> Forgery {
    forge::request_object(START)
}

/// Control and manipulation, both ways.
pub(crate) fn refuses(cases: &[(&str, Twist, Reason)]) {
    for way in Way::BOTH {
        refuses_at(way, &way.client(), own(), cases);
    }
}

/// Control and manipulation, one way, for a client whose honest objects `signer` signs.
pub(crate) fn refuses_at(way: Way, client: &Client, signer: &SigningKey, cases: &[(&str, Twist, Reason)]) {
    for (id, twist, expected) in cases {
        let honest = object().sign_as(signer);
        assert_eq!(way.send(client, &honest).err(), None, "{id}: the control, {way:?}");
        let hostile = twist(object());
        assert_ne!(hostile, honest, "{id}: nothing was manipulated");
        assert_eq!(way.send(client, &hostile).err(), Some(*expected), "{id}, {way:?}");
    }
}

/// Control and bent claims, both ways; correctly signed.
pub(crate) fn refuses_claims(cases: &[(&str, Bend, Reason)]) {
    for way in Way::BOTH {
        refuses_claims_at(way, cases);
    }
}

/// Control and bent claims, one way; correctly signed.
pub(crate) fn refuses_claims_at(way: Way, cases: &[(&str, Bend, Reason)]) {
    let client = way.client();
    for (id, bend, expected) in cases {
        let control = way.send(&client, &object().sign(own()));
        assert_eq!(control.err(), None, "{id}: the control, {way:?}");
        let bent = bend(object()).sign(own());
        assert_eq!(way.send(&client, &bent).err(), Some(*expected), "{id}, {way:?}");
    }
}

/// Bent claims that must still pass, both ways.
pub(crate) fn accepts_claims(cases: &[(&str, Bend)]) {
    for way in Way::BOTH {
        let client = way.client();
        for (id, bend) in cases {
            let sent = way.send(&client, &bend(object()).sign(own()));
            assert_eq!(sent.err(), None, "{id}, {way:?}");
        }
    }
}
