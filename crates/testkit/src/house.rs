//! A whole house: a server that listens on loopback over a database of its own, clients, a person, a browser.

mod census;
mod clock;
mod database;
mod party;
mod person;
mod reply;
mod visitor;

use std::sync::Arc;

use countersign_client::{HttpClient, Trust};
use countersign_jose::jws::Unverified;
use countersign_jose::seal::Sealer;
use countersign_jose::{Algorithm, JwkSet, Limits};
use countersign_protocol::parameter::{Issuer, TransactionId};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::time::UnixTime;
use countersign_server::{AuthorizationServer, EvidenceKeeper, KeyRing, Listen, Listener, Settings};
use countersign_storage::{Store, Unit, client, user};
use reqwest::redirect::Policy;
use serde_json::Value;
use tokio::sync::watch;
use zeroize::Zeroizing;

pub use census::Census;
pub use clock::SetClock;
pub use database::Engine;
pub use party::{Party, VERIFIER};
pub use person::Person;
pub use reply::Reply;
pub use visitor::Visitor;

use database::Database;

/// When every test begins.
pub const START: UnixTime = UnixTime::from_secs(1_800_000_000);

/// The key that seals keys and evidence. Of no use anywhere else.
const MASTER: [u8; 32] = [42; 32];

/// A server at work, and what a test needs to drive it. It ends with this value.
pub struct House {
    server: AuthorizationServer,
    clock: Arc<SetClock>,
    person: Person,
    http: reqwest::Client,
    stop: watch::Sender<bool>,
    // Last: the database goes after whoever writes to it was told to stop.
    database: Database,
}

/// Runs each test on both databases: `async fn name(engine: Engine)`.
#[macro_export]
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::house::Engine::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::house::Engine::Postgres).await;
            })+
        }
    };
}

impl House {
    /// A server without clients, signing with ES256, and one person.
    pub async fn open(engine: Engine) -> Self {
        Self::with(engine, "", |_| ()).await
    }

    /// The same with the issuer at this path (`""` or `/…`) and other settings.
    pub async fn with(engine: Engine, path: &str, adjust: impl FnOnce(&mut Settings)) -> Self {
        let listener = Listener::bind(Listen::on(([127, 0, 0, 1], 0).into())).await.expect("a free port");
        let issuer: Issuer =
            format!("http://127.0.0.1:{}{path}", listener.address().port()).parse().expect("an issuer");
        let mut settings = Settings::new(issuer.clone());
        settings.signing_algorithms = vec![Algorithm::ES256];
        adjust(&mut settings);
        let database = Database::fresh(engine).await;
        let store = Store::open(database.settings()).await.expect("a fresh database opens");
        let clock = Arc::new(SetClock::at(START));
        let sealer = || Sealer::new(Zeroizing::new(MASTER));
        let keys = KeyRing::open(store.clone(), issuer.clone(), sealer(), &settings, START);
        let keys = keys.await.expect("keys are made");
        let evidence = EvidenceKeeper::new(store.clone(), issuer, sealer());
        let server = AuthorizationServer::new(settings, store, keys, evidence, clock.clone());
        let (stop, mut stopped) = watch::channel(false);
        let until = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
        tokio::spawn(listener.run(server.clone(), until));
        let house = Self { server, clock, person: Person::ada(), http: http(), stop, database };
        house.admit(&house.person).await;
        house
    }

    /// The server, to be looked into.
    pub fn server(&self) -> &AuthorizationServer {
        &self.server
    }

    /// Who the server is.
    pub fn issuer(&self) -> &Issuer {
        self.server.issuer()
    }

    /// The address of an endpoint below the issuer.
    pub fn url(&self, path: &str) -> String {
        self.issuer().endpoint(path)
    }

    /// What time the server's clock shows.
    pub fn now(&self) -> UnixTime {
        self.server.now()
    }

    /// Lets seconds pass.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
    }

    /// The server's clock steps back.
    pub fn set_back(&self, seconds: u64) {
        self.clock.set_back(seconds);
    }

    /// The person who has an account here.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// A browser without cookies.
    pub fn visitor(&self) -> Visitor<'_> {
        Visitor::new(self)
    }

    /// Gives a person an account.
    pub async fn admit(&self, person: &Person) {
        let unit = Unit::from(user::add(self.issuer(), &person.account(self.now())));
        let added = unit.commit(self.server.store()).await.expect("the database works");
        assert!(added.is_committed(), "{} has an account already", person.username);
    }

    /// Registers a client under a profile, with some members of its registration replaced (`null` removes one).
    pub async fn register(&self, id: &str, profile: ProfileName, members: Value) -> Party {
        let party = Party::new(id, profile, members);
        self.register_party(&party).await;
        party
    }

    /// Registers a client as it describes itself.
    pub async fn register_party(&self, party: &Party) {
        let id = party.id.parse().expect("a client id");
        let unit = Unit::from(client::add(self.issuer(), &id, &party.metadata.to_string(), self.now()));
        let added = unit.commit(self.server.store()).await.expect("the database works");
        assert!(added.is_committed(), "{} is registered already", party.id);
    }

    /// Changes the registration of a client.
    pub async fn change(&self, party: &Party, metadata: &Value) {
        let id = party.id.parse().expect("a client id");
        let (store, issuer) = (self.server.store(), self.issuer());
        let row = client::find(store, issuer, &id).await.expect("the database works").expect("registered");
        let unit = Unit::from(client::replace(issuer, &id, row.revision, &metadata.to_string(), self.now()));
        assert!(unit.commit(store).await.expect("the database works").is_committed());
    }

    /// Takes a client out of service.
    pub async fn disable(&self, party: &Party) {
        let id = party.id.parse().expect("a client id");
        let unit = Unit::from(client::disable(self.issuer(), &id, self.now()));
        assert!(unit.commit(self.server.store()).await.expect("the database works").is_committed());
    }

    /// Asks for an address, as a program does.
    pub async fn get(&self, url: &str) -> Reply {
        self.send(self.http.get(url)).await
    }

    /// Posts a form to an endpoint, as a program does.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)], proof: Option<&str>) -> Reply {
        let request = self.request(reqwest::Method::POST, path).body(reply::form(fields));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(proof.into_iter().fold(request, |request, proof| request.header("dpop", proof))).await
    }

    /// A request to an endpoint, to be shaped by hand.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// Sends a request and reads all of its answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        Reply::read(request.send().await.expect("the server answers")).await
    }

    /// The claims of a token of this server, whose signature holds under a published key.
    pub async fn verified(&self, token: &str) -> Value {
        let keys =
            JwkSet::parse(&self.get(&self.url("/jwks")).await.body).expect("published keys can be read");
        let token = Unverified::parse(token, &Limits::TOKEN).expect("a compact JWS");
        let (algorithm, kid) = (token.header().algorithm, token.header().kid.clone());
        let verified = token.verify_any(keys.select(algorithm, kid.as_deref())).expect("its signature holds");
        verified.claims().expect("claims are strict JSON")
    }

    /// What the database holds, for comparison.
    pub async fn census(&self) -> Census {
        Census::of(&self.database).await
    }

    /// Does to the database what the server never would.
    pub async fn tamper(&self, sql: &str) {
        self.database.tamper(sql).await;
    }

    /// The transactions of which evidence is kept, the oldest first.
    pub async fn transactions(&self) -> Vec<TransactionId> {
        let found = self.database.texts(
            "SELECT transaction_id FROM evidence_record WHERE transaction_id IS NOT NULL ORDER BY arrival",
        );
        let mut names = found.await;
        names.dedup();
        names.iter().map(|name| name.parse().expect("a transaction id")).collect()
    }

    /// Texts of one column.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        self.database.texts(sql).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Follows no redirect, keeps no cookie, speaks plain http on loopback only.
fn http() -> reqwest::Client {
    // Chooses the process's cryptography provider, which reqwest wants even where no TLS is spoken.
    HttpClient::new(Trust::Only(Vec::new())).expect("an HTTP client");
    let builder = reqwest::Client::builder().redirect(Policy::none()).no_proxy().referer(false);
    builder.tls_certs_only([]).build().expect("an HTTP client")
}
