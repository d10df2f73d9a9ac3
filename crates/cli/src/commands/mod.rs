//! The commands, one a file.

mod client;
mod client_add;
mod config;
mod evidence;
mod evidence_records;
mod inspect;
mod keys;
mod migrate;
mod password;
mod serve;
mod user;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use countersign_jose::Algorithm;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::time::UnixTime;
use countersign_server::Clock;

use crate::config::Config;
use crate::demo::Demo;
use crate::output::Output;

/// What a command is given of the world around the program.
pub(crate) struct World {
    /// The clock of the machine.
    pub(crate) clock: Arc<dyn Clock>,
    /// The environment variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// The configuration file, if one is named.
    pub(crate) config_file: Option<PathBuf>,
    /// Where results go.
    pub(crate) output: Output,
}

/// How a command that ran to its end came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything that was checked held, or what was asked for is done.
    Held,
    /// Something that was checked is broken.
    Refused,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one complete flow, let an attacker try, and verify the evidence: all on this machine
    Demo(Demo),
    /// Run the authorization server (without a configuration: ./countersign-data, http://localhost:8080)
    Serve(serve::Serve),
    /// Bring the schema of the database up to date
    Migrate(migrate::Migrate),
    /// Register, list, show and disable clients
    #[command(subcommand)]
    Client(client::Client),
    /// Add, list and disable people who can log in, and change their passwords
    #[command(subcommand)]
    User(user::User),
    /// List and rotate the server's keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// List, show, export and verify evidence
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// Take a token, request URL or response URL apart and check every rule of its kind
    Inspect(inspect::Inspect),
    /// Check the configuration, or print its schema
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// The profiles as a value of the command line: `--help` lists them.
fn profile_values() -> impl TypedValueParser<Value = ProfileName> {
    PossibleValuesParser::new(ProfileName::ALL.map(ProfileName::as_str))
        .try_map(|name| name.parse::<ProfileName>())
}

/// The algorithms that a profile lists, as a value of the command line.
fn algorithm_values() -> impl TypedValueParser<Value = Algorithm> {
    let listed: Vec<&'static str> = Algorithm::ALL
        .into_iter()
        .filter(|algorithm| ProfileName::ALL.iter().any(|name| name.profile().algorithms.contains(algorithm)))
        .map(Algorithm::as_str)
        .collect();
    PossibleValuesParser::new(listed).try_map(|name| name.parse::<Algorithm>())
}

/// Makes a file that must not exist yet: nothing is ever written over.
fn new_file(options: &mut OpenOptions, file: &Path) -> anyhow::Result<File> {
    options.write(true).create_new(true).open(file).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            anyhow::anyhow!("it exists already and is not written over; choose a new name")
        }
        _ => error.into(),
    })
}

impl World {
    /// Now.
    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// The configuration in force.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        crate::config::load(self.config_file.as_deref(), &self.environment)
    }
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self, world: &World) -> anyhow::Result<Verdict> {
        match self {
            Self::Demo(command) => command.run(world).await,
            Self::Serve(command) => command.run(world).await,
            Self::Migrate(command) => command.run(world).await,
            Self::Client(command) => command.run(world).await,
            Self::User(command) => command.run(world).await,
            Self::Keys(command) => command.run(world).await,
            Self::Evidence(command) => command.run(world).await,
            Self::Inspect(command) => command.run(world).await,
            Self::Config(command) => command.run(world),
        }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Held => Self::SUCCESS,
            Verdict::Refused => Self::FAILURE,
        }
    }
}
