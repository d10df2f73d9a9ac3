use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::AuthorizationServer;
use crate::background::Background;
use crate::health::{livez, readyz};
use crate::listen::{Entrance, Limits, Tls, TlsError, TlsFiles};
use crate::metrics::Metrics;
use crate::observe::observe;
use crate::router::router;

/// Where and on what terms a server listens.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address for browsers and clients. Port 0 takes a free one.
    pub address: SocketAddr,
    /// Its certificate. Without one only a loopback address is accepted (NET-01, NET-06).
    pub tls: Option<TlsFiles>,
    /// The address for `/metrics`, `/livez` and `/readyz`, in plain http: meant for loopback or a network of one's own.
    pub admin_address: Option<SocketAddr>,
    /// What a peer may cost.
    pub limits: Limits,
}

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Plain http would carry codes, tokens and passwords over a network.
    #[error(
        "{0} is no loopback address and has no certificate: plain http is for loopback only (NET-06); give a certificate and a key, or listen on 127.0.0.1 behind a TLS proxy"
    )]
    PlainHttp(SocketAddr),
    /// The address is taken, or is none of this machine.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Bound sockets of a server that does not answer yet.
pub struct Listener {
    socket: TcpListener,
    admin: Option<TcpListener>,
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    tls: Option<Tls>,
    limits: Limits,
}

/// Listens and answers until `shutdown` completes; then finishes what runs.
///
/// # Errors
/// [`ServeError`], before anything was answered.
pub async fn serve(
    server: AuthorizationServer,
    listen: Listen,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    Listener::bind(listen).await?.run(server, shutdown).await;
    Ok(())
}

impl Listen {
    /// This address, without TLS, without an address for administration, and with the usual limits.
    pub fn on(address: SocketAddr) -> Self {
        Self { address, tls: None, admin_address: None, limits: Limits::default() }
    }
}

impl Listener {
    /// Reads the certificate and takes the addresses. From here on connections queue.
    ///
    /// # Errors
    /// [`ServeError`]
    pub async fn bind(listen: Listen) -> Result<Self, ServeError> {
        let Listen { address, tls, admin_address, limits } = listen;
        if tls.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err(ServeError::PlainHttp(address));
        }
        let tls = tls.as_ref().map(Tls::load).transpose()?;
        let (socket, address) = take(address).await?;
        let (admin, admin_address) = match admin_address {
            Some(wanted) => take(wanted).await.map(|(socket, taken)| (Some(socket), Some(taken)))?,
            None => (None, None),
        };
        Ok(Self { socket, admin, address, admin_address, tls, limits })
    }

    /// Where browsers and clients find it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the operator finds its metrics.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Answers until `shutdown` completes, then finishes what runs, and puts the last evidence into the log.
    pub async fn run(self, server: AuthorizationServer, shutdown: impl Future<Output = ()>) {
        let Self { socket, admin, tls, limits, address, .. } = self;
        let metrics = Metrics::new();
        let (close, closing) = watch::channel(false);
        let background = Background::start(server.clone(), &metrics);
        let active = metrics.connections();
        let public = Entrance { socket, tls, limits, active }
            .serve(router(server.clone(), limits, metrics.clone()), closing.clone());
        let administration = async {
            if let Some(socket) = admin {
                let entrance = Entrance { socket, tls: None, limits, active: Default::default() };
                entrance.serve(administration(server, metrics), closing).await;
            }
        };
        tracing::info!(%address, "listening");
        let stop = async {
            shutdown.await;
            tracing::info!("shutting down");
            close.send_replace(true);
        };
        tokio::join!(public, administration, stop);
        background.stop().await;
    }
}

async fn take(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let bind = async {
        let socket = TcpListener::bind(address).await?;
        let taken = socket.local_addr()?;
        Ok((socket, taken))
    };
    bind.await.map_err(|error| ServeError::Bind { address, error })
}

/// What only whoever operates the server may ask.
fn administration(server: AuthorizationServer, metrics: Metrics) -> Router {
    let exposition = get(async |State(metrics): State<Metrics>| metrics.exposition());
    let health = Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).with_state(server);
    let app = Router::new().route("/metrics", exposition).with_state(metrics.clone()).merge(health);
    observe(app, metrics)
}
