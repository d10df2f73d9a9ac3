use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use countersign_jose::{Algorithm, Entropy, Limits, SigningKey, SystemEntropy, base64url, json};
use countersign_protocol::metadata::ClientMetadata;
use countersign_protocol::policy::ProfileName;
use countersign_protocol::registration::Client;
use countersign_storage::client;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Verdict, World};
use crate::config::{Config, strength};
use crate::failure::{Refusal, Usage};
use crate::visible::visible;

const EXAMPLES: &str = "\
Examples:
  countersign client add --name Shop --redirect-uri https://shop.example/cb --generate-key shop.jwk
  countersign client add --id app --native --redirect-uri http://127.0.0.1/cb --jwks app.jwks.json
  countersign client add metadata.json --profile fapi2-security";

/// Register a client. What its profile does not allow is refused, with what would pass.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Add {
    /// Client metadata as JSON (RFC 7591, RFC 9101, JARM, RFC 9126, RFC 9449 names); - reads standard input
    #[arg(value_name = "FILE|-", conflicts_with_all = ["name", "redirect_uri", "scope", "native"])]
    metadata: Option<PathBuf>,
    /// Its client id; a random one if there is none
    #[arg(long)]
    id: Option<String>,
    /// What people are shown
    #[arg(long)]
    name: Option<String>,
    /// Where answers may go, to the letter; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// The scope it may ask for, words separated by spaces; openid if not said
    #[arg(long)]
    scope: Option<String>,
    /// It runs on the person's machine: loopback http and app schemes may be redirect URIs
    #[arg(long)]
    native: bool,
    /// The profile its flows are judged by
    #[arg(long, value_name = "PROFILE", value_parser = super::profile_values())]
    profile: Option<ProfileName>,
    /// Its public keys: a file with a JWK set or one JWK
    #[arg(long, value_name = "FILE", conflicts_with = "generate_key")]
    jwks: Option<PathBuf>,
    /// Make its key pair: the private JWK goes to this new file (mode 600), the public one into the registration
    #[arg(long, value_name = "FILE")]
    generate_key: Option<PathBuf>,
    /// The algorithm of the key pair that is made
    #[arg(
        long,
        value_name = "ALG",
        default_value = "ES256",
        value_parser = super::algorithm_values(),
        requires = "generate_key",
        conflicts_with = "jwks"
    )]
    algorithm: Algorithm,
}

impl Add {
    pub(super) async fn run(self, world: &World, config: &Config) -> anyhow::Result<Verdict> {
        let key = self.generate_key.is_some().then(|| SigningKey::generate(self.algorithm)).transpose()?;
        let document = self.document(config, key.as_ref())?;
        let ignored = ignored(&document);
        let metadata = read_metadata(document)?;
        check_against_server(&metadata, config)?;
        let client = Client::register(metadata).map_err(Refusal::from)?;
        let text = serde_json::to_string(client.metadata())?;

        let store = config.open_store().await?;
        let issuer = &config.settings.issuer;
        if client::find(&store, issuer, client.id()).await?.is_some() {
            bail!(taken(&client));
        }
        // The key before the registration: one without the other would be a client that nobody can act as.
        if let (Some(file), Some(key)) = (&self.generate_key, &key) {
            write_private(file, &key.to_private_jwk())?;
        }
        if !client::add(issuer, client.id(), &text, world.now()).commit(&store).await?.is_committed() {
            bail!(taken(&client));
        }
        let added = Added {
            client_id: client.id().to_string(),
            issuer: issuer.to_string(),
            private_key: self.generate_key.map(|file| file.display().to_string()),
            metadata: serde_json::from_str(&text)?,
            ignored,
        };
        if !added.ignored.is_empty() {
            world.output.note(&format!("Ignored: {}.", added.ignored.join(", ")))?;
        }
        world.output.show(&added)?;
        Ok(Verdict::Held)
    }

    /// The metadata document: the file, or one made of the flags; keys and profile filled in.
    fn document(&self, config: &Config, key: Option<&SigningKey>) -> anyhow::Result<Map<String, Value>> {
        let mut document = match &self.metadata {
            Some(file) => read_document(file)?,
            None => self.flags_as_document()?,
        };
        if let Some(id) = &self.id {
            document.insert("client_id".to_owned(), json!(id));
        }
        if let Some(profile) = &self.profile {
            document.insert("countersign_profile".to_owned(), json!(profile));
        }
        document.entry("client_id").or_insert_with(|| json!(base64url::encode(SystemEntropy.array::<16>())));
        document.entry("countersign_profile").or_insert_with(|| json!(config.new_client_profile));
        document.entry("scope").or_insert_with(|| json!("openid"));
        if let Some(key) = key {
            document.insert("jwks".to_owned(), json!({ "keys": [key.public_jwk()] }));
        }
        if let Some(file) = &self.jwks {
            document.insert("jwks".to_owned(), read_keys(file)?);
        }
        Ok(document)
    }

    fn flags_as_document(&self) -> Result<Map<String, Value>, Usage> {
        if self.redirect_uri.is_empty() {
            return Err(Usage("give a metadata file, or at least one --redirect-uri".to_owned()));
        }
        let scope = self.scope.as_deref().unwrap_or("openid");
        let mut grants = vec!["authorization_code"];
        if scope.split(' ').any(|word| word == "offline_access") {
            grants.push("refresh_token");
        }
        let mut document = Map::new();
        let mut set = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
        set("redirect_uris", json!(self.redirect_uri));
        set("scope", json!(scope));
        set("grant_types", json!(grants));
        set("application_type", json!(if self.native { "native" } else { "web" }));
        if let Some(name) = &self.name {
            set("client_name", json!(name));
        }
        Ok(document)
    }
}

fn read_document(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().take(1024 * 1024).read_to_end(&mut bytes)?;
        bytes
    } else {
        fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?
    };
    json::parse_object(&bytes, &Limits::DOCUMENT).map_err(|error| {
        Refusal::new("metadata", format!("{error}."), "One strict JSON object (RFC 7591 §2).", "REG-04")
            .into()
    })
}

fn read_keys(file: &Path) -> anyhow::Result<Value> {
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let document: Map<String, Value> = json::parse_object(&bytes, &Limits::DOCUMENT).map_err(|error| {
        Refusal::new("jwks", format!("{error}."), "A JWK set (RFC 7517 §5) or one JWK.", "JWKS-05")
    })?;
    if document.contains_key("keys") {
        Ok(Value::Object(document))
    } else {
        Ok(json!({ "keys": [document] }))
    }
}

const PASSING_KEYS: &str =
    "The client's public keys by value: --jwks FILE, or --generate-key FILE to have a pair made.";

/// The members that are no metadata of ours (RFC 7591 §2): those that may have any value at all.
fn ignored(document: &Map<String, Value>) -> Vec<String> {
    let absurd = json!({ "no member": "is of this type" });
    let means_nothing = |name: &&String| *name != "jwks" && reads_with(name, &absurd);
    document.keys().filter(means_nothing).cloned().collect()
}

/// Whether a document that holds still reads with this member in it.
fn reads_with(name: &str, value: &Value) -> bool {
    let mut document = json!({ "client_id": "c", "redirect_uris": [], "jwks": {} });
    if let Some(members) = document.as_object_mut() {
        members.insert(name.to_owned(), value.clone());
    }
    serde_json::from_value::<ClientMetadata>(document).is_ok()
}

/// Reads the document; an error names the member, found by trying each in a document that holds.
fn read_metadata(document: Map<String, Value>) -> Result<ClientMetadata, Refusal> {
    if document.contains_key("jwks_uri") && !document.contains_key("jwks") {
        let wrong = "jwks_uri is not offered: this server fetches no keys.";
        return Err(Refusal::new("jwks_uri", wrong, PASSING_KEYS, "REG-03"));
    }
    let error = match serde_json::from_value::<ClientMetadata>(document.clone().into()) {
        Ok(metadata) => return Ok(metadata),
        Err(error) => error,
    };
    let culprit = document.iter().find(|(name, value)| !reads_with(name, value));
    let missing = ["redirect_uris", "jwks"].into_iter().find(|name| !document.contains_key(*name));
    let subject = culprit.map(|(name, _)| name.as_str()).or(missing).unwrap_or("metadata");
    let passes = match subject {
        "jwks" => PASSING_KEYS,
        "redirect_uris" => "Absolute addresses without a fragment, such as https://app.example/callback.",
        "countersign_profile" => "baseline, fapi2-security or fapi2-message-signing.",
        "token_endpoint_auth_method" => "private_key_jwt.",
        _ => "A value of the type and kind that RFC 7591 §2 and its extensions name.",
    };
    let rule = if subject == "redirect_uris" { "RED-02" } else { "REG-04" };
    Err(Refusal::new(subject, format!("{error}."), passes, rule))
}

/// What this server can and will do for the client.
fn check_against_server(metadata: &ClientMetadata, config: &Config) -> Result<(), Refusal> {
    let settings = &config.settings;
    if strength(metadata.profile) < strength(settings.minimum_profile) {
        let wrong = format!("{} is weaker than this server accepts.", metadata.profile);
        let passes = format!("{} or a stronger profile.", settings.minimum_profile);
        return Err(Refusal::new("countersign_profile", wrong, passes, "REG-04"));
    }
    for (member, algorithm) in [
        ("authorization_signed_response_alg", metadata.authorization_signed_response_alg),
        ("id_token_signed_response_alg", metadata.id_token_signed_response_alg),
    ] {
        if let Some(algorithm) =
            algorithm.filter(|algorithm| !settings.signing_algorithms.contains(algorithm))
        {
            let wrong = format!("This server has no {algorithm} key.");
            let passes =
                settings.signing_algorithms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Refusal::new(member, wrong, format!("{passes}."), "JARM-30"));
        }
    }
    let known = |word: &str| settings.scopes.iter().any(|scope| scope.word == word);
    match metadata.scope.words().find(|word| !known(word)) {
        None => Ok(()),
        Some(word) => {
            let wrong = format!("{word:?} is no scope word of this server.");
            Err(Refusal::new("scope", wrong, "Words of the configuration's scopes table.", "RED-09"))
        }
    }
}

fn taken(client: &Client) -> Refusal {
    let wrong = format!("{} is taken, by an active or a disabled client.", client.id());
    Refusal::new("client_id", wrong, "A client id that was never used here.", "REG-08")
}

/// Writes a private key to a new file that nobody else can read.
fn write_private(file: &Path, jwk: &str) -> anyhow::Result<()> {
    let unwritable = || format!("the key file {} cannot be made", file.display());
    let mut out = super::new_file(OpenOptions::new().mode(0o600), file).with_context(unwritable)?;
    writeln!(out, "{jwk}").and_then(|()| out.sync_all()).with_context(unwritable)
}

#[derive(Serialize)]
struct Added {
    client_id: String,
    issuer: String,
    private_key: Option<String>,
    metadata: Value,
    /// Members of the given document that mean nothing here.
    ignored: Vec<String>,
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Registered {} at {}.\n", visible(&self.client_id), self.issuer)?;
        for line in serde_json::to_string_pretty(&self.metadata).unwrap_or_default().lines() {
            writeln!(f, "{}", visible(line))?;
        }
        match &self.private_key {
            Some(file) => write!(f, "\nIts private key is in {file}: whoever reads it acts as this client."),
            None => Ok(()),
        }
    }
}
