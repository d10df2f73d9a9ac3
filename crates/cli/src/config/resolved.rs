use std::fs::{self, DirBuilder};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, bail};
use countersign_jose::{Algorithm, SystemEntropy};
use countersign_protocol::parameter::{Issuer, Scope};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::time::UnixTime;
use countersign_server::{EvidenceKeeper, KeyRing, KeyRingError, Lifetimes, ScopeText, Settings, TlsFiles};
use countersign_storage::{Store, signing_key};
use tracing_subscriber::EnvFilter;
use url::Url;
use zeroize::Zeroizing;

use super::bounds::LIFETIMES;
use super::raw::{RawConfig, RawDatabase, RawLifetimes, RawLog, RawTls};
use crate::failure::Refusal;

/// Configuration that holds: what exists here, works.
#[derive(Debug)]
pub(crate) struct Config {
    /// What the server itself is told.
    pub(crate) settings: Settings,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Certificate and key, if it speaks TLS itself.
    pub(crate) tls: Option<TlsFiles>,
    /// Where metrics and health are found.
    pub(crate) admin: Option<SocketAddr>,
    /// The directory for files.
    pub(crate) data: PathBuf,
    /// Where everything is stored.
    pub(crate) database: countersign_storage::Settings,
    /// Where the master key is.
    pub(crate) master_key: MasterKeySource,
    /// The profile of new clients whose metadata names none.
    pub(crate) new_client_profile: ProfileName,
    /// What is logged.
    pub(crate) log: Log,
}

/// What a server works with, opened.
pub(crate) struct Parts {
    /// The database.
    pub(crate) store: Store,
    /// The keys.
    pub(crate) keys: KeyRing,
    /// The evidence.
    pub(crate) evidence: EvidenceKeeper,
}

/// Where the master key comes from.
#[derive(Clone)]
pub(crate) enum MasterKeySource {
    /// The environment holds the key itself.
    Environment(Zeroizing<String>),
    /// A file holds it.
    File(PathBuf),
}

/// What is logged to standard error.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// `tracing` directives, checked.
    pub(crate) directives: String,
    /// How a line looks.
    pub(crate) format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For a person.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl std::fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Environment(_) => f.write_str("Environment(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Config {
    /// Opens the database, with its directory made if need be, and its schema brought up to date.
    pub(crate) async fn open_store(&self) -> anyhow::Result<Store> {
        self.make_data_directory()?;
        Ok(Store::open(self.database.clone()).await?)
    }

    /// Opens everything that a server works with; keys that are missing are made, the master key too.
    pub(crate) async fn open(&self, now: UnixTime) -> anyhow::Result<Parts> {
        let store = self.open_store().await?;
        let issuer = self.settings.issuer.clone();
        let sealer = match self.master_key.open_existing()? {
            Some(sealer) => sealer,
            // A new key would open none of what is there, and stand in the way of the lost one.
            None if !signing_key::list(&store, &issuer).await?.is_empty() => bail!(self.master_key.lost()),
            None => self.master_key.open(&mut SystemEntropy)?,
        };
        let keys = KeyRing::open(store.clone(), issuer.clone(), sealer.clone(), &self.settings, now).await;
        let keys = keys.map_err(|error| match error {
            KeyRingError::Seal(_) => self.master_key.wrong().into(),
            other => anyhow::Error::new(other),
        })?;
        let evidence = EvidenceKeeper::new(store.clone(), issuer, sealer);
        Ok(Parts { store, keys, evidence })
    }

    /// Makes the directory for files, readable by nobody else.
    fn make_data_directory(&self) -> anyhow::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.data)
            .with_context(|| format!("data: the directory {} cannot be made", self.data.display()))
    }
}

/// Parses and checks every value.
///
/// # Errors
/// The first key that does not hold: what was found, what would pass, by which rule.
pub(super) fn resolve(raw: RawConfig, master_key: Option<&str>) -> Result<Config, Refusal> {
    let issuer: Issuer = parse(
        "issuer",
        &raw.issuer,
        "An https URL such as https://as.example; http on loopback only.",
        "META-02",
    )?;
    let tls = raw.tls.map(tls).transpose()?;
    let listen = listen(raw.listen.as_deref(), &issuer, tls.is_some())?;
    let minimum_profile: ProfileName = profile("minimum_profile", &raw.minimum_profile)?;
    let new_client_profile = profile("new_client_profile", &raw.new_client_profile)?;
    if strength(new_client_profile) < strength(minimum_profile) {
        let wrong = format!("{new_client_profile} is weaker than minimum_profile, {minimum_profile}.");
        return Err(Refusal::new(
            "new_client_profile",
            wrong,
            "minimum_profile or a stronger one.",
            "REG-04",
        ));
    }
    let data = PathBuf::from(raw.data);
    let settings = Settings {
        issuer,
        minimum_profile,
        signing_algorithms: signing_algorithms(&raw.signing_algorithms, new_client_profile)?,
        scopes: scopes(raw.scopes)?,
        lifetimes: lifetimes(&raw.lifetimes)?,
    };
    Ok(Config {
        settings,
        listen,
        tls,
        admin: raw.admin.listen.as_deref().map(admin).transpose()?,
        database: database(raw.database, &data)?,
        master_key: match master_key {
            Some(key) => MasterKeySource::Environment(Zeroizing::new(key.to_owned())),
            None => MasterKeySource::File(data.join(&raw.master_key_file)),
        },
        data,
        new_client_profile,
        log: log(raw.log)?,
    })
}

fn parse<T: FromStr>(key: &str, found: &str, passes: &str, rule: &str) -> Result<T, Refusal>
where
    T::Err: std::fmt::Display,
{
    found
        .parse()
        .map_err(|error| Refusal::new(key, format!("{found:?} does not hold: {error}."), passes, rule))
}

fn profile(key: &str, found: &str) -> Result<ProfileName, Refusal> {
    parse(key, found, "baseline, fapi2-security or fapi2-message-signing.", "REG-04")
}

/// The place of a profile among all, the weakest first.
pub(crate) fn strength(profile: ProfileName) -> Option<usize> {
    ProfileName::ALL.iter().position(|name| *name == profile)
}

fn tls(raw: RawTls) -> Result<TlsFiles, Refusal> {
    for (key, file) in [("tls.certificate", &raw.certificate), ("tls.key", &raw.key)] {
        fs::metadata(file).map_err(|error| {
            Refusal::new(
                key,
                format!("The file {file} cannot be read: {error}."),
                "A PEM file.",
                "configuration",
            )
        })?;
    }
    Ok(TlsFiles { certificate: raw.certificate.into(), key: raw.key.into() })
}

/// Metrics are plain http without a login, so they stay on the machine.
fn admin(found: &str) -> Result<SocketAddr, Refusal> {
    let address: SocketAddr =
        parse("admin.listen", found, "An address and port, such as 127.0.0.1:9080.", "NET-06")?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    let wrong = format!("{address} is no loopback address.");
    Err(Refusal::new("admin.listen", wrong, "A loopback address, such as 127.0.0.1:9080.", "NET-06"))
}

/// Plain http never leaves the machine: either the listener speaks TLS, or it is on loopback.
fn listen(found: Option<&str>, issuer: &Issuer, tls: bool) -> Result<SocketAddr, Refusal> {
    const PASSES: &str = "An address and port, such as 127.0.0.1:8080 or [::1]:8080.";
    const RULE: &str = "NET-06";
    let address = match found {
        Some(text) => parse("listen", text, PASSES, "configuration")?,
        None => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), default_port(issuer)),
    };
    if !tls && !address.ip().is_loopback() {
        let wrong = format!("{address} would be plain http, and that is for loopback only.");
        let passes = "A loopback address, or tls.certificate and tls.key.";
        return Err(Refusal::new("listen", wrong, passes, RULE));
    }
    if tls && issuer.is_plain_http() {
        let wrong = format!("{issuer} is http, and the listener speaks TLS.");
        return Err(Refusal::new("issuer", wrong, "An https issuer, or no tls.", RULE));
    }
    Ok(address)
}

/// The port of an issuer on this machine; behind a proxy the issuer's port says nothing about ours.
fn default_port(issuer: &Issuer) -> u16 {
    let url = Url::parse(issuer.as_str()).ok().filter(|_| issuer.is_plain_http());
    url.and_then(|url| url.port_or_known_default()).unwrap_or(8080)
}

fn signing_algorithms(found: &[String], profile: ProfileName) -> Result<Vec<Algorithm>, Refusal> {
    const KEY: &str = "signing_algorithms";
    const PASSES: &str = "One or more of ES256, ES384, PS256, PS384, PS512, EdDSA, each once.";
    let mut algorithms: Vec<Algorithm> = Vec::new();
    for name in found {
        let algorithm: Algorithm = parse(KEY, name, PASSES, "JAR-65")?;
        if algorithm == Algorithm::RS256 || algorithms.contains(&algorithm) {
            return Err(Refusal::new(
                KEY,
                format!("{name} is not for servers, or stands twice."),
                PASSES,
                "JAR-65",
            ));
        }
        algorithms.push(algorithm);
    }
    let allowed = profile.profile().algorithms;
    if algorithms.is_empty() {
        return Err(Refusal::new(KEY, "The list is empty: the server could sign nothing.", PASSES, "JAR-65"));
    }
    if algorithms.iter().any(|algorithm| allowed.contains(algorithm)) {
        return Ok(algorithms);
    }
    let wrong = format!("No algorithm is allowed by the profile of new clients, {profile}.");
    let allowed: Vec<&str> = allowed.iter().map(|algorithm| algorithm.as_str()).collect();
    Err(Refusal::new(KEY, wrong, format!("At least one of {}.", allowed.join(", ")), "JAR-65"))
}

fn scopes(found: impl IntoIterator<Item = (String, String)>) -> Result<Vec<ScopeText>, Refusal> {
    let text = |(word, meaning): (String, String)| {
        let one: Scope = parse("scopes", &word, "Words of visible ASCII.", "RED-09")?;
        let standard = meaning.is_empty() && Settings::STANDARD_SCOPES.contains(&word.as_str());
        if one.words().count() != 1 || (meaning.trim().is_empty() && !standard) {
            let wrong = format!("{word:?} is not one word with a meaning for people.");
            return Err(Refusal::new("scopes", wrong, "word = \"What it lets the client do\".", "RED-09"));
        }
        Ok(ScopeText { word, meaning: Some(meaning).filter(|_| !standard) })
    };
    found.into_iter().map(text).collect()
}

fn lifetimes(raw: &RawLifetimes) -> Result<Lifetimes, Refusal> {
    let found = [
        raw.pushed_request,
        raw.interaction,
        raw.access_token,
        raw.id_token,
        raw.refresh_token,
        raw.session,
        raw.answer,
        raw.signing_key,
    ];
    for (bounds, found) in LIFETIMES.iter().zip(found) {
        if !(bounds.least..=bounds.most).contains(&found) {
            return Err(bounds.refuse(format!("{found} is out of range.")));
        }
    }
    Ok(Lifetimes {
        pushed_request: raw.pushed_request,
        interaction: raw.interaction,
        access_token: raw.access_token,
        refresh_token: raw.refresh_token,
        session: raw.session,
        answer: raw.answer,
        id_token: raw.id_token,
        signing_key: raw.signing_key,
    })
}

/// The URL is never repeated in an error: it can hold a password.
fn database(raw: RawDatabase, data: &Path) -> Result<countersign_storage::Settings, Refusal> {
    let Some(url) = raw.url else {
        return Ok(countersign_storage::Settings::Sqlite { path: data.join(raw.path) });
    };
    if !url.starts_with("postgresql://") && !url.starts_with("postgres://") {
        let passes = "postgresql://user:password@host/database; for SQLite, database.path instead.";
        return Err(Refusal::new(
            "database.url",
            "It does not name a PostgreSQL server.",
            passes,
            "configuration",
        ));
    }
    let pool_size = usize::try_from(raw.pool_size).ok().filter(|size| (1..=1000).contains(size));
    let pool_size = pool_size.ok_or_else(|| {
        let wrong = format!("{} is out of range.", raw.pool_size);
        Refusal::new("database.pool_size", wrong, "1 to 1000 connections.", "configuration")
    })?;
    Ok(countersign_storage::Settings::Postgres { url, pool_size })
}

fn log(raw: RawLog) -> Result<Log, Refusal> {
    EnvFilter::try_new(&raw.level).map_err(|_| {
        let wrong = format!("{:?} is no level.", raw.level);
        Refusal::new("log.level", wrong, "error, warn, info, debug or trace.", "configuration")
    })?;
    let format = match raw.format.as_str() {
        "pretty" => LogFormat::Pretty,
        "json" => LogFormat::Json,
        other => {
            let wrong = format!("{other:?} is no format.");
            return Err(Refusal::new("log.format", wrong, "pretty or json.", "configuration"));
        }
    };
    Ok(Log { directives: raw.level, format })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(toml: &str) -> Result<Config, Refusal> {
        resolve(RawConfig::deserialize_from(toml.parse().unwrap())?, None)
    }

    #[test]
    fn the_defaults_work() {
        let config = config("").unwrap();
        assert_eq!(config.settings.issuer.as_str(), "http://localhost:8080");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.settings.lifetimes.answer, 120);
        assert_eq!(super::super::raw::RawConfig::default().database.pool_size, 16);
    }

    #[test]
    fn plain_http_listens_where_the_issuer_says() {
        assert_eq!(config("issuer = \"http://localhost:9000\"").unwrap().listen.port(), 9000);
        assert_eq!(config("issuer = \"https://as.example\"").unwrap().listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn what_does_not_hold_is_named() {
        for (toml, key) in [
            ("isuer = \"https://as.example\"", "isuer"),
            ("database.uri = \"x\"", "database.uri"),
            ("issuer = \"http://as.example\"", "issuer"),
            ("issuer = 1", "issuer"),
            ("listen = \"0.0.0.0:8080\"", "listen"),
            ("listen = \"localhost\"", "listen"),
            ("admin.listen = \"0.0.0.0:9080\"", "admin.listen"),
            ("minimum_profile = \"fapi3\"", "minimum_profile"),
            ("new_client_profile = \"baseline\"\nminimum_profile = \"fapi2-security\"", "new_client_profile"),
            ("signing_algorithms = [\"HS256\"]", "signing_algorithms"),
            ("signing_algorithms = [\"RS256\"]", "signing_algorithms"),
            ("signing_algorithms = [\"ES256\", \"ES256\"]", "signing_algorithms"),
            ("signing_algorithms = []", "signing_algorithms"),
            ("scopes = { \"two words\" = \"x\" }", "scopes"),
            ("scopes = { openid = \" \" }", "scopes"),
            ("lifetimes.answer = 601", "lifetimes.answer"),
            ("lifetimes.pushed_request = 600", "lifetimes.pushed_request"),
            ("lifetimes.answer = \"120\"", "lifetimes.answer"),
            ("lifetimes.answer = -1", "lifetimes.answer"),
            ("database = \"countersign.db\"", "database"),
            ("database.url = \"mysql://user:secret@host/db\"", "database.url"),
            ("database.url = \"postgresql://host/db\"\ndatabase.pool_size = 0", "database.pool_size"),
            ("tls = { certificate = \"/nowhere.pem\", key = \"/nowhere.pem\" }", "tls.certificate"),
            ("log.level = \"loud=?\"", "log.level"),
            ("log.format = \"xml\"", "log.format"),
        ] {
            let refusal = config(toml).expect_err(toml);
            assert_eq!(refusal.subject, key, "{refusal}");
            assert!(!refusal.to_string().contains("secret"), "{refusal}");
            assert!(!refusal.to_string().contains("struct"), "{refusal}");
            assert!(!key.starts_with("lifetimes.") || refusal.passes.contains(" to "), "{refusal}");
        }
    }

    #[test]
    fn the_bounds_are_those_of_the_schema() {
        let schema = serde_json::to_value(schemars::schema_for!(RawConfig)).unwrap();
        let members = &schema["$defs"]["RawLifetimes"]["properties"];
        for bounds in &LIFETIMES {
            let text = members[bounds.key.trim_start_matches("lifetimes.")]["description"].as_str().unwrap();
            let said = format!("{} to {}", bounds.least, bounds.most);
            assert!(text.contains(&said), "{said}: {text}");
        }
        assert_eq!(members.as_object().unwrap().len(), LIFETIMES.len());
    }
}
