//! A server that listens on loopback, and raw requests to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_jose::seal::Sealer;
use countersign_protocol::parameter::Issuer;
use countersign_protocol::time::UnixTime;
use countersign_server::{
    AuthorizationServer, Clock, EvidenceKeeper, KeyRing, Limits, Listen, Listener, Settings, TlsFiles,
};
use countersign_storage::Store;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zeroize::Zeroizing;

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) server: AuthorizationServer,
    pub(crate) shutdown: oneshot::Sender<()>,
    pub(crate) ended: JoinHandle<()>,
    _folder: TempDir,
}

struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "a test over real sockets runs in real time")]
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
    }
}

impl Running {
    /// A server whose issuer is where it listens.
    pub(crate) async fn start() -> Self {
        Self::start_as(|address| format!("http://{address}")).await
    }

    /// A server at `localhost` with a certificate of its own making, which is returned as PEM.
    pub(crate) async fn start_tls() -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let tls = TlsFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
        std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
        let issuer = |address: SocketAddr| format!("https://localhost:{}", address.port());
        (Self::start_with(Some(tls), issuer).await, made.cert.pem())
    }

    /// A server with the issuer that `issuer` makes of its address.
    pub(crate) async fn start_as(issuer: impl FnOnce(SocketAddr) -> String) -> Self {
        Self::start_with(None, issuer).await
    }

    async fn start_with(tls: Option<TlsFiles>, issuer: impl FnOnce(SocketAddr) -> String) -> Self {
        let limits = Limits {
            header_read: Duration::from_secs(2),
            body_read: Duration::from_secs(2),
            drain: Duration::from_secs(2),
            ..Limits::default()
        };
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listen = Listen { tls, admin_address: Some(any), limits, ..Listen::on(any) };
        let listener = Listener::bind(listen).await.unwrap();
        let (address, admin) = (listener.address(), listener.admin_address().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let issuer: Issuer = issuer(address).parse().unwrap();
        let server = server(issuer, path).await;
        let (shutdown, stopped) = oneshot::channel();
        let running = listener.run(server.clone(), async {
            let _ = stopped.await;
        });
        Self { address, admin, server, shutdown, ended: tokio::spawn(running), _folder: folder }
    }

    /// Sends a request without body.
    pub(crate) async fn send(&self, method: &str, target: &str, headers: &[&str]) -> Answer {
        self.send_body(method, target, headers, b"").await
    }

    /// Posts a form.
    pub(crate) async fn post(&self, target: &str, body: &[u8]) -> Answer {
        let form = "content-type: application/x-www-form-urlencoded";
        self.send_body("POST", target, &[form], body).await
    }

    pub(crate) async fn send_body(
        &self,
        method: &str,
        target: &str,
        headers: &[&str],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("host:")) {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        for header in headers {
            head.push_str(&format!("{header}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        exchange(self.address, &[head.as_bytes(), body].concat()).await
    }

    /// Asks the listener for administration.
    pub(crate) async fn ask_admin(&self, target: &str) -> Answer {
        let head = format!("GET {target} HTTP/1.1\r\nconnection: close\r\nhost: admin\r\n\r\n");
        exchange(self.admin, head.as_bytes()).await
    }
}

async fn server(issuer: Issuer, path: std::path::PathBuf) -> AuthorizationServer {
    let settings = Settings::new(issuer.clone());
    let store = Store::open(countersign_storage::Settings::Sqlite { path }).await.unwrap();
    let sealer = Sealer::new(Zeroizing::new([7; 32]));
    let now = MachineClock.now();
    let keys = KeyRing::open(store.clone(), issuer.clone(), sealer.clone(), &settings, now).await.unwrap();
    let evidence = EvidenceKeeper::new(store.clone(), issuer, sealer);
    AuthorizationServer::new(settings, store, keys, evidence, Arc::new(MachineClock))
}

/// An answer, read to the end of its connection.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header, if it came once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().filter_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        });
        let value = values.next();
        assert_eq!(values.next(), None, "{name} came twice");
        value
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("no end").unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
