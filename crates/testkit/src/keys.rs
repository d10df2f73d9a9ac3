//! Keys for tests, made once in a process: an RSA key takes longer than everything it is tested with.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use countersign_jose::{Algorithm, Signer, SigningKey};
use serde_json::{Value, json};

/// Whose key it is. Two owners never share one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owner {
    /// The client of the scenario.
    Client,
    /// Another client of the same server.
    OtherClient,
    /// The server of the scenario.
    Server,
    /// Another server that the same client uses.
    OtherServer,
    /// What the client binds its tokens to.
    Dpop,
    /// Somebody who is registered nowhere.
    Attacker,
}

/// The key of this owner for this algorithm; the same one each time.
pub fn key(owner: Owner, algorithm: Algorithm) -> &'static SigningKey {
    static KEYS: OnceLock<Mutex<HashMap<(Owner, Algorithm), &'static SigningKey>>> = OnceLock::new();
    let mut keys = KEYS.get_or_init(Mutex::default).lock().expect("no test panics while it holds the keys");
    keys.entry((owner, algorithm)).or_insert_with(|| {
        let key = SigningKey::generate(algorithm).expect("the cryptography library makes keys");
        Box::leak(Box::new(key))
    })
}

/// A key of its own that is the same key: for whoever wants to own one.
pub fn copy(key: &SigningKey) -> SigningKey {
    let document = key.to_pkcs8().expect("a generated key can be written");
    SigningKey::from_pkcs8(&document, key.algorithm()).expect("what was written can be read")
}

/// The public halves as a JWK set document.
pub fn jwks(keys: &[&SigningKey]) -> Value {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    json!({ "keys": keys })
}
