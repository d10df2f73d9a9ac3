use countersign_jose::{Algorithm, Entropy, Signer, SigningKey, SystemEntropy, base64url, jws};
use countersign_protocol::client_auth::{ASSERTION_TYPE, sign_assertion};
use countersign_protocol::dpop::sign_proof;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::request::TYPE;
use serde_json::{Value, json};

use super::{House, Reply};

/// The code verifier of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Its challenge.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client: its registration and its keys. It makes honest messages; what is wrong with them is put in by the test.
pub struct Party {
    /// Its `client_id`.
    pub id: String,
    /// Where it is answered.
    pub redirect_uri: String,
    /// Its registration.
    pub metadata: Value,
    /// Signs its request objects and assertions.
    pub key: SigningKey,
    /// What its tokens are bound to; sent only by clients of a profile that demands it.
    pub dpop_key: SigningKey,
    binds: bool,
}

impl Party {
    /// A client with new ES256 keys; some members of its registration replaced (`null` removes one).
    pub fn new(id: &str, profile: ProfileName, members: Value) -> Self {
        Self::with_key(id, profile, generate(), members)
    }

    /// A client with this key.
    pub fn with_key(id: &str, profile: ProfileName, key: SigningKey, members: Value) -> Self {
        let redirect_uri = format!("https://{id}.example/callback");
        let mut metadata = json!({
            "client_id": id,
            "client_name": format!("Client {id}"),
            "redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email",
            "jwks": { "keys": [key.public_jwk()] },
            "countersign_profile": profile.as_str(),
        });
        for (name, value) in members.as_object().cloned().unwrap_or_default() {
            metadata[name] = value;
        }
        metadata.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let binds = profile != ProfileName::Baseline;
        Self { id: id.to_owned(), redirect_uri, metadata, key, dpop_key: generate(), binds }
    }

    /// The claims of an honest request object: new `jti`, `state` and `nonce` each time.
    pub fn claims(&self, house: &House) -> Value {
        let now = house.now().as_secs();
        json!({
            "iss": self.id,
            "aud": house.issuer().as_str(),
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": random(),
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": random(),
            "nonce": random(),
            "response_mode": "jwt",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        })
    }

    /// The same with some claims replaced (`null` removes one).
    pub fn claims_with(&self, house: &House, changes: Value) -> Value {
        let mut claims = self.claims(house);
        for (name, value) in changes.as_object().cloned().unwrap_or_default() {
            claims[name] = value;
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        claims
    }

    /// A request object of these claims.
    pub fn sign(&self, claims: &Value) -> String {
        jws::sign(&self.key as &dyn Signer, Some(TYPE), claims).expect("a key in memory signs")
    }

    /// An honest request object with some claims replaced.
    pub fn object(&self, house: &House, changes: Value) -> String {
        self.sign(&self.claims_with(house, changes))
    }

    /// An authorization URL of this client with these parameters.
    pub fn url(&self, house: &House, fields: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.id)
            .extend_pairs(fields)
            .finish();
        format!("{}?{query}", house.url("/authorize"))
    }

    /// An authorization URL with a request object by value.
    pub fn by_value(&self, house: &House, object: &str) -> String {
        self.url(house, &[("request", object)])
    }

    /// An authorization URL with the plain parameters of an honest request, some replaced (`null` removes one).
    pub fn plain(&self, house: &House, changes: Value) -> String {
        let mut claims = self.claims_with(house, changes);
        claims.as_object_mut().expect("an object").retain(|name, _| {
            !["iss", "aud", "iat", "nbf", "exp", "jti", "client_id"].contains(&name.as_str())
        });
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields: Vec<(String, String)> = claims
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.url(house, &fields)
    }

    /// A fresh client assertion.
    pub fn assertion(&self, house: &House) -> String {
        let id = self.id.parse().expect("a client id");
        sign_assertion(&id, house.issuer(), &random(), &self.key, house.now()).expect("a key in memory signs")
    }

    /// A fresh DPoP proof for an endpoint.
    pub fn proof(&self, house: &House, path: &str) -> String {
        let proof = sign_proof(&self.dpop_key, "POST", &house.url(path), None, &random(), house.now());
        proof.expect("a key in memory signs")
    }

    /// Posts to an endpoint of the back channel: these fields, and what authenticates this client.
    pub async fn post(&self, house: &House, path: &str, fields: &[(&str, &str)]) -> Reply {
        let (assertion, proof) = (self.assertion(house), self.binds.then(|| self.proof(house, path)));
        let mut form = vec![
            ("client_id", &*self.id),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &*assertion),
        ];
        form.extend_from_slice(fields);
        house.post(path, &form, proof.as_deref()).await
    }

    /// Pushes a request object.
    pub async fn push(&self, house: &House, object: &str) -> Reply {
        self.post(house, "/par", &[("request", object)]).await
    }

    /// Pushes an honest request object with some claims replaced. Returns the authorization URL.
    pub async fn pushed(&self, house: &House, changes: Value) -> String {
        let reply = self.push(house, &self.object(house, changes)).await;
        assert_eq!(reply.status, 201, "the honest request is accepted: {reply}");
        self.pushed_url(house, &reply)
    }

    /// The authorization URL of an accepted push.
    pub fn pushed_url(&self, house: &House, reply: &Reply) -> String {
        let reference = reply.json()["request_uri"].as_str().expect("a request_uri").to_owned();
        self.url(house, &[("request_uri", &reference)])
    }

    /// Redeems a code with the verifier of honest requests.
    pub async fn redeem(&self, house: &House, code: &str) -> Reply {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &*self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.post(house, "/token", &fields).await
    }

    /// The verified claims of the signed answer that a browser brings.
    pub async fn read(&self, house: &House, answer: &Reply) -> Value {
        let token = answer.parameter("response").unwrap_or_else(|| panic!("no response: {answer}"));
        let claims = house.verified(&token).await;
        assert_eq!(claims["aud"], self.id, "the answer is for this client");
        claims
    }

    /// The code of a signed answer.
    pub async fn code(&self, house: &House, answer: &Reply) -> String {
        self.read(house, answer).await["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no code: {answer}"))
            .to_owned()
    }
}

fn generate() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).expect("the cryptography library makes keys")
}

fn random() -> String {
    base64url::encode(SystemEntropy.array::<16>())
}
