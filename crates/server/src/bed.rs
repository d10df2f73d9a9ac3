//! What the tests of the back channel stand on: a server over a fresh store of either engine, two clients, a person,
//! and codes that were never asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use countersign_jose::seal::Sealer;
use countersign_jose::{Algorithm, Entropy, SigningKey, SystemEntropy, base64url};
use countersign_protocol::client_auth::{ASSERTION_TYPE, sign_assertion};
use countersign_protocol::dpop::sign_proof;
use countersign_protocol::metadata::{ClientMetadata, GrantType};
use countersign_protocol::parameter::{AuthorizationCode, ClientId, Issuer, Subject, TransactionId};
use countersign_protocol::pkce::CodeVerifier;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::time::UnixTime;
use countersign_storage::user::{self, User};
use countersign_storage::{Settings as Database, Store, Unit, authorization_code, client};
use countersign_testkit::postgres;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use zeroize::Zeroizing;

use crate::metrics::Metrics;
use crate::router::router;
use crate::{AuthorizationServer, Clock, EvidenceKeeper, KeyRing, Limits, Settings};

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::bed::Bed::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::bed::Bed::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both_engines;

/// Runs each test on SQLite: what it asks does not depend on the engine.
macro_rules! on_sqlite {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(crate::bed::Bed::sqlite().await).await;
            })+
        }
    };
}
pub(crate) use on_sqlite;

pub(crate) const START: UnixTime = UnixTime::from_secs(1_800_000_000);
pub(crate) const REDIRECT_URI: &str = "https://shop.example/cb";
pub(crate) const TOKEN: &str = "https://as.example/token";
pub(crate) const USERINFO: &str = "https://as.example/userinfo";

/// A clock that stands until a test moves it.
pub(crate) struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct Bed {
    pub(crate) server: AuthorizationServer,
    pub(crate) shop: Shop,
    pub(crate) other: Shop,
    /// Baseline: may use unbound tokens, and only the code grant.
    pub(crate) plain: Shop,
    database: Database,
    hands: Arc<Hands>,
    _directory: TempDir,
}

/// A client with its keys.
pub(crate) struct Shop {
    pub(crate) id: ClientId,
    pub(crate) key: SigningKey,
    pub(crate) dpop: SigningKey,
}

/// A code in the hands of its client.
pub(crate) struct Code {
    pub(crate) code: AuthorizationCode,
    pub(crate) verifier: CodeVerifier,
    pub(crate) transaction: TransactionId,
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Bed {
    pub(crate) async fn sqlite() -> Self {
        let directory = TempDir::new().unwrap();
        let database = Database::Sqlite { path: directory.path().join("countersign.db") };
        Self::over(database, directory).await
    }

    pub(crate) async fn postgres() -> Self {
        let database = Database::Postgres { url: postgres::database().await.url().into(), pool_size: 8 };
        Self::over(database, TempDir::new().unwrap()).await
    }

    async fn over(database: Database, directory: TempDir) -> Self {
        let hands = Arc::new(Hands(AtomicU64::new(START.as_secs())));
        let server = node(database.clone(), hands.clone(), issuer()).await;
        let both = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        let signing = ProfileName::Fapi2MessageSigning;
        let shop = register(server.store(), "shop", signing, both.clone()).await;
        let other = register(server.store(), "other", signing, both).await;
        let code_only = vec![GrantType::AuthorizationCode];
        let plain = register(server.store(), "plain", ProfileName::Baseline, code_only).await;
        let alice = User {
            subject: alice(),
            username: "alice@example.com".into(),
            name: Some("Alice".into()),
            email: None,
            password_hash: "none".into(),
            created_at: START,
            disabled_at: None,
        };
        assert!(user::add(&issuer(), &alice).commit(server.store()).await.unwrap().is_committed());
        Self { server, shop, other, plain, database, hands, _directory: directory }
    }

    /// Another node: another process as far as anybody can tell, on the same database and clock.
    pub(crate) async fn another_node(&self) -> AuthorizationServer {
        node(self.database.clone(), self.hands.clone(), issuer()).await
    }

    /// Another issuer on the same database, with `client` registered there under the same name and key.
    pub(crate) async fn another_issuer(&self, client: &Shop) -> AuthorizationServer {
        let tenant = node(self.database.clone(), self.hands.clone(), other_issuer()).await;
        let own = client::find(self.server.store(), &issuer(), &client.id).await.unwrap().unwrap();
        self.keep(client::add(&other_issuer(), &client.id, &own.metadata, START)).await;
        tenant
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.server.now()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.hands.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) async fn keep(&self, unit: impl Into<Unit>) {
        assert_eq!(unit.into().commit(self.server.store()).await.unwrap().refused(), None);
    }

    /// A code for `scope`, as the authorization endpoint would have issued it.
    pub(crate) async fn code(&self, client: &Shop, scope: &str) -> Code {
        self.code_bound_to(client, scope, None).await
    }

    pub(crate) async fn code_bound_to(&self, client: &Shop, scope: &str, dpop_jkt: Option<String>) -> Code {
        let (now, mut entropy) = (self.now(), SystemEntropy);
        let issued = Code {
            code: AuthorizationCode::generate(&mut entropy),
            verifier: CodeVerifier::generate(&mut entropy),
            transaction: TransactionId::generate(now, &mut entropy),
        };
        let row = authorization_code::AuthorizationCode {
            client_id: client.id.clone(),
            transaction_id: issued.transaction.clone(),
            subject: alice(),
            redirect_uri: REDIRECT_URI.into(),
            code_challenge: Some(issued.verifier.challenge().to_string()),
            dpop_jkt,
            scope: scope.into(),
            nonce: Some("n-0".into()),
            auth_time: now.minus(5),
            session: None,
            granted: String::new(),
            issued_at: now,
            expires_at: now.plus(60),
        };
        let forget_at = row.expires_at.plus(600);
        self.keep(authorization_code::issue(&issuer(), issued.code.hash(), &row, forget_at)).await;
        issued
    }

    /// A well-formed redemption by `client` with its own key.
    pub(crate) fn redemption(&self, client: &Shop, code: &Code) -> Call {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.code.expose()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", code.verifier.expose()),
        ];
        self.back_channel(client, &form)
    }

    /// A well-formed refresh.
    pub(crate) fn refreshment(&self, client: &Shop, refresh_token: &str) -> Call {
        self.back_channel(client, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    /// A token request with authentication and proof.
    pub(crate) fn back_channel(&self, client: &Shop, form: &[(&str, &str)]) -> Call {
        let mut form: Vec<_> = form.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        form.push(("client_assertion_type".into(), ASSERTION_TYPE.into()));
        form.push(("client_assertion".into(), self.assertion(client)));
        let proof = self.proof(&client.dpop, "POST", TOKEN, None);
        Call { path: "/token".into(), form, proofs: vec![proof] }
    }

    pub(crate) fn assertion(&self, client: &Shop) -> String {
        sign_assertion(&client.id, &issuer(), &random(), &client.key, self.now()).unwrap()
    }

    pub(crate) fn proof(&self, key: &SigningKey, method: &str, url: &str, token: Option<&str>) -> String {
        sign_proof(key, method, url, token, &random(), self.now()).unwrap()
    }

    pub(crate) async fn send(&self, call: Call) -> Answer {
        send_to(&self.server, call.into_request()).await
    }

    pub(crate) async fn request(&self, request: Request<Body>) -> Answer {
        send_to(&self.server, request).await
    }

    /// Asks for userinfo with this Authorization value and these proofs.
    pub(crate) async fn userinfo(&self, authorization: &str, proofs: &[String]) -> Answer {
        let mut request = Request::get("/userinfo").header(header::AUTHORIZATION, authorization);
        for proof in proofs {
            request = request.header("dpop", proof);
        }
        self.request(request.body(Body::empty()).unwrap()).await
    }

    /// Asks for userinfo as the holder of the token and of `client`'s key should.
    pub(crate) async fn userinfo_of(&self, client: &Shop, access_token: &str) -> Answer {
        let proof = self.proof(&client.dpop, "GET", USERINFO, Some(access_token));
        self.userinfo(&format!("DPoP {access_token}"), &[proof]).await
    }

    /// Redeems a fresh code.
    pub(crate) async fn tokens(&self, client: &Shop, scope: &str) -> Answer {
        let code = self.code(client, scope).await;
        let answer = self.send(self.redemption(client, &code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer
    }
}

/// A token request about to be sent.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) proofs: Vec<String>,
}

impl Call {
    /// The same with another value, or a further parameter.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.form.retain(|(own, _)| own != name);
        self.form.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.form.retain(|(own, _)| own != name);
        self
    }

    pub(crate) fn proven_by(mut self, proofs: Vec<String>) -> Self {
        self.proofs = proofs;
        self
    }

    pub(crate) fn body(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.form).finish()
    }

    pub(crate) fn into_request(self) -> Request<Body> {
        let mut request = Request::builder().method(Method::POST).uri(&self.path);
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for proof in &self.proofs {
            request = request.header("dpop", proof);
        }
        request.body(self.body().into()).unwrap()
    }
}

impl Answer {
    /// A member of the body that is text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// Status and error code.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error"].as_str().unwrap_or_default())
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// Through everything that a request meets: limits, headers and log.
pub(crate) async fn send_to(server: &AuthorizationServer, request: Request<Body>) -> Answer {
    let app = router(server.clone(), Limits::default(), Metrics::new());
    let response = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn node(database: Database, hands: Arc<Hands>, issuer: Issuer) -> AuthorizationServer {
    let store = Store::open(database).await.unwrap();
    let settings = Settings { issuer: issuer.clone(), ..settings() };
    let now = hands.now();
    let keys = KeyRing::open(store.clone(), issuer.clone(), sealer(), &settings, now).await.unwrap();
    let evidence = EvidenceKeeper::new(store.clone(), issuer, sealer());
    AuthorizationServer::new(settings, store, keys, evidence, hands)
}

/// Without RSA, whose keys take long to make.
pub(crate) fn settings() -> Settings {
    Settings { signing_algorithms: vec![Algorithm::ES256, Algorithm::EdDSA], ..Settings::new(issuer()) }
}

pub(crate) fn sealer() -> Sealer {
    Sealer::new(Zeroizing::new([7; 32]))
}

pub(crate) fn issuer() -> Issuer {
    "https://as.example".parse().unwrap()
}

pub(crate) fn other_issuer() -> Issuer {
    "https://other.example".parse().unwrap()
}

pub(crate) fn alice() -> Subject {
    "p-alice".parse().unwrap()
}

pub(crate) fn random() -> String {
    base64url::encode(SystemEntropy.array::<16>())
}

async fn register(store: &Store, name: &str, profile: ProfileName, grant_types: Vec<GrantType>) -> Shop {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let document = json!({
        "client_id": name,
        "redirect_uris": [REDIRECT_URI],
        "grant_types": grant_types,
        "scope": "openid profile email offline_access",
        "jwks": { "keys": [key.public_jwk()] },
        "countersign_profile": profile,
    });
    let metadata: ClientMetadata = serde_json::from_value(document).unwrap();
    let metadata = serde_json::to_string(&metadata).unwrap();
    let id: ClientId = name.parse().unwrap();
    assert!(client::add(&issuer(), &id, &metadata, START).commit(store).await.unwrap().is_committed());
    Shop { id, key, dpop: SigningKey::generate(Algorithm::ES256).unwrap() }
}
