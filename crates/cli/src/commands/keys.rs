use std::fmt;

use clap::Subcommand;
use countersign_evidence::checkpoint::Origin;
use countersign_evidence::note::VerifierKey;
use countersign_jose::{Algorithm, Jwk};
use countersign_protocol::parameter::Issuer;
use countersign_protocol::time::UnixTime;
use countersign_storage::signing_key::{self, KeyState, SigningKey};
use serde::Serialize;

use super::{Verdict, World};
use crate::failure::Refusal;
use crate::table::table;
use crate::words::{relative, utc};

/// The purpose of the key that signs the log.
const CHECKPOINTS: &str = "checkpoints";

/// List and rotate the server's keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List every key there ever was: prepublished, active, retired, archived
    List,
    /// Let the next key of one algorithm, or of all, take over as soon as everybody can know it
    Rotate {
        /// The algorithm; all if not said
        algorithm: Option<Algorithm>,
    },
}

impl Keys {
    pub(super) async fn run(self, world: &World) -> anyhow::Result<Verdict> {
        let config = world.config()?;
        match self {
            Self::List => {
                let store = config.open_store().await?;
                let keys = signing_key::list(&store, &config.settings.issuer).await?;
                let log_key = log_key(&keys, &config.settings.issuer)?;
                world.output.show(&Ring { keys: keys.iter().map(Entry::of).collect(), log_key })?;
            }
            Self::Rotate { algorithm } => {
                let own = &config.settings.signing_algorithms;
                if let Some(foreign) = algorithm.filter(|algorithm| !own.contains(algorithm)) {
                    let wrong = format!("This server signs nothing with {foreign}.");
                    return Err(
                        Refusal::new("algorithm", wrong, "One of signing_algorithms.", "JWKS-03").into()
                    );
                }
                let now = world.now();
                let rotations = config.open(now).await?.keys.rotate(algorithm, now).await?;
                let rotations = rotations.into_iter().map(|rotation| Successor {
                    algorithm: rotation.algorithm.to_string(),
                    key_id: rotation.key_id,
                    signs_from: rotation.signs_from.as_secs(),
                    when: relative(rotation.signs_from, now),
                });
                world.output.show(&Rotated { rotations: rotations.collect() })?;
            }
        }
        Ok(Verdict::Held)
    }
}

/// The verifier key of the evidence log, which `evidence verify --trust` takes; none before the first start.
fn log_key(keys: &[SigningKey], issuer: &Issuer) -> anyhow::Result<Option<String>> {
    let active = |key: &&SigningKey| key.purpose == CHECKPOINTS && key.state == KeyState::Active;
    let Some(key) = keys.iter().find(active) else { return Ok(None) };
    let verifier = VerifierKey::from_jwk(Origin::of(issuer).as_str(), &Jwk::parse(&key.public_jwk)?)?;
    Ok(Some(verifier.to_string()))
}

#[derive(Serialize)]
struct Entry {
    key_id: String,
    purpose: String,
    algorithm: String,
    state: &'static str,
    created_at: u64,
    activated_at: Option<u64>,
    retired_at: Option<u64>,
    archived_at: Option<u64>,
}

impl Entry {
    fn of(key: &SigningKey) -> Self {
        let seconds = |time: Option<UnixTime>| time.map(UnixTime::as_secs);
        Self {
            key_id: key.key_id.clone(),
            purpose: key.purpose.clone(),
            algorithm: key.algorithm.clone(),
            state: key.state.as_str(),
            created_at: key.created_at.as_secs(),
            activated_at: seconds(key.activated_at),
            retired_at: seconds(key.retired_at),
            archived_at: seconds(key.archived_at),
        }
    }
}

#[derive(Serialize)]
struct Ring {
    keys: Vec<Entry>,
    log_key: Option<String>,
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.keys.is_empty() {
            return f.write_str("There are no keys yet; `countersign serve` makes them at its first start.");
        }
        let time = |seconds: Option<u64>| {
            seconds.map(|seconds| utc(UnixTime::from_secs(seconds))).unwrap_or_default()
        };
        let rows = self.keys.iter().map(|key| {
            [
                key.key_id.clone(),
                key.purpose.clone(),
                key.algorithm.clone(),
                key.state.to_owned(),
                time(Some(key.created_at)),
                time(key.activated_at),
                time(key.retired_at),
            ]
        });
        writeln!(f, "{}", table(["kid", "purpose", "alg", "state", "made", "signs since", "retired"], rows))?;
        match &self.log_key {
            Some(key) => write!(f, "\nThe evidence log's verifier key, for evidence verify --trust:\n{key}"),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct Successor {
    algorithm: String,
    key_id: String,
    signs_from: u64,
    #[serde(skip)]
    when: String,
}

#[derive(Serialize)]
struct Rotated {
    rotations: Vec<Successor>,
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self
            .rotations
            .iter()
            .map(|next| [next.algorithm.clone(), next.key_id.clone(), next.when.clone()]);
        f.write_str(&table(["alg", "next key", "signs"], rows))
    }
}
