//! Raw bytes against a real listener on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use prometheus_client::metrics::gauge::Gauge;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Entrance, Limits, Tls, TlsFiles, guard};

/// Short enough for a test, long enough for a busy machine.
fn limits() -> Limits {
    Limits {
        handshake: Duration::from_millis(700),
        header_read: Duration::from_millis(700),
        idle: Duration::from_millis(1500),
        body_read: Duration::from_millis(700),
        request: Duration::from_secs(5),
        drain: Duration::from_secs(5),
        wait: Duration::from_millis(300),
        ..Limits::default()
    }
}

struct Running {
    address: SocketAddr,
    shutdown: watch::Sender<bool>,
    ended: JoinHandle<()>,
}

fn app() -> Router {
    Router::new()
        .route("/", get(async || "here"))
        .route("/echo", post(async |body: Bytes| body.len().to_string()))
        .route(
            "/slow",
            get(async || {
                sleep(Duration::from_millis(900)).await;
                "finished"
            }),
        )
        .route("/panic", get(panics))
}

async fn panics() -> &'static str {
    panic!("secret words of the panic")
}

async fn listen(limits: Limits, tls: Option<Tls>) -> Running {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let (shutdown, over) = watch::channel(false);
    let entrance = Entrance { socket, tls, limits, active: Gauge::default() };
    let ended = tokio::spawn(entrance.serve(guard(app(), limits, "id.example"), over));
    Running { address, shutdown, ended }
}

/// Sends bytes and reads until the server closes the connection.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    read_to_close(&mut stream).await
}

async fn read_to_close(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut answer = Vec::new();
    let reading = async {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            answer.extend_from_slice(&chunk[..read]);
        }
    };
    timeout(Duration::from_secs(8), reading).await.expect("the server did not close the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

const GOOD: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

async fn assert_alive(address: SocketAddr) {
    let answer = exchange(address, GOOD.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
}

#[tokio::test]
async fn atk_dos_10_malformed_and_oversized_heads_are_refused() {
    let server = listen(limits(), None).await;
    let long_target =
        format!("GET /?{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a".repeat(33 * 1024));
    let long_header = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(60 * 1024));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    let post = "POST /echo HTTP/1.1\r\nhost: x\r\n";
    let smuggled = "0\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    for (what, request, expected) in [
        (
            "length and chunks",
            format!("{post}content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n{smuggled}"),
            "411",
        ),
        (
            "chunks and length",
            format!("{post}transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n{smuggled}"),
            "411",
        ),
        ("chunks", format!("{post}transfer-encoding: chunked\r\n\r\n{smuggled}"), "411"),
        ("unknown encoding", format!("{post}transfer-encoding: xchunked\r\n\r\n{smuggled}"), "400"),
        ("two lengths", format!("{post}content-length: 1\r\ncontent-length: 2\r\n\r\nab"), "400"),
        ("signed length", format!("{post}content-length: +1\r\n\r\na"), "400"),
        ("list of lengths", format!("{post}content-length: 1, 1\r\n\r\na"), "400"),
        ("space before colon", "GET / HTTP/1.1\r\nhost : x\r\n\r\n".to_owned(), "400"),
        ("folded header", "GET / HTTP/1.1\r\nhost: x\r\n folded\r\n\r\n".to_owned(), "400"),
        ("NUL in header", "GET / HTTP/1.1\r\nhost: \0x\r\n\r\n".to_owned(), "400"),
        ("no HTTP", "hello\r\n\r\n".to_owned(), "400"),
        ("long target", long_target, "414"),
        ("long header", long_header, "431"),
        ("many headers", many_headers, "431"),
    ] {
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{what}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{what}: one answer, nothing smuggled: {answer}");
    }
    assert_alive(server.address).await;
}

#[tokio::test]
async fn atk_par_18_a_large_body_is_refused_and_the_peer_hears_why() {
    let server = listen(limits(), None).await;
    let control = format!(
        "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        128 * 1024
    );
    let answer = exchange(server.address, &[control.as_bytes(), &vec![b'a'; 128 * 1024]].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("131072"), "{answer}");
    for size in [128 * 1024 + 1, 10 * 1024 * 1024] {
        let head = format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n");
        let answer = exchange(server.address, &[head.as_bytes(), &vec![b'a'; size]].concat()).await;
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("PAR-01"), "{size}: {answer}");
    }
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 10000000\r\n\r\n";
    let answer = exchange(server.address, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "not even invited: {answer}");
}

#[tokio::test]
async fn slow_heads_and_bodies_are_cut_off() {
    let server = listen(limits(), None).await;
    for (what, begun, expected) in [
        ("silence", "", ""),
        ("half a head", "POST /par HTTP/1.1\r\nhost: x\r\nx-", ""),
        ("an idle connection", "GET / HTTP/1.1\r\nhost: x\r\n\r\n", "HTTP/1.1 200"),
        ("half a body", "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc", "HTTP/1.1 408"),
    ] {
        let since = Instant::now();
        let answer = exchange(server.address, begun.as_bytes()).await;
        assert!(answer.starts_with(expected), "{what}: {answer}");
        assert!(since.elapsed() >= Duration::from_millis(600), "{what}: given its time");
        assert!(!expected.is_empty() || !answer.contains("200"), "{what}: {answer}");
    }
    assert_alive(server.address).await;
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_off_too() {
    let server = listen(limits(), None).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let since = Instant::now();
    for byte in "GET / HTTP/1.1\r\nhost: a.very.long.name.indeed.example\r\n\r\n".bytes() {
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let answer = read_to_close(&mut stream).await;
    assert!(!answer.contains("200"), "{answer}");
    assert!(since.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn atk_dos_12_a_panic_stays_with_its_request() {
    let server = listen(limits(), None).await;
    for _ in 0..3 {
        let request =
            "GET /panic HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("server_error"), "{answer}");
        assert!(!answer.contains("secret"), "{answer}");
        assert!(answer.ends_with("here"), "the same connection goes on: {answer}");
    }
    let page = exchange(
        server.address,
        b"GET /panic HTTP/1.1\r\nhost: x\r\naccept: text/html,*/*\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(page.starts_with("HTTP/1.1 500") && page.contains("id=\"error-code\">server_error"), "{page}");
    assert!(page.contains("frame-ancestors 'none'") && !page.contains("secret"), "{page}");
    assert_alive(server.address).await;
}

#[tokio::test]
async fn a_shutdown_lets_a_running_answer_finish() {
    let server = listen(limits(), None).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
    let running = tokio::spawn(exchange(server.address, request.as_bytes()));
    sleep(Duration::from_millis(300)).await;
    server.shutdown.send(true).unwrap();
    let answer = running.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("finished"), "{answer}");
    assert_eq!(read_to_close(&mut idle).await, "");
    timeout(Duration::from_secs(4), server.ended).await.expect("the listener did not end").unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let server = listen(Limits { drain: Duration::from_millis(100), ..limits() }, None).await;
    let running = tokio::spawn(exchange(server.address, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"));
    sleep(Duration::from_millis(300)).await;
    server.shutdown.send(true).unwrap();
    timeout(Duration::from_millis(450), server.ended).await.expect("the listener did not end").unwrap();
    assert!(!running.await.unwrap().contains("finished"));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_handshake() {
    let limits = Limits { drain: Duration::from_millis(100), handshake: Duration::from_secs(8), ..limits() };
    let (server, _) = listen_tls_within(limits).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    server.shutdown.send(true).unwrap();
    timeout(Duration::from_secs(3), server.ended).await.expect("the listener did not end").unwrap();
    assert_eq!(read_to_close(&mut silent).await, "");
}

#[tokio::test]
async fn connections_over_the_cap_wait_and_are_closed() {
    let server = listen(Limits { connections: 1, waiting: 1, ..limits() }, None).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(GOOD.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let since = Instant::now();
    assert_eq!(exchange(server.address, GOOD.as_bytes()).await, "", "no seat left: closed at once");
    assert!(since.elapsed() < Duration::from_millis(200));
    assert_eq!(read_to_close(&mut second).await, "", "waited in vain");
    assert!(read_to_close(&mut first).await.ends_with("finished"));
    assert_alive(server.address).await;
}

#[tokio::test]
async fn atk_dos_10_bodies_take_so_much_memory_and_no_more() {
    let server = listen(Limits { bodies_bytes: 1000, ..limits() }, None).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    let head = |size: usize| format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n");
    first.write_all(&[head(701).as_bytes(), &[b'a'; 700]].concat()).await.unwrap();
    sleep(Duration::from_millis(150)).await;
    let refused = exchange(server.address, &[head(400).as_bytes(), &[b'a'; 400]].concat()).await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("temporarily_unavailable"), "{refused}");
    let small = exchange(server.address, &[head(200).as_bytes(), &[b'a'; 200]].concat()).await;
    assert!(small.starts_with("HTTP/1.1 200") && small.ends_with("200"), "what fits is read: {small}");
    assert!(read_to_close(&mut first).await.starts_with("HTTP/1.1 408"));
    let freed = exchange(server.address, &[head(1000).as_bytes(), &[b'a'; 1000]].concat()).await;
    assert!(freed.ends_with("1000"), "all of it was given back: {freed}");
}

#[tokio::test]
async fn atk_dos_10_one_peer_does_not_take_every_connection() {
    let few = Limits { connections_per_peer: 2, handshake: Duration::from_secs(6), ..limits() };
    let (server, roots) = listen_tls_within(few).await;
    let mut held = vec![TcpStream::connect(server.address).await.unwrap()];
    held.push(TcpStream::connect(server.address).await.unwrap());
    sleep(Duration::from_millis(100)).await;
    let since = Instant::now();
    assert_eq!(exchange(server.address, b"").await, "", "the third is closed");
    assert!(since.elapsed() < Duration::from_secs(3), "at once");
    held.clear();
    sleep(Duration::from_millis(300)).await;
    connect_http2(&server, roots).await;
}

#[tokio::test]
async fn atk_dos_10_a_tls_proxy_on_loopback_is_not_one_peer() {
    let server = listen(Limits { connections_per_peer: 1, ..limits() }, None).await;
    let _held = TcpStream::connect(server.address).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    assert_alive(server.address).await;
}

#[tokio::test]
async fn atk_dos_10_http2_says_how_many_streams_it_takes() {
    let (server, roots) = listen_tls().await;
    let mut stream = connect_http2(&server, roots).await;
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "settings first");
    let mut settings = vec![0; usize::from(head[2])];
    stream.read_exact(&mut settings).await.unwrap();
    let streams = settings.chunks(6).find(|setting| setting[..2] == [0, 3]).unwrap();
    assert_eq!(streams[2..], 16_u32.to_be_bytes());
}

/// A listener with a certificate for `localhost`, and what a client needs to trust it.
async fn listen_tls() -> (Running, RootCertStore) {
    listen_tls_within(Limits { drain: Duration::from_millis(300), ..limits() }).await
}

async fn listen_tls_within(limits: Limits) -> (Running, RootCertStore) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    (listen(limits, Some(Tls::load(&files).unwrap())).await, roots)
}

fn client(
    roots: RootCertStore,
    version: &'static rustls::SupportedProtocolVersion,
    alpn: &[u8],
) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn net_01_tls_1_3_and_1_2_are_spoken() {
    let (server, roots) = listen_tls().await;
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = client(roots.clone(), version, b"http/1.1").connect(name, stream).await.unwrap();
        stream.write_all(GOOD.as_bytes()).await.unwrap();
        let answer = read_to_close(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{version:?}: {answer}");
    }
}

#[tokio::test]
async fn net_01_tls_1_1_is_refused() {
    let (server, _) = listen_tls().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&client_hello_1_1()).await.unwrap();
    let mut alert = Vec::new();
    timeout(Duration::from_secs(5), stream.read_to_end(&mut alert)).await.unwrap().unwrap();
    assert_eq!(alert.first(), Some(&21), "an alert: {alert:?}");
    assert_eq!(alert.last(), Some(&70), "protocol_version: {alert:?}");
}

/// The preface of an HTTP/2 client, with empty settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A frame on stream 1.
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
}

async fn connect_http2(server: &Running, roots: RootCertStore) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = client(roots, &rustls::version::TLS13, b"h2");
    let mut stream = connector.connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    stream.write_all(PREFACE).await.unwrap();
    stream
}

#[tokio::test]
async fn http2_requests_are_answered_and_bounded() {
    let (server, roots) = listen_tls().await;
    let mut stream = connect_http2(&server, roots.clone()).await;
    let get_root = [0x82, 0x87, 0x84, 0x01, 1, b'x'];
    stream.write_all(&frame(1, 0x5, &get_root)).await.unwrap();
    let answer = read_to_close(&mut stream).await;
    assert!(answer.contains("here"), "and an idle connection is closed: {answer:?}");

    let mut stream = connect_http2(&server, roots).await;
    let post_echo = [&[0x83, 0x87, 0x04, 5][..], b"/echo", &[0x01, 1, b'x']].concat();
    stream.write_all(&frame(1, 0x4, &post_echo)).await.unwrap();
    let mut settings = [0; 9];
    stream.read_exact(&mut settings).await.unwrap();
    let acknowledged = b"\0\0\0\x04\x01\0\0\0\0";
    stream.write_all(acknowledged).await.unwrap();
    for _ in 0..9 {
        stream.write_all(&frame(0, 0, &[b'a'; 16_000])).await.unwrap();
        // Far slower than the server opens its window.
        sleep(Duration::from_millis(50)).await;
    }
    let answer = read_to_close(&mut stream).await;
    assert!(
        answer.contains("PAR-01"),
        "a body of unknown length is cut off where it becomes too large: {answer:?}"
    );
}

/// A ClientHello of TLS 1.1, otherwise as a server would accept it.
fn client_hello_1_1() -> Vec<u8> {
    let extensions = [
        &[0, 10, 0, 4, 0, 2, 0, 23][..],  // supported_groups: secp256r1
        &[0, 11, 0, 2, 1, 0],             // ec_point_formats: uncompressed
        &[0, 13, 0, 6, 0, 4, 4, 3, 8, 4], // signature_algorithms
    ]
    .concat();
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0xc0, 0x09, 0xc0, 0x13, 1, 0]); // no session, two suites, no compression
    hello.extend((extensions.len() as u16).to_be_bytes());
    hello.extend(extensions);
    let mut record = vec![22, 3, 1];
    record.extend((hello.len() as u16 + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend((hello.len() as u16).to_be_bytes());
    record.extend(hello);
    record
}

#[tokio::test]
async fn atk_red_28_plain_http_to_a_tls_port_is_not_processed() {
    let (server, _) = listen_tls().await;
    let answer = exchange(server.address, GOOD.as_bytes()).await;
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
    let silent = exchange(server.address, b"").await;
    assert_eq!(silent, "", "a handshake that never comes is cut off");
}
