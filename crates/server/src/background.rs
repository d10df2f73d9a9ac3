use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::AuthorizationServer;
use crate::metrics::Metrics;

/// Rows of one table that one step of sweeping removes.
const BATCH: u64 = 500;

/// Steps of one round of sweeping.
const STEPS: usize = 20;

type Failed = Box<dyn Error + Send + Sync>;

/// What a server does while nobody asks: it forgets what expired, keeps its keys in order, and puts evidence into the
/// log. A round that fails, or even panics, is logged and counted, and the next one comes in its time.
pub(crate) struct Background {
    server: AuthorizationServer,
    tasks: JoinSet<()>,
}

impl Background {
    /// Begins all of it.
    pub(crate) fn start(server: AuthorizationServer, metrics: &Metrics) -> Self {
        let mut tasks = JoinSet::new();
        let (every, failures) = (Duration::from_millis, || metrics.clone());
        tasks.spawn(repeat("sweep", every(10_000), failures(), server.clone(), sweep));
        tasks.spawn(repeat("keys", every(2_000), failures(), server.clone(), maintain_keys));
        tasks.spawn(repeat("evidence", every(500), failures(), server.clone(), sequence_evidence));
        Self { server, tasks }
    }

    /// Ends it, with the evidence of the last answers in the log.
    pub(crate) async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Err(error) = sequence_evidence(self.server).await {
            tracing::warn!(error, "evidence waits for the next start to enter the log");
        }
    }
}

async fn repeat<W, F>(
    name: &'static str,
    every: Duration,
    metrics: Metrics,
    server: AuthorizationServer,
    work: W,
) where
    W: Fn(AuthorizationServer) -> F,
    F: Future<Output = Result<(), Failed>>,
{
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let problem = match AssertUnwindSafe(work(server.clone())).catch_unwind().await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "panicked".to_owned(),
        };
        metrics.background_failed(name);
        tracing::error!(work = name, problem, "background work failed; it is tried again");
    }
}

async fn sweep(server: AuthorizationServer) -> Result<(), Failed> {
    for _ in 0..STEPS {
        if !server.store().sweep(server.now(), BATCH).await?.more {
            break;
        }
    }
    Ok(())
}

async fn maintain_keys(server: AuthorizationServer) -> Result<(), Failed> {
    Ok(server.keys().maintain(server.now()).await?)
}

async fn sequence_evidence(server: AuthorizationServer) -> Result<(), Failed> {
    let integrated = server.evidence().sequence(server.keys(), server.now()).await?;
    if integrated > 0 {
        tracing::debug!(integrated, "evidence entered the log");
    }
    Ok(())
}
