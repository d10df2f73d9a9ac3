//! Where a forgery starts: one honest token of each kind, as the parties of the tests make it.

use countersign_jose::{Algorithm, base64url, sha256};
use countersign_protocol::time::UnixTime;
use serde_json::{Value, json};

use super::Forgery;
use crate::keys::{Owner, key};
use crate::parties::{CLIENT_ID, ISSUER, REDIRECT_URI};

/// The code challenge of RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A request object of the client (RFC 9101), to be signed with its ES256 key.
pub fn request_object(now: UnixTime) -> Forgery {
    let now = now.as_secs();
    let claims = json!({
        "iss": CLIENT_ID,
        "aud": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "jti": "4f1c0d6a-request",
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid accounts",
        "state": "inner-state",
        "nonce": "inner-nonce",
        "response_mode": "jwt",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    });
    signed_by(Owner::Client, "oauth-authz-req+jwt", &claims)
}

/// An authorization response of the server (JARM), to be signed with its ES256 key.
pub fn response(now: UnixTime, state: &str) -> Forgery {
    let now = now.as_secs();
    let claims = json!({
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "exp": now + 120,
        "iat": now,
        "code": "the-code",
        "state": state,
    });
    signed_by(Owner::Server, "JWT", &claims)
}

/// A client assertion (RFC 7523), to be signed with the client's ES256 key.
pub fn client_assertion(now: UnixTime) -> Forgery {
    let now = now.as_secs();
    let claims = json!({
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "aud": ISSUER,
        "jti": "4f1c0d6a-assertion",
        "iat": now,
        "exp": now + 60,
    });
    signed_by(Owner::Client, "JWT", &claims)
}

/// A DPoP proof (RFC 9449), to be signed with the client's DPoP key.
pub fn dpop_proof(now: UnixTime, method: &str, url: &str, access_token: Option<&str>) -> Forgery {
    let mut claims = json!({ "jti": "4f1c0d6a-proof", "htm": method, "htu": url, "iat": now.as_secs() });
    if let Some(token) = access_token {
        claims["ath"] = Value::from(base64url::encode(sha256(token.as_bytes())));
    }
    let jwk = json!(key(Owner::Dpop, Algorithm::ES256).public_jwk().bare());
    Forgery::new(&json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk }), &claims)
}

/// An ID token of the server for the client, to be signed with the server's ES256 key.
pub fn id_token(now: UnixTime, nonce: &str) -> Forgery {
    let now = now.as_secs();
    let claims = json!({
        "iss": ISSUER,
        "sub": "person",
        "aud": CLIENT_ID,
        "exp": now + 300,
        "iat": now,
        "auth_time": now,
        "nonce": nonce,
    });
    signed_by(Owner::Server, "JWT", &claims)
}

/// An access token of the server for its own userinfo, to be signed with the server's ES256 key.
pub fn access_token(now: UnixTime) -> Forgery {
    let now = now.as_secs();
    let claims = json!({
        "iss": ISSUER,
        "aud": format!("{ISSUER}/userinfo"),
        "sub": "person",
        "client_id": CLIENT_ID,
        "exp": now + 300,
        "iat": now,
        "jti": "4f1c0d6a-token",
        "txn": "01890a5d-ac96-774b-bcce-b302099a8057",
        "scope": "openid accounts",
        "auth_time": now,
        "cnf": { "jkt": key(Owner::Dpop, Algorithm::ES256).thumbprint() },
    });
    signed_by(Owner::Server, "at+jwt", &claims)
}

fn signed_by(owner: Owner, typ: &str, claims: &Value) -> Forgery {
    let kid = key(owner, Algorithm::ES256).thumbprint().to_string();
    Forgery::new(&json!({ "alg": "ES256", "typ": typ, "kid": kid }), claims)
}
