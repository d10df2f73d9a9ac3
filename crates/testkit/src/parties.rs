//! Who appears in tests: one issuer, one client, where they live and what they registered.

use countersign_jose::{Algorithm, JwkSet, SigningKey};
use countersign_protocol::metadata::{ClientMetadata, Offer, ServerMetadata};
use countersign_protocol::parameter::Issuer;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::registration::{Client, InvalidClientMetadata};
use countersign_protocol::time::UnixTime;
use serde_json::{Value, json};

use crate::keys::{Owner, jwks, key};

/// The server of every scenario.
pub const ISSUER: &str = "https://as.example";

/// Another server of the same client.
pub const OTHER_ISSUER: &str = "https://other.example";

/// The client of every scenario.
pub const CLIENT_ID: &str = "bookshop";

/// Another client of the same server.
pub const OTHER_CLIENT_ID: &str = "library";

/// Where the client is answered.
pub const REDIRECT_URI: &str = "https://rp.example/callback";

/// When every scenario begins.
pub const START: UnixTime = UnixTime::from_secs(1_800_000_000);

/// The issuer, parsed.
pub fn issuer() -> Issuer {
    ISSUER.parse().expect("the issuer of the tests is one")
}

/// What the client registers under a profile: one ES256 key, bound tokens, everything else by default.
pub fn client_metadata(profile: ProfileName) -> Value {
    registration(CLIENT_ID, profile, &[key(Owner::Client, Algorithm::ES256)])
}

/// What the other client registers.
pub fn other_client_metadata(profile: ProfileName) -> Value {
    registration(OTHER_CLIENT_ID, profile, &[key(Owner::OtherClient, Algorithm::ES256)])
}

/// A registration with these keys.
pub fn registration(client_id: &str, profile: ProfileName, keys: &[&SigningKey]) -> Value {
    json!({
        "client_id": client_id,
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid accounts",
        "jwks": jwks(keys),
        "dpop_bound_access_tokens": true,
        "countersign_profile": profile.as_str(),
    })
}

/// Registers a document as the server would: the JSON is read, then checked.
///
/// # Errors
/// What the reader or the check says.
pub fn register(document: &Value) -> Result<Client, String> {
    let metadata: ClientMetadata =
        serde_json::from_value(document.clone()).map_err(|error| error.to_string())?;
    Client::register(metadata).map_err(|error: InvalidClientMetadata| error.to_string())
}

/// The client, registered under a profile.
pub fn client(profile: ProfileName) -> Client {
    register(&client_metadata(profile)).expect("the client of the tests can be registered")
}

/// The client under a profile with some members of its registration replaced.
pub fn client_with(profile: ProfileName, members: &Value) -> Client {
    let mut document = client_metadata(profile);
    merge(&mut document, members);
    register(&document).expect("the registration passes")
}

/// Replaces members of a document; `null` removes one.
pub fn merge(document: &mut Value, members: &Value) {
    let (Value::Object(document), Value::Object(members)) = (document, members) else { return };
    for (name, value) in members {
        match value {
            Value::Null => document.remove(name),
            value => document.insert(name.clone(), value.clone()),
        };
    }
}

/// The published keys of the server: ES256, PS256 and EdDSA.
pub fn server_keys() -> JwkSet {
    let keys = [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA].map(|alg| key(Owner::Server, alg));
    JwkSet::parse(jwks(&keys).to_string()).expect("published keys can be read")
}

/// The metadata of the server, as it publishes it.
pub fn server_metadata(floor: ProfileName) -> ServerMetadata {
    ServerMetadata::of(&Offer {
        issuer: &issuer(),
        floor,
        signing_algorithms: &[Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA],
        scopes: &["openid".to_owned(), "accounts".to_owned()],
    })
}
