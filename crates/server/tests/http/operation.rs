use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use countersign_server::{Listen, Listener, ServeError, TlsFiles};
use countersign_storage::{evidence_record, evidence_tree};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::running::Running;

#[tokio::test]
async fn metrics_count_refusals_by_reason_for_the_operator_only() {
    let running = Running::start().await;
    let answer = running.post("/par", b"client_id=%zz&state=very-secret-state").await;
    assert_eq!(answer.status, 400);
    running.send("GET", "/very-secret-path?code=very-secret-code", &[]).await;
    running.send("BREW", "/par", &[]).await;
    let figures = running.ask_admin("/metrics").await;
    assert_eq!(
        figures.header("content-type").unwrap(),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    for line in [
        r#"countersign_requests_total{route="/par",method="POST",status="400"} 1"#,
        r#"countersign_requests_total{route="unknown",method="GET",status="404"} 1"#,
        r#"countersign_requests_total{route="/par",method="other",status="405"} 1"#,
        r#"countersign_refusals_total{route="/par",reason="ParametersMalformed",rule="JAR-40"} 1"#,
        r#"countersign_request_duration_seconds_count{route="/par"} 2"#,
    ] {
        assert!(figures.body.contains(line), "{line}\n{}", figures.body);
    }
    assert!(!figures.body.contains("secret"), "{}", figures.body);
    assert_eq!(running.send("GET", "/metrics", &[]).await.status, 404, "not for everybody");
}

#[tokio::test]
async fn both_listeners_say_whether_the_server_lives_and_is_ready() {
    let running = Running::start().await;
    for (path, words) in [("/livez", "live\n"), ("/readyz", "ready\n")] {
        let public = running.send("GET", path, &[]).await;
        let admin = running.ask_admin(path).await;
        assert_eq!((public.status, public.body.as_str()), (200, words));
        assert_eq!((admin.status, admin.body.as_str()), (200, words));
    }
}

#[tokio::test]
async fn every_request_has_an_id_of_the_servers_own() {
    let running = Running::start().await;
    let mut seen = HashSet::new();
    for path in ["/", "/nowhere", "/par"] {
        let answer = running.send("GET", path, &["x-request-id: mine"]).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert!(id.len() == 16 && seen.insert(id), "{answer:?}");
    }
}

#[tokio::test]
async fn evidence_enters_the_log_while_the_server_runs() {
    let running = Running::start().await;
    let (store, issuer) = (running.server.store(), running.server.issuer());
    let entered = async {
        while evidence_tree::head(store, issuer).await.unwrap().is_none()
            || !evidence_record::pending(store, issuer, 1).await.unwrap().is_empty()
        {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(8), entered).await.expect("the leaves of the new keys are still pending");
}

#[tokio::test]
async fn a_shutdown_ends_the_server_and_its_work() {
    let running = Running::start().await;
    assert_eq!(running.send("GET", "/livez", &[]).await.status, 200);
    running.shutdown.send(()).unwrap();
    timeout(Duration::from_secs(8), running.ended).await.expect("it goes on").unwrap();
    for address in [running.address, running.admin] {
        assert!(TcpStream::connect(address).await.is_err(), "{address} still listens");
    }
}

#[tokio::test]
async fn atk_red_28_plain_http_is_for_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let address: SocketAddr = address.parse().unwrap();
        let refused = Listener::bind(Listen::on(address)).await;
        assert!(matches!(refused, Err(ServeError::PlainHttp(_))), "NET-06 {address}");
    }
    let control = Listener::bind(Listen::on("127.0.0.1:0".parse().unwrap())).await;
    assert!(control.is_ok());
}

#[tokio::test]
async fn a_listener_that_cannot_start_says_why() {
    let first = Listener::bind(Listen::on("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let Err(taken) = Listener::bind(Listen::on(first.address())).await else {
        panic!("the address was taken")
    };
    assert!(taken.to_string().contains(&first.address().to_string()), "{taken}");
    let files = TlsFiles { certificate: "/nowhere/c.pem".into(), key: "/nowhere/k.pem".into() };
    let listen = Listen { tls: Some(files), ..Listen::on("127.0.0.1:0".parse().unwrap()) };
    let Err(missing) = Listener::bind(listen).await else { panic!("there is no certificate") };
    assert!(missing.to_string().contains("/nowhere/c.pem"), "{missing}");
}
