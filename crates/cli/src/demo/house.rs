//! The demo's house: a server on SQLite in a temporary folder and a relying party, both on loopback.

use std::sync::Arc;

use anyhow::{Context, Result};
use countersign_client::{HttpClient, RelyingParty, Trust};
use countersign_jose::seal::Sealer;
use countersign_jose::{Algorithm, Entropy, SigningKey, SystemEntropy};
use countersign_protocol::client::ClientConfiguration;
use countersign_protocol::metadata::ClientMetadata;
use countersign_protocol::parameter::{
    ClientId, Issuer, RedirectUri, ResponseMode, Scope, Subject, TransactionId,
};
use countersign_protocol::time::UnixTime;
use countersign_server::{
    AuthorizationServer, Clock, EvidenceKeeper, KeyRing, Listen, Listener, Settings, hash_password,
};
use countersign_storage::user::User;
use countersign_storage::{Settings as StoreSettings, Store, client, user};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::flow::PROFILE;
use super::person::Person;
use super::relying_party::DemoApplication;
use super::scripted_browser::ScriptedBrowser;
use crate::clock::SystemClock;

/// Everything that runs during the demo; it ends with this value.
pub(crate) struct House {
    server: AuthorizationServer,
    application: DemoApplication,
    application_address: String,
    person: Person,
    visitor: Person,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    // Deleted last: the server writes there until it has stopped.
    _folder: TempDir,
}

impl House {
    /// Starts both parties: a new server with one person and one client, and the client itself.
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("making a temporary folder")?;
        let (stop, stopped) = watch::channel(false);
        let listener = Listener::bind(Listen::on(([127, 0, 0, 1], 0).into())).await?;
        let issuer: Issuer = format!("http://localhost:{}", listener.address().port()).parse()?;
        let server = open_server(&issuer, &folder).await?;
        let application_listener = TcpListener::bind("127.0.0.1:0").await?;
        let application_address = format!("http://127.0.0.1:{}", application_listener.local_addr()?.port());
        let (person, visitor) = (Person::ada(), Person::grace());
        let own = register(&server, [&person, &visitor], &application_address).await?;

        let mut tasks = vec![serve(listener, server.clone(), stopped.clone())];
        let http = HttpClient::new(Trust::Only(Vec::new()))?;
        let party = RelyingParty::discover(http, own).await?;
        let application = DemoApplication::new(party, visitor.clone());
        tasks.push(serve_application(application_listener, application.clone(), stopped));
        Ok(Self { server, application, application_address, person, visitor, stop, tasks, _folder: folder })
    }

    /// Stops both and waits until they have.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::warn!(%error, "a part of the demo did not stop by itself");
            }
        }
    }

    /// The evidence of a flow, as one file.
    pub(crate) async fn export(&self, transaction: &TransactionId) -> Result<Vec<u8>> {
        self.server.evidence().sequence(self.server.keys(), self.now()).await?;
        let bundle = self.server.evidence().export(self.server.keys(), transaction).await?;
        Ok(bundle.to_bytes()?)
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        self.server.issuer()
    }

    pub(crate) fn application(&self) -> &DemoApplication {
        &self.application
    }

    pub(crate) fn application_url(&self, path: &str) -> String {
        format!("{}{path}", self.application_address)
    }

    pub(crate) fn callback(&self) -> String {
        self.application_url("/callback")
    }

    pub(crate) fn party(&self) -> &RelyingParty {
        self.application.party()
    }

    pub(crate) fn browser(&self) -> Result<ScriptedBrowser> {
        ScriptedBrowser::new()
    }

    /// The scripted person.
    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// Whoever sits at the browser.
    pub(crate) fn visitor(&self) -> &Person {
        &self.visitor
    }

    pub(crate) fn now(&self) -> UnixTime {
        SystemClock.now()
    }
}

fn serve(listener: Listener, server: AuthorizationServer, stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(listener.run(server, until(stopped)))
}

fn serve_application(
    listener: TcpListener,
    application: DemoApplication,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let served = axum::serve(listener, application.router()).with_graceful_shutdown(until(stopped));
    tokio::spawn(async move {
        if let Err(error) = served.await {
            tracing::error!(%error, "the relying party stopped");
        }
    })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        tracing::debug!("the demo is gone");
    }
}

async fn open_server(issuer: &Issuer, folder: &TempDir) -> Result<AuthorizationServer> {
    let store = Store::open(StoreSettings::Sqlite { path: folder.path().join("countersign.db") }).await?;
    let mut settings = Settings::new(issuer.clone());
    settings.signing_algorithms = vec![Algorithm::ES256];
    let mut master = Zeroizing::new([0; 32]);
    SystemEntropy.fill(master.as_mut());
    let keys = KeyRing::open(
        store.clone(),
        issuer.clone(),
        Sealer::new(master.clone()),
        &settings,
        SystemClock.now(),
    )
    .await?;
    let evidence = EvidenceKeeper::new(store.clone(), issuer.clone(), Sealer::new(master));
    Ok(AuthorizationServer::new(settings, store, keys, evidence, Arc::new(SystemClock)))
}

/// Registers the people and the client, and gives the client its keys.
async fn register(
    server: &AuthorizationServer,
    people: [&Person; 2],
    address: &str,
) -> Result<ClientConfiguration> {
    let now = server.now();
    let key = SigningKey::generate(Algorithm::ES256)?;
    let client_id: ClientId = "harbour-savings".parse()?;
    let redirect_uri: RedirectUri = format!("{address}/callback").parse()?;
    let scope: Scope = "openid profile email".parse()?;
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": client_id,
        "client_name": "Harbour Savings",
        "application_type": "native",
        "redirect_uris": [redirect_uri],
        "scope": scope,
        "jwks": { "keys": [key.public_jwk()] },
        "dpop_bound_access_tokens": true,
        "countersign_profile": PROFILE,
    }))?;
    let users = people.map(|person| account(person, now)).into_iter().collect::<Result<Vec<User>>>()?;
    let registered = countersign_storage::Unit::new()
        .then(client::add(server.issuer(), &client_id, &serde_json::to_string(&metadata)?, now))
        .then_all(users.iter().map(|user| user::add(server.issuer(), user)))
        .commit(server.store())
        .await?;
    anyhow::ensure!(registered.is_committed(), "the demo's client and person were not registered");
    Ok(ClientConfiguration {
        issuer: server.issuer().clone(),
        client_id,
        redirect_uri,
        scope,
        response_mode: ResponseMode::Jwt,
        key,
        dpop_key: SigningKey::generate(Algorithm::ES256)?,
        response_algorithm: Algorithm::ES256,
        id_token_algorithm: Algorithm::ES256,
    })
}

fn account(person: &Person, now: UnixTime) -> Result<User> {
    Ok(User {
        subject: random_subject()?,
        username: person.username.clone(),
        name: Some(person.name.clone()),
        email: Some(person.email.clone()),
        password_hash: hash_password(&person.password)?,
        created_at: now,
        disabled_at: None,
    })
}

fn random_subject() -> Result<Subject> {
    let mut random = [0; 16];
    SystemEntropy.fill(&mut random);
    Ok(countersign_jose::base64url::encode(random).parse()?)
}
