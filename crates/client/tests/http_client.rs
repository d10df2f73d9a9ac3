//! What a server can do to a relying party with HTTP alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use countersign_client::{ClientError, HttpClient, Trust, discover, fetch_keys};
use countersign_protocol::parameter::Issuer;
use countersign_protocol::reason::Reason;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that gives the answer that `answers` makes of each request.
struct Server {
    origin: String,
    asked: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

async fn server(answers: impl Fn(&str, &str) -> Vec<u8> + Send + 'static) -> Server {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://{}", socket.local_addr().unwrap());
    let (asked, heads) = (Arc::new(AtomicUsize::new(0)), Arc::<Mutex<Vec<String>>>::default());
    let server = Server { origin: origin.clone(), asked: asked.clone(), heads: heads.clone() };
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = socket.accept().await.unwrap();
            let mut head = vec![0; 8192];
            let read = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            asked.fetch_add(1, Ordering::SeqCst);
            heads.lock().unwrap().push(head);
            let _ = stream.write_all(&answers(&path, &origin)).await;
        }
    });
    server
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn metadata(issuer: &str) -> String {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
    })
    .to_string()
}

fn http() -> HttpClient {
    HttpClient::new(Trust::Only(Vec::new())).unwrap()
}

#[tokio::test]
async fn meta_03_metadata_of_another_issuer_is_refused() {
    let honest = server(|_, origin| answer("200 OK", &metadata(origin))).await;
    let issuer: Issuer = honest.origin.parse().unwrap();
    assert_eq!(discover(&http(), &issuer).await.unwrap().issuer, issuer);
    for claimed in ["https://evil.example", "http://localhost"] {
        let lying = server(move |_, _| answer("200 OK", &metadata(claimed))).await;
        let refused = discover(&http(), &lying.origin.parse().unwrap()).await.unwrap_err();
        assert_eq!(refused.reason(), Some(Reason::MetadataIssuer), "{claimed}");
    }
    let slash = server(|_, origin| answer("200 OK", &metadata(&format!("{origin}/")))).await;
    let refused = discover(&http(), &slash.origin.parse().unwrap()).await.unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::MetadataIssuer), "compared to the letter");
}

#[tokio::test]
async fn meta_01_both_well_known_addresses_are_known() {
    let openid_only = server(|path, origin| match path {
        "/tenant/.well-known/openid-configuration" => {
            answer("200 OK", &metadata(&format!("{origin}/tenant")))
        }
        _ => answer("404 Not Found", ""),
    })
    .await;
    let issuer: Issuer = format!("{}/tenant", openid_only.origin).parse().unwrap();
    assert_eq!(discover(&http(), &issuer).await.unwrap().issuer, issuer);
    let heads = openid_only.heads.lock().unwrap().clone();
    assert!(heads[0].starts_with("GET /.well-known/oauth-authorization-server/tenant "), "{heads:?}");
    let broken = server(|_, _| answer("500 Oops", "{}")).await;
    assert!(discover(&http(), &broken.origin.parse().unwrap()).await.is_err());
    assert_eq!(broken.asked.load(Ordering::SeqCst), 1, "only an absent document is looked for elsewhere");
}

#[tokio::test]
async fn meta_07_redirects_sizes_and_types_are_refused() {
    let target = server(|_, origin| answer("200 OK", &metadata(origin))).await;
    let location = target.origin.clone();
    let redirecting = server(move |_, _| answer(&format!("302 Found\r\nlocation: {location}/x"), "")).await;
    let refused = discover(&http(), &redirecting.origin.parse().unwrap()).await.unwrap_err();
    assert!(matches!(refused, ClientError::Answered(answer) if answer.status == 302));
    assert_eq!(target.asked.load(Ordering::SeqCst), 0, "nobody went there");

    let large = server(|_, origin| {
        let padded = metadata(origin).replacen('{', &format!("{{{}", " ".repeat(600 * 1024)), 1);
        answer("200 OK", &padded)
    })
    .await;
    let refused = discover(&http(), &large.origin.parse().unwrap()).await.unwrap_err();
    assert!(matches!(refused, ClientError::TooLarge { .. }), "{refused}");

    for wrong in ["[]", "", "<html>", r#"{"issuer":1}"#, r#"{"issuer":"http://x","issuer":"http://x"}"#] {
        let server = server(move |_, _| answer("200 OK", wrong)).await;
        let refused = discover(&http(), &server.origin.parse().unwrap()).await.unwrap_err();
        assert!(matches!(refused, ClientError::Document { .. }), "{wrong}: {refused}");
    }
}

#[tokio::test]
async fn jwks_04_a_key_set_that_does_not_hold_is_refused_whole() {
    let private = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}"#;
    for wrong in [private, r#"{"keys":1}"#, "{}", "no json"] {
        let server = server(move |_, _| answer("200 OK", wrong)).await;
        let refused = fetch_keys(&http(), &format!("{}/jwks", server.origin)).await.unwrap_err();
        assert!(matches!(refused, ClientError::Keys { .. }), "{wrong}: {refused}");
    }
}

/// The expected issuer's key set is huge, redirects, or never ends: bounded time and memory, and nobody else is asked.
#[tokio::test]
async fn atk_jarm_35_a_hostile_key_set_costs_little() {
    let jwks = |server: &Server| format!("{}/jwks", server.origin);
    let good = server(|_, _| answer("200 OK", r#"{"keys":[]}"#)).await;
    assert!(fetch_keys(&http(), &jwks(&good)).await.is_ok(), "the control");

    let huge = server(|_, _| answer("200 OK", &format!("{{\"keys\":[{}]}}", " ".repeat(4 << 20)))).await;
    let refused = fetch_keys(&http(), &jwks(&huge)).await.unwrap_err();
    assert!(matches!(refused, ClientError::TooLarge { .. }), "ATK-JARM-35 huge: {refused}");

    let location = good.origin.clone();
    let redirecting =
        server(move |_, _| answer(&format!("307 Moved\r\nlocation: {location}/jwks"), "")).await;
    let before = good.asked.load(Ordering::SeqCst);
    let refused = fetch_keys(&http(), &jwks(&redirecting)).await.unwrap_err();
    assert!(
        matches!(refused, ClientError::Answered(answer) if answer.status == 307),
        "ATK-JARM-35 redirecting"
    );
    assert_eq!(good.asked.load(Ordering::SeqCst), before, "ATK-JARM-35: nobody went there");

    let started = std::time::Instant::now();
    let slow = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/jwks", slow.local_addr().unwrap());
    let refused = fetch_keys(&http(), &url).await.unwrap_err();
    assert!(matches!(refused, ClientError::Transport { .. }), "ATK-JARM-35 silent: {refused}");
    assert!(started.elapsed().as_secs() < 15, "ATK-JARM-35 silent");
}

#[tokio::test]
async fn what_is_good_once_is_sent_once() {
    let failing = server(|_, _| Vec::new()).await;
    let form = [("code", "very secret".to_owned())];
    let url = format!("{}/token?code=secret", failing.origin);
    let broken = http().post_form(&url, &form, "proof").await.unwrap_err();
    assert!(matches!(broken, ClientError::Transport { .. }), "{broken}");
    assert!(!format!("{broken} {broken:?}").contains("secret"), "{broken:?}");
    assert_eq!(failing.asked.load(Ordering::SeqCst), 1, "no retry");
    let head = failing.heads.lock().unwrap()[0].to_ascii_lowercase();
    assert!(
        head.contains("dpop: proof") && head.contains("content-type: application/x-www-form-urlencoded"),
        "{head}"
    );
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    for wrong in ["no certificate", "", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        assert!(HttpClient::new(Trust::Only(vec![wrong.into()])).is_err(), "{wrong}");
    }
}
