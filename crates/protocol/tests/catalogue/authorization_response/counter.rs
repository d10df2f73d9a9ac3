//! The client's counter in the tests: takes an answer that somebody brings, and says what it makes of it.

use countersign_jose::{Algorithm, JwkSet, SigningKey};
use countersign_protocol::parameter::{Delivery, Encoding, State};
use countersign_protocol::reason::Reason;
use countersign_protocol::response::{ExpectedResponse, ReceivedResponse, VerifiedOutcome};
use countersign_protocol::time::UnixTime;
use countersign_testkit::forge::{self, Forgery};
use countersign_testkit::keys::{Owner, key};
use countersign_testkit::pair::form;
use countersign_testkit::parties::{CLIENT_ID, START, issuer, server_keys};

use crate::desk::{Bend, Twist};

/// The state of the pending login.
pub(crate) const STATE: &str = "the-state";

/// The server's ES256 key.
pub(crate) fn server() -> &'static SigningKey {
    key(Owner::Server, Algorithm::ES256)
}

/// An honest answer of the server.
pub(crate) fn answer() -> Forgery {
    forge::response(START, STATE)
}

/// Verifies callback parameters for a login that waits with this state and this way of answering.
pub(crate) fn judge(
    encoded: &str,
    came: Encoding,
    delivery: Delivery,
    state: Option<&str>,
    keys: &JwkSet,
    now: UnixTime,
) -> Result<VerifiedOutcome, Reason> {
    let state: Option<State> = state.map(|state| state.parse().unwrap());
    let expected = ExpectedResponse {
        issuer: &issuer(),
        keys,
        client_id: &CLIENT_ID.parse().unwrap(),
        algorithm: Algorithm::ES256,
        delivery,
        state: state.as_ref(),
    };
    let received = ReceivedResponse::parse(encoded.as_bytes(), came)?;
    received.verify(&expected, now).map(|verified| verified.into_outcome())
}

/// Verifies one signed answer in the query, as asked for.
pub(crate) fn receive(jwt: &str) -> Result<VerifiedOutcome, Reason> {
    receive_form(&[("response", jwt)])
}

/// Verifies callback parameters of a login that asked for `query.jwt`.
pub(crate) fn receive_form(parameters: &[(&str, &str)]) -> Result<VerifiedOutcome, Reason> {
    let delivery = Delivery { encoding: Encoding::Query, signed: true };
    judge(&form(parameters), Encoding::Query, delivery, Some(STATE), &server_keys(), START)
}

/// The control: an honest answer is accepted, and says what it says.
pub(crate) fn control(id: &str) {
    let accepted = receive(&answer().sign(server()));
    assert_eq!(accepted, Ok(VerifiedOutcome::Code("the-code".to_owned())), "{id}: the control");
}

/// Control and manipulation.
pub(crate) fn refuses(cases: &[(&str, Twist, Reason)]) {
    for (id, twist, expected) in cases {
        control(id);
        assert_eq!(receive(&twist(answer())).err(), Some(*expected), "{id}");
    }
}

/// Control and bent claims; correctly signed.
pub(crate) fn refuses_claims(cases: &[(&str, Bend, Reason)]) {
    for (id, bend, expected) in cases {
        control(id);
        assert_eq!(receive(&bend(answer()).sign(server())).err(), Some(*expected), "{id}");
    }
}
