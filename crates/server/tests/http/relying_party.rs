use countersign_client::{ClientError, HttpClient, RelyingParty, Trust, discover};
use countersign_jose::{Algorithm, JwkSet, SigningKey, SystemEntropy};
use countersign_protocol::client::ClientConfiguration;
use countersign_protocol::parameter::{Encoding, ResponseMode};
use countersign_protocol::reason::Reason;
use countersign_protocol::response::ReceivedResponse;
use countersign_storage::client;
use serde_json::json;

use crate::running::Running;

const REDIRECT_URI: &str = "https://client.example/callback";

fn configuration(running: &Running) -> ClientConfiguration {
    ClientConfiguration {
        issuer: running.server.issuer().clone(),
        client_id: "client".parse().unwrap(),
        redirect_uri: REDIRECT_URI.parse().unwrap(),
        scope: "openid".parse().unwrap(),
        response_mode: ResponseMode::Jwt,
        key: SigningKey::generate(Algorithm::ES256).unwrap(),
        dpop_key: SigningKey::generate(Algorithm::ES256).unwrap(),
        response_algorithm: Algorithm::ES256,
        id_token_algorithm: Algorithm::ES256,
    }
}

async fn register(running: &Running, own: &ClientConfiguration) {
    let metadata = json!({
        "client_id": "client",
        "redirect_uris": [REDIRECT_URI],
        "scope": "openid",
        "authorization_signed_response_alg": "ES256",
        "id_token_signed_response_alg": "ES256",
        "jwks": { "keys": [own.key.public_jwk()] },
        "countersign_profile": "fapi2-message-signing",
    });
    let id = own.client_id.clone();
    let added = client::add(running.server.issuer(), &id, &metadata.to_string(), running.server.now());
    assert!(added.commit(running.server.store()).await.unwrap().is_committed());
}

#[tokio::test]
async fn par_06_a_relying_party_begins_a_login_over_http() {
    let running = Running::start().await;
    let own = configuration(&running);
    register(&running, &own).await;
    let http = HttpClient::new(Trust::Only(Vec::new())).unwrap();
    let party = RelyingParty::discover(http, own).await.unwrap();
    let now = running.server.now();
    let (url, mut pending) = party.begin(now, &mut SystemEntropy).await.unwrap();
    let target = url.strip_prefix(running.server.issuer().as_str()).unwrap();
    assert!(target.starts_with("/authorize?client_id=client&request_uri="), "{url}");
    let page = running.send("GET", target, &[]).await;
    assert_eq!(page.status, 303, "{page:?}");
    assert!(page.header("location").unwrap().contains("/login?interaction="), "{page:?}");
    let forged = ReceivedResponse::parse(b"code=x&state=y", Encoding::Query).unwrap();
    let refused = party.receive(&mut pending, &forged, now).await.unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::ResponseMissing));
}

#[tokio::test]
async fn cauth_05_a_relying_party_hears_why_it_was_refused() {
    let running = Running::start().await;
    let http = HttpClient::new(Trust::Only(Vec::new())).unwrap();
    let party = RelyingParty::discover(http, configuration(&running)).await.unwrap();
    let refused = party.begin(running.server.now(), &mut SystemEntropy).await.unwrap_err();
    let ClientError::Answered(answer) = refused else { panic!("{refused}") };
    assert_eq!((answer.status, answer.error.as_deref()), (401, Some("invalid_client")));
    assert!(answer.description.is_some());
}

#[tokio::test]
async fn jarm_63_keys_are_fetched_again_once_in_a_cooldown() {
    let running = Running::start().await;
    let own = configuration(&running);
    let http = HttpClient::new(Trust::Only(Vec::new())).unwrap();
    let party = RelyingParty::discover(http.clone(), own).await.unwrap();
    let published: JwkSet = JwkSet::parse(running.send("GET", "/jwks", &[]).await.body).unwrap();
    let first = party.keys().current();
    assert_eq!(first.keys().len(), published.keys().len());
    let now = running.server.now();
    let second = party.keys().look_again(&http, &first, now).await.expect("the first look is free");
    assert!(party.keys().look_again(&http, &second, now.plus(29)).await.is_none(), "too soon");
    assert!(
        party.keys().look_again(&http, &first, now.plus(29)).await.is_some(),
        "newer keys are there already"
    );
    assert!(party.keys().look_again(&http, &second, now.plus(30)).await.is_some());
}

#[tokio::test]
async fn net_01_a_certificate_that_nobody_vouches_for_is_refused() {
    let (running, certificate) = Running::start_tls().await;
    let trusting = HttpClient::new(Trust::Only(vec![certificate.into()])).unwrap();
    let issuer = running.server.issuer();
    assert_eq!(discover(&trusting, issuer).await.unwrap().issuer, *issuer);
    let other_name = format!("https://127.0.0.1:{}/jwks", running.address.port());
    assert!(matches!(trusting.get(&other_name).await, Err(ClientError::Transport { .. })), "another name");
    let strict = HttpClient::new(Trust::Only(Vec::new())).unwrap();
    assert!(matches!(discover(&strict, issuer).await, Err(ClientError::Transport { .. })), "nobody vouches");
}
