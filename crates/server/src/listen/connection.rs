use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::ServiceExt;

use super::{Limits, Peer, Terms, over};

/// What ends a connection early. Of interest to nobody but whoever debugs the peer.
type Ended = Box<dyn Error + Send + Sync>;

/// Bytes of a body that an HTTP/2 peer may send before somebody reads them.
const WINDOW: u32 = 64 * 1024;

/// Serves one connection to its end: TLS if this listener has it, then HTTP/2 or HTTP/1.1.
///
/// Plain connections speak HTTP/1.1 only: without ALPN there is nothing to agree on HTTP/2 by.
pub(super) async fn serve(terms: &Terms, stream: TcpStream, peer: SocketAddr) -> Result<(), String> {
    let told = |error: Ended| error.to_string();
    let Some(tls) = &terms.tls else { return serve_http1(terms, stream, peer).await.map_err(told) };
    let handshake = tls.acceptor().accept(stream);
    let stream = timeout(terms.limits.handshake, handshake)
        .await
        .map_err(|_| "the TLS handshake took too long".to_owned())?
        .map_err(|error| error.to_string())?;
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_http2(terms, stream, peer).await.map_err(told)
    } else {
        serve_http1(terms, stream, peer).await.map_err(told)
    }
}

async fn serve_http1<S>(terms: &Terms, stream: S, peer: SocketAddr) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Limits { header_read, header_bytes, .. } = terms.limits;
    let requests = Requests::new(terms, peer);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read)
        .max_header_size(header_bytes)
        .max_buf_size(header_bytes.max(64 * 1024))
        .serve_connection(TokioIo::new(stream), service_fn(|request| requests.clone().answer(request)));
    drive(connection, requests.running.subscribe(), terms).await
}

async fn serve_http2<S>(terms: &Terms, stream: S, peer: SocketAddr) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let requests = Requests::new(terms, peer);
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(terms.limits.streams)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(2 * WINDOW)
        .max_header_list_size(terms.limits.header_bytes.try_into().unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(terms.limits.header_read)
        .serve_connection(TokioIo::new(stream), service_fn(|request| requests.clone().answer(request)));
    drive(connection, requests.running.subscribe(), terms).await
}

/// Runs a connection until it ends, idles for too long, or the server shuts down. In the last two cases it takes no
/// further request, finishes those that run, and is cut off when that takes too long.
async fn drive<C>(connection: C, mut running: watch::Receiver<usize>, terms: &Terms) -> Result<(), Ended>
where
    C: GracefulConnection,
    C::Error: Into<Ended>,
{
    let mut shutdown = terms.shutdown.clone();
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended.map_err(Into::into),
        () = over(&mut shutdown) => {}
        () = idle_for(&mut running, terms.limits.idle) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        ended = connection => ended.map_err(Into::into),
        () = sleep_until(Instant::now() + terms.limits.drain) => Err("cut off".into()),
    }
}

/// Waits until no request ran for this long.
async fn idle_for(running: &mut watch::Receiver<usize>, limit: Duration) {
    loop {
        let _ = running.wait_for(|count| *count == 0).await;
        tokio::select! {
            () = sleep(limit) => return,
            _ = running.changed() => {}
        }
    }
}

/// Answers the requests of one connection and counts those that run.
#[derive(Clone)]
struct Requests {
    app: Router,
    peer: Peer,
    running: Arc<watch::Sender<usize>>,
}

impl Requests {
    fn new(terms: &Terms, peer: SocketAddr) -> Self {
        Self { app: terms.app.clone(), peer: Peer(peer), running: Arc::new(watch::Sender::new(0)) }
    }

    async fn answer(self, mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let _running = Running::begin(self.running);
        request.extensions_mut().insert(self.peer);
        self.app.oneshot(request).await
    }
}

/// One request that runs, until it is dropped: also when the peer went away.
struct Running(Arc<watch::Sender<usize>>);

impl Running {
    fn begin(count: Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|running| *running += 1);
        Self(count)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}
