//! What one flow costs the server, over the cryptography that it cannot avoid.
//!
//! A real server on loopback answers complete FAPI 2.0 Message Signing flows (PAR with a request object,
//! private_key_jwt and DPoP; the authorization endpoint with a session and a consent remembered; JARM; tokens) over
//! SQLite with evidence on, 16 at a time. The CPU time of all its threads, divided by the flows, stands over the CPU
//! time of the bare primitives of one such flow on the same machine in the same run: 2 client assertions, 1 request
//! object and 2 DPoP proofs verified (a DPoP key is parsed each time), answer, ID token and access token signed.
//! The budget is 1.6. A second round counts pushed requests only. `--json` prints one JSON document.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark ends where it fails")]

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use countersign_client::{HttpClient, RelyingParty, Trust};
use countersign_jose::seal::Sealer;
use countersign_jose::{Algorithm, Entropy, SigningKey, SystemEntropy};
use countersign_protocol::client::{Begun, ClientConfiguration, PushRequest, Received};
use countersign_protocol::metadata::ClientMetadata;
use countersign_protocol::parameter::{
    BrowserKey, ClientId, Encoding, Issuer, ResponseMode, Scope, SessionId, Subject,
};
use countersign_protocol::response::ReceivedResponse;
use countersign_protocol::time::UnixTime;
use countersign_server::{
    AuthorizationServer, Clock, EvidenceKeeper, KeyRing, Listen, Listener, Settings as ServerSettings,
};
use countersign_storage::{Settings, Store, Unit, client, consent, login_session, user};
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::json;

const CONCURRENT: usize = 16;
const WARM_UP: usize = 300;
const FLOWS: usize = 2_000;
const PUSHES: usize = 4_000;

/// Payload octets of the messages of one flow, as they are on the wire.
const MESSAGE: usize = 900;

#[derive(Serialize)]
struct Figures {
    algorithm: &'static str,
    flows: usize,
    flows_per_second: f64,
    server_cpu_us_per_flow: f64,
    bare_us_per_flow: f64,
    /// Server CPU over bare cryptography; the budget is 1.6.
    ratio: f64,
    pushes_per_second: f64,
    server_cpu_us_per_push: f64,
    /// What one core of server CPU is good for; the budget is 5,000.
    pushes_per_server_core: f64,
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "a benchmark has no other clock")]
    fn now(&self) -> UnixTime {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        UnixTime::from_secs(now.as_secs())
    }
}

/// The parties of the benchmark: the server on threads of its own, the client on this one.
struct Bench {
    party: RelyingParty,
    http: reqwest::Client,
    cookies: String,
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server_threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let this_thread = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (address, registered) = server_threads.block_on(start(folder.path()));
    let bench = this_thread.block_on(Bench::connect(&address, registered));

    this_thread.block_on(bench.flows(WARM_UP));
    let before = server_cpu();
    let started = Instant::now();
    this_thread.block_on(bench.flows(FLOWS));
    let flows = Measured::since(before, started, FLOWS);

    let prepared = bench.prepare(PUSHES);
    let before = server_cpu();
    let started = Instant::now();
    this_thread.block_on(bench.pushes(prepared));
    let pushes = Measured::since(before, started, PUSHES);

    let bare = bare_flow();
    report(&Figures {
        algorithm: "ES256",
        flows: FLOWS,
        flows_per_second: flows.per_second,
        server_cpu_us_per_flow: flows.cpu_us,
        bare_us_per_flow: bare,
        ratio: flows.cpu_us / bare,
        pushes_per_second: pushes.per_second,
        server_cpu_us_per_push: pushes.cpu_us,
        pushes_per_server_core: 1e6 / pushes.cpu_us,
    });
    std::mem::forget(server_threads);
}

fn report(figures: &Figures) {
    if env::args().any(|argument| argument == "--json") {
        println!("{}", serde_json::to_string_pretty(figures).expect("plain numbers"));
        return;
    }
    println!(
        "flow   {}  server CPU {:.0} µs  bare cryptography {:.0} µs  ratio {:.2} (budget 1.60)  {:.0} flows/s",
        figures.algorithm,
        figures.server_cpu_us_per_flow,
        figures.bare_us_per_flow,
        figures.ratio,
        figures.flows_per_second
    );
    println!(
        "push   {}  server CPU {:.0} µs  {:.0} a second on one core of server CPU (budget 5000)  {:.0}/s with the client beside it",
        figures.algorithm,
        figures.server_cpu_us_per_push,
        figures.pushes_per_server_core,
        figures.pushes_per_second
    );
}

struct Measured {
    per_second: f64,
    cpu_us: f64,
}

impl Measured {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    fn since(cpu: Duration, started: Instant, count: usize) -> Self {
        let (elapsed, spent) = (started.elapsed(), server_cpu() - cpu);
        Self {
            per_second: count as f64 / elapsed.as_secs_f64(),
            cpu_us: spent.as_secs_f64() * 1e6 / count as f64,
        }
    }
}

/// CPU time of every thread of this process but the first, which is the client's. Clock ticks are 10 ms, so a round
/// has to last some seconds.
fn server_cpu() -> Duration {
    let own = std::process::id().to_string();
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let others = tasks.filter_map(Result::ok).filter(|task| task.file_name().to_str() != Some(&own));
    let ticks: u64 =
        others.map(|task| ticks(&fs::read_to_string(task.path().join("stat")).unwrap_or_default())).sum();
    Duration::from_millis(ticks * 10)
}

/// User and system time, the 14th and 15th field, counted after the name in parentheses.
fn ticks(stat: &str) -> u64 {
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

async fn start(folder: &std::path::Path) -> (Issuer, (ClientConfiguration, String)) {
    let store =
        Store::open(Settings::Sqlite { path: folder.join("countersign.db") }).await.expect("a database");
    let listener = Listener::bind(Listen::on(([127, 0, 0, 1], 0).into())).await.expect("a free port");
    let issuer: Issuer = format!("http://127.0.0.1:{}", listener.address().port()).parse().expect("loopback");
    let mut settings = ServerSettings::new(issuer.clone());
    settings.signing_algorithms = vec![Algorithm::ES256];
    settings.lifetimes.pushed_request = 500;
    let mut master = zeroize::Zeroizing::new([0; 32]);
    SystemEntropy.fill(master.as_mut());
    let sealer = || Sealer::new(master.clone());
    let now = SystemClock.now();
    let keys = KeyRing::open(store.clone(), issuer.clone(), sealer(), &settings, now).await.expect("keys");
    let evidence = EvidenceKeeper::new(store.clone(), issuer.clone(), sealer());
    let server = AuthorizationServer::new(settings, store, keys, evidence, Arc::new(SystemClock));
    let registered = register(&server).await;
    tokio::spawn(listener.run(server, std::future::pending()));
    (issuer, registered)
}

/// A client, a person with a session and a consent: so no page and no password hashing is in the measured path.
async fn register(server: &AuthorizationServer) -> (ClientConfiguration, String) {
    let (issuer, now) = (server.issuer(), server.now());
    let key = SigningKey::generate(Algorithm::ES256).expect("a key");
    let client_id: ClientId = "bench".parse().expect("a client id");
    let scope: Scope = "openid profile".parse().expect("a scope");
    let redirect_uri = "https://client.example/callback";
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": client_id, "redirect_uris": [redirect_uri], "scope": scope, "jwks": { "keys": [key.public_jwk()] },
    }))
    .expect("metadata");
    let subject: Subject = "person".parse().expect("a subject");
    let person = user::User {
        subject: subject.clone(),
        username: "person".into(),
        name: None,
        email: None,
        password_hash: String::new(),
        created_at: now,
        disabled_at: None,
    };
    let (session, browser) =
        (SessionId::generate(&mut SystemEntropy), BrowserKey::generate(&mut SystemEntropy));
    let login = login_session::LoginSession {
        subject: subject.clone(),
        authenticated_at: now,
        amr: "pwd".into(),
        created_at: now,
        expires_at: now.plus(3600),
    };
    let granted = consent::Consent { scopes: scope.to_string(), granted_at: now };
    let outcome = Unit::new()
        .then(client::add(issuer, &client_id, &serde_json::to_string(&metadata).expect("JSON"), now))
        .then(user::add(issuer, &person))
        .then(login_session::start(issuer, session.hash(), &login))
        .then(consent::remember(issuer, &subject, &client_id, &granted))
        .commit(server.store())
        .await
        .expect("a database");
    assert!(outcome.is_committed());
    let configuration = ClientConfiguration {
        issuer: issuer.clone(),
        client_id,
        redirect_uri: redirect_uri.parse().expect("a redirect URI"),
        scope,
        response_mode: ResponseMode::Jwt,
        key,
        dpop_key: SigningKey::generate(Algorithm::ES256).expect("a key"),
        response_algorithm: Algorithm::ES256,
        id_token_algorithm: Algorithm::ES256,
    };
    let cookies =
        format!("countersign-session={}; countersign-browser={}", session.expose(), browser.expose());
    (configuration, cookies)
}

impl Bench {
    async fn connect(_issuer: &Issuer, (configuration, cookies): (ClientConfiguration, String)) -> Self {
        let http = HttpClient::new(Trust::Only(Vec::new())).expect("an HTTP client");
        let party = RelyingParty::discover(http, configuration).await.expect("a server");
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let http = builder.tls_certs_only([]).build().expect("an HTTP client");
        Self { party, http, cookies }
    }

    async fn flows(&self, count: usize) {
        join_all((0..CONCURRENT).map(|lane| async move {
            for _ in (lane..count).step_by(CONCURRENT) {
                self.flow().await;
            }
        }))
        .await;
    }

    async fn flow(&self) {
        let now = SystemClock.now();
        let (url, mut pending) = self.party.begin(now, &mut SystemEntropy).await.expect("a pushed request");
        let answer = self.http.get(&url).header("cookie", &self.cookies).send().await.expect("an answer");
        let location =
            answer.headers().get("location").expect("a redirect").to_str().expect("text").to_owned();
        let query = location.split_once('?').expect("a query").1;
        let response = ReceivedResponse::parse(query.as_bytes(), Encoding::Query).expect("a response");
        let received = self.party.receive(&mut pending, &response, now).await.expect("a signed response");
        let Received::Granted(granted) = received else { panic!("the login was refused") };
        black_box(self.party.exchange(granted, now, &mut SystemEntropy).await.expect("tokens"));
    }

    /// Signed in advance, so that the client's own signing does not slow the server down.
    fn prepare(&self, count: usize) -> VecDeque<PushRequest> {
        let (own, metadata) = (self.party.configuration(), self.party.metadata());
        let one = |_| {
            let begun = Begun::new(own, metadata, &mut SystemEntropy).expect("a login");
            begun.push(own, metadata, SystemClock.now(), &mut SystemEntropy).expect("a signature")
        };
        (0..count).map(one).collect()
    }

    async fn pushes(&self, prepared: VecDeque<PushRequest>) {
        let queue = std::cell::RefCell::new(prepared);
        join_all((0..CONCURRENT).map(|_| async {
            loop {
                let next = queue.borrow_mut().pop_front();
                let Some(push) = next else { break };
                self.party.send_push(&push).await.expect("a pushed request");
            }
        }))
        .await;
    }
}

/// Microseconds of the bare primitives of one flow: the median of many turns.
fn bare_flow() -> f64 {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).expect("a key");
    let message = vec![b'a'; MESSAGE];
    let signature = pair.sign(&random, &message).expect("a signature");
    let parse = || ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()).expect("a key");
    let parsed = parse();
    let mut turns: Vec<f64> = (0..400)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..3 {
                parsed.verify_sig(&message, signature.as_ref()).expect("a signature that holds");
            }
            for _ in 0..2 {
                parse().verify_sig(&message, signature.as_ref()).expect("a signature that holds");
            }
            for _ in 0..3 {
                black_box(pair.sign(&random, &message).expect("a signature"));
            }
            for _ in 0..4 {
                black_box(countersign_jose::sha256(&message));
                let mut bits = [0; 32];
                SystemEntropy.fill(&mut bits);
                black_box(bits);
            }
            started.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    turns.sort_by(f64::total_cmp);
    turns[turns.len() / 2]
}
