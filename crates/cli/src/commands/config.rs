use std::collections::BTreeMap;
use std::fmt;

use clap::Subcommand;
use serde::Serialize;

use super::{Verdict, World};
use crate::config::{Config, RawConfig, VARIABLES};
use crate::words::duration;

/// Check the configuration, or print its schema.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read file and environment as `serve` would, and say what they come to
    Check,
    /// Print the JSON Schema of the configuration file, with the environment variables
    Schema,
}

impl ConfigCommand {
    pub(super) fn run(self, world: &World) -> anyhow::Result<Verdict> {
        match self {
            Self::Check => world.output.show(&InForce::of(&world.config()?))?,
            Self::Schema => world.output.show(&Schema::new()?)?,
        }
        Ok(Verdict::Held)
    }
}

/// The configuration in force; nothing secret.
#[derive(Serialize)]
struct InForce {
    issuer: String,
    listen: String,
    tls: bool,
    database: String,
    data: String,
    master_key: String,
    minimum_profile: String,
    new_client_profile: String,
    signing_algorithms: Vec<String>,
    scopes: BTreeMap<String, String>,
    lifetimes: BTreeMap<&'static str, u64>,
    notes: Vec<&'static str>,
}

impl InForce {
    fn of(config: &Config) -> Self {
        let settings = &config.settings;
        let lives = settings.lifetimes;
        Self {
            issuer: settings.issuer.to_string(),
            listen: config.listen.to_string(),
            tls: config.tls.is_some(),
            database: match &config.database {
                countersign_storage::Settings::Sqlite { path } => format!("SQLite {}", path.display()),
                countersign_storage::Settings::Postgres { pool_size, .. } => {
                    format!("PostgreSQL, at most {pool_size} connections")
                }
            },
            data: config.data.display().to_string(),
            master_key: match &config.master_key {
                crate::config::MasterKeySource::Environment(_) => "the environment".to_owned(),
                crate::config::MasterKeySource::File(path) => path.display().to_string(),
            },
            minimum_profile: settings.minimum_profile.to_string(),
            new_client_profile: config.new_client_profile.to_string(),
            signing_algorithms: settings.signing_algorithms.iter().map(ToString::to_string).collect(),
            scopes: settings
                .scopes
                .iter()
                .map(|text| (text.word.clone(), text.meaning.clone().unwrap_or_default()))
                .collect(),
            lifetimes: BTreeMap::from([
                ("pushed_request", lives.pushed_request),
                ("interaction", lives.interaction),
                ("access_token", lives.access_token),
                ("id_token", lives.id_token),
                ("refresh_token", lives.refresh_token),
                ("session", lives.session),
                ("answer", lives.answer),
                ("signing_key", lives.signing_key),
            ]),
            notes: notes(config),
        }
    }
}

/// What holds, and still wants something that this program cannot see.
fn notes(config: &Config) -> Vec<&'static str> {
    let behind_a_proxy = config.tls.is_none() && !config.settings.issuer.is_plain_http();
    let proxy = "the issuer is https and the listener speaks plain http on loopback: a TLS proxy in front of it is \
                 expected; or give tls.certificate and tls.key.";
    behind_a_proxy.then_some(proxy).into_iter().collect()
}

impl fmt::Display for InForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The configuration holds.\n")?;
        let transport = if self.tls { "TLS" } else { "plain http, loopback only" };
        for (name, value) in [
            ("issuer", self.issuer.clone()),
            ("listen", format!("{} ({transport})", self.listen)),
            ("database", self.database.clone()),
            ("data", self.data.clone()),
            ("master key", self.master_key.clone()),
            (
                "profiles",
                format!("{} for new clients, {} at least", self.new_client_profile, self.minimum_profile),
            ),
            ("signs with", self.signing_algorithms.join(", ")),
            ("scopes", self.scopes.keys().cloned().collect::<Vec<_>>().join(", ")),
        ] {
            writeln!(f, "{name:<12}{value}")?;
        }
        for (name, seconds) in &self.lifetimes {
            writeln!(f, "{:<12}{name} {}", "lifetime", duration(*seconds))?;
        }
        for note in &self.notes {
            writeln!(f, "\nNote: {note}")?;
        }
        Ok(())
    }
}

/// The schema of the file and the variables that override it.
#[derive(Serialize)]
struct Schema {
    schema: serde_json::Value,
    environment: BTreeMap<String, String>,
}

impl Schema {
    fn new() -> anyhow::Result<Self> {
        let schema = serde_json::to_value(schemars::schema_for!(RawConfig))?;
        let variable = |path: &str| format!("COUNTERSIGN_{}", path.replace('.', "__").to_uppercase());
        let environment = VARIABLES.iter().map(|(path, _)| (variable(path), (*path).to_owned())).collect();
        Ok(Self { schema, environment })
    }
}

/// Without `--json` too, a schema is JSON: alone, as editors take it.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.schema)
    }
}
