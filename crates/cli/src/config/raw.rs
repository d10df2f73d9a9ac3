use std::collections::BTreeMap;

use countersign_server::Settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounds::Bounds;
use crate::failure::Refusal;

/// The configuration file of Countersign (TOML). Every key has a working default; unknown keys are refused.
///
/// Environment variables override the file: `COUNTERSIGN_` and the key in upper case, nested keys joined by two
/// underscores, such as COUNTERSIGN_ISSUER or COUNTERSIGN_DATABASE__URL. Lists are separated by commas.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawConfig {
    /// The issuer identifier: an https URL without query and fragment; http on loopback only. Everything stored
    /// belongs to it, so changing it later begins an empty server.
    pub(crate) issuer: String,
    /// The address to listen at. Default: loopback, at the port of the issuer or 8080. Plain http only on loopback.
    pub(crate) listen: Option<String>,
    /// The directory for everything that is kept in files. Relative to the working directory.
    pub(crate) data: String,
    /// Where everything is stored.
    pub(crate) database: RawDatabase,
    /// TLS; without it, only loopback is listened at.
    pub(crate) tls: Option<RawTls>,
    /// The file that holds the master key (32 bytes, base64url), made at first start with mode 0600. Relative to
    /// `data`. The environment variable COUNTERSIGN_MASTER_KEY, holding the key itself, takes its place.
    pub(crate) master_key_file: String,
    /// The weakest profile that a client may be registered under: baseline, fapi2-security, fapi2-message-signing.
    pub(crate) minimum_profile: String,
    /// The profile of new clients whose metadata names none.
    pub(crate) new_client_profile: String,
    /// The algorithms this server has signing keys for, the preferred one first.
    pub(crate) signing_algorithms: Vec<String>,
    /// The scope words, and what each means to the person who consents; empty for the standard ones, which the consent
    /// page explains in its own words.
    pub(crate) scopes: BTreeMap<String, String>,
    /// How long things live, in seconds.
    pub(crate) lifetimes: RawLifetimes,
    /// Metrics and health, for whoever operates the server.
    pub(crate) admin: RawAdmin,
    /// What is logged to standard error.
    pub(crate) log: RawLog,
}

/// Where everything is stored.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawDatabase {
    /// A PostgreSQL server: postgresql://user:password@host/database. Without it, SQLite is used.
    pub(crate) url: Option<String>,
    /// The SQLite file, relative to `data`.
    pub(crate) path: String,
    /// How many PostgreSQL connections at most, 1 to 1000.
    pub(crate) pool_size: u64,
}

/// TLS of the listener.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTls {
    /// The certificate chain, PEM, the server's own certificate first.
    pub(crate) certificate: String,
    /// The private key of the certificate, PEM.
    pub(crate) key: String,
}

/// Lifetimes in seconds. That of a code is fixed by the client's profile.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawLifetimes {
    /// A pushed request until the browser arrives: 5 to 599 (PAR-09).
    pub(crate) pushed_request: u64,
    /// An authorization in progress, login and consent: 60 to 3600.
    pub(crate) interaction: u64,
    /// An access token: 10 to 3600 (TOK-08).
    pub(crate) access_token: u64,
    /// An ID token: 10 to 3600.
    pub(crate) id_token: u64,
    /// A refresh token: 60 to 31536000 (RT-06).
    pub(crate) refresh_token: u64,
    /// A person's login: 60 to 2592000.
    pub(crate) session: u64,
    /// A signed answer: 10 to 600 (JARM-20).
    pub(crate) answer: u64,
    /// A signing key until the next one takes over: 3600 to 63072000.
    pub(crate) signing_key: u64,
}

/// Metrics and health, for whoever operates the server.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawAdmin {
    /// A loopback address for /metrics, /livez and /readyz in plain http, such as 127.0.0.1:9080. None by default.
    pub(crate) listen: Option<String>,
}

/// What is logged to standard error.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawLog {
    /// error, warn, info, debug, trace, or directives such as info,countersign_storage=debug.
    pub(crate) level: String,
    /// pretty or json.
    pub(crate) format: String,
}

impl RawConfig {
    /// Reads a table; an error names the key.
    pub(super) fn deserialize_from(table: toml::Table) -> Result<Self, Refusal> {
        Self::deserialize(table).map_err(|error| {
            let text = error.to_string();
            let inside = text.rsplit_once("in `").and_then(|(_, rest)| rest.trim_end().strip_suffix('`'));
            let unknown =
                error.message().strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
            let key = [inside, unknown].into_iter().flatten().collect::<Vec<_>>().join(".");
            let key = if key.is_empty() { "configuration".to_owned() } else { key };
            let wrong = format!("{}.", in_plain_words(error.message()));
            match Bounds::of(&key) {
                Some(bounds) => bounds.refuse(wrong),
                None => {
                    let passes = "A key and a type as in `countersign config schema`.";
                    Refusal::new(key, wrong, passes, "configuration")
                }
            }
        })
    }
}

/// What the reader says, without the names of this program's own types.
fn in_plain_words(message: &str) -> String {
    match message.split_once("expected struct Raw") {
        Some((found, _)) => format!("{found}expected a table"),
        None => message.replace("expected u64", "expected a whole number"),
    }
}

impl Default for RawConfig {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8080".to_owned(),
            listen: None,
            data: "./countersign-data".to_owned(),
            database: RawDatabase::default(),
            tls: None,
            master_key_file: "master.key".to_owned(),
            minimum_profile: "baseline".to_owned(),
            new_client_profile: "fapi2-message-signing".to_owned(),
            signing_algorithms: ["ES256", "PS256", "EdDSA"].map(str::to_owned).to_vec(),
            scopes: Settings::STANDARD_SCOPES.map(|word| (word.to_owned(), String::new())).into(),
            lifetimes: RawLifetimes::default(),
            admin: RawAdmin::default(),
            log: RawLog::default(),
        }
    }
}

impl Default for RawDatabase {
    fn default() -> Self {
        Self { url: None, path: "countersign.db".to_owned(), pool_size: 16 }
    }
}

impl Default for RawLifetimes {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            pushed_request: 90,
            interaction: 600,
            access_token: 300,
            id_token: 300,
            refresh_token: 30 * DAY,
            session: 8 * 60 * 60,
            answer: 120,
            signing_key: 90 * DAY,
        }
    }
}

impl Default for RawLog {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: "pretty".to_owned() }
    }
}
