//! The listener: takes connections, bounds what they may cost, and hands their requests on.
//!
//! Nothing here knows OAuth. A peer that is slow, oversized or malformed is cut off before a handler sees it
//! (ATK-DOS-10), and a handler that panics takes nobody with it (ATK-DOS-12).

mod connection;
mod guard;
mod isolation;
mod limits;
mod peers;
#[cfg(test)]
mod tests;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub(crate) use guard::guard;
pub use limits::Limits;
pub(crate) use peers::network;
pub(crate) use tls::Tls;
pub use tls::{TlsError, TlsFiles};

use peers::{Held, Peers};

/// Where a request came from: the other end of its connection. Every request carries it as an extension.
///
/// No header decides it, so nobody can pretend to come from elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A bound socket and the terms on which it is entered.
pub(crate) struct Entrance {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: Limits,
    /// Counts the connections that are being served.
    pub(crate) active: Gauge,
}

/// Everything a connection needs to be served.
#[derive(Clone)]
struct Terms {
    app: Router,
    tls: Option<Tls>,
    limits: Limits,
    active: Gauge,
    peers: Peers,
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    shutdown: watch::Receiver<bool>,
}

impl Entrance {
    /// Serves connections until `shutdown` says true, then lets running answers finish, for as long as
    /// [`Limits::drain`] allows.
    pub(crate) async fn serve(self, app: Router, mut shutdown: watch::Receiver<bool>) {
        let Self { socket, tls, limits, active } = self;
        let terms = Terms {
            app,
            tls,
            limits,
            active,
            peers: Peers::new(limits.connections_per_peer),
            places: Arc::new(Semaphore::new(limits.connections)),
            waiting: Arc::new(Semaphore::new(limits.waiting)),
            shutdown: shutdown.clone(),
        };
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = over(&mut shutdown) => break,
                Some(_) = connections.join_next() => {}
                accepted = socket.accept() => match accepted {
                    Ok((stream, peer)) => admit(&mut connections, &terms, stream, peer),
                    Err(error) => pause(&error).await,
                }
            }
        }
        drop(socket);
        let finished = async { while connections.join_next().await.is_some() {} };
        if timeout(limits.drain, finished).await.is_err() {
            tracing::warn!(left = connections.len(), "cut connections off that did not finish in time");
        }
        connections.shutdown().await;
    }
}

/// Completes when the server shuts down.
async fn over(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|over| *over).await;
}

/// What a connection that is served takes from the others.
struct Place {
    _place: OwnedSemaphorePermit,
    _held: Option<Held>,
}

/// Gives a connection a place, lets it wait for one, or closes it.
fn admit(connections: &mut JoinSet<()>, terms: &Terms, stream: TcpStream, peer: SocketAddr) {
    let held = match terms.peers.hold(peer.ip()) {
        Some(held) => Some(held),
        None if is_proxy(terms, peer) => None,
        None => return tracing::warn!(peer = %peer.ip(), "closed a connection: its peer has enough of them"),
    };
    if let Ok(place) = terms.places.clone().try_acquire_owned() {
        connections.spawn(serve(terms.clone(), stream, peer, Place { _place: place, _held: held }));
    } else if let Ok(seat) = terms.waiting.clone().try_acquire_owned() {
        let terms = terms.clone();
        connections.spawn(async move {
            let place = timeout(terms.limits.wait, terms.places.clone().acquire_owned()).await;
            drop(seat);
            if let Ok(Ok(place)) = place {
                serve(terms, stream, peer, Place { _place: place, _held: held }).await;
            }
        });
    } else {
        tracing::warn!("closed a connection: every place is taken");
    }
}

/// Plain http from loopback is how a TLS proxy comes in (NET-06): it brings everybody's requests, and counts peers
/// itself.
fn is_proxy(terms: &Terms, peer: SocketAddr) -> bool {
    terms.tls.is_none() && peer.ip().to_canonical().is_loopback()
}

async fn serve(terms: Terms, stream: TcpStream, peer: SocketAddr, place: Place) {
    let _ = stream.set_nodelay(true);
    terms.active.inc();
    if let Err(error) = connection::serve(&terms, stream, peer).await {
        tracing::debug!(%peer, error, "a connection ended early");
    }
    terms.active.dec();
    drop(place);
}

/// Accepting failed. What is not the fault of one connection, such as too many open files, needs time to pass.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept connections");
        sleep(Duration::from_millis(100)).await;
    }
}
