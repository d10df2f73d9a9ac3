use std::fmt;
use std::io::ErrorKind;

use clap::Args;
use countersign_server::{AuthorizationServer, Listen, Listener, ServeError};
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use super::{Verdict, World};
use crate::config::{Config, Log, LogFormat};
use crate::failure::Refusal;
use crate::interrupt::Interrupt;
use crate::output::STRONG;

const EXAMPLES: &str = "\
Examples:
  countersign serve
  countersign serve --config countersign.toml
  COUNTERSIGN_ISSUER=https://as.example COUNTERSIGN_LISTEN=127.0.0.1:8080 countersign serve";

/// Run the authorization server until it is interrupted or told to end (SIGINT, SIGTERM); then finish what runs.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {}

impl Serve {
    pub(super) async fn run(self, world: &World) -> anyhow::Result<Verdict> {
        let config = world.config()?;
        log_to_standard_error(&config.log)?;
        let listen =
            Listen { tls: config.tls.clone(), admin_address: config.admin, ..Listen::on(config.listen) };
        let parts = config.open(world.now()).await?;
        let listener = Listener::bind(listen).await.map_err(|error| unbound(error, &config))?;
        let mut interrupt = Interrupt::listen()?;
        world.output.show(&Listening {
            issuer: config.settings.issuer.to_string(),
            address: listener.address().to_string(),
            admin_address: listener.admin_address().map(|address| address.to_string()),
            log_key: parts.keys.log_key().to_string(),
        })?;
        let server = AuthorizationServer::new(
            config.settings,
            parts.store,
            parts.keys,
            parts.evidence,
            world.clock.clone(),
        );
        listener.run(server, async move { interrupt.received().await }).await;
        Ok(Verdict::Held)
    }
}

/// An address that cannot be listened at is named with its configuration key.
fn unbound(error: ServeError, config: &Config) -> anyhow::Error {
    let ServeError::Bind { address, error } = error else { return error.into() };
    let key = if config.admin == Some(address) { "admin.listen" } else { "listen" };
    let wrong = match error.kind() {
        ErrorKind::AddrInUse => format!("{address} is in use by another program."),
        _ => format!("{address} cannot be listened at: {error}."),
    };
    let passes = format!("A free address of this machine in `{key}`, such as 127.0.0.1:8081.");
    Refusal::new(key, wrong, passes, "configuration").into()
}

fn log_to_standard_error(log: &Log) -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&log.directives)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let begun = match log.format {
        LogFormat::Pretty => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    begun.map_err(|error| anyhow::anyhow!("the log cannot begin: {error}"))
}

#[derive(Serialize)]
struct Listening {
    issuer: String,
    address: String,
    admin_address: Option<String>,
    log_key: String,
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{STRONG}Countersign{STRONG:#} is {}, at {}.", self.issuer, self.address)?;
        writeln!(f, "Its evidence log is signed by {}", self.log_key)?;
        if let Some(admin) = &self.admin_address {
            writeln!(f, "Metrics and health: http://{admin}/metrics")?;
        }
        write!(f, "A client: countersign client add --help. A person: countersign user add NAME.")
    }
}
