//! Configuration: read raw (the TOML file, then `COUNTERSIGN_*`), then resolved, or the program does not start.

mod bounds;
mod environment;
mod master_key;
mod raw;
mod resolved;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;

pub(crate) use environment::VARIABLES;
pub(crate) use raw::RawConfig;
pub(crate) use resolved::{Config, Log, LogFormat, MasterKeySource, strength};

use crate::failure::Refusal;

/// Reads the file, if one is named, lays the environment over it, and resolves both.
///
/// # Errors
/// A [`Refusal`] that names the key, what was found and what would pass.
pub(crate) fn load(file: Option<&Path>, environment: &BTreeMap<String, String>) -> anyhow::Result<Config> {
    let mut table = file.map(read).transpose()?.unwrap_or_default();
    environment::overlay(&mut table, environment)?;
    let raw = RawConfig::deserialize_from(table)?;
    let master_key = environment.get(environment::MASTER_KEY).map(String::as_str);
    Ok(resolved::resolve(raw, master_key)?)
}

fn read(file: &Path) -> anyhow::Result<toml::Table> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the configuration file {} cannot be read", file.display()))?;
    text.parse().map_err(|error: toml::de::Error| {
        let wrong = format!("is not TOML: {}", error.to_string().trim_end());
        Refusal::new(
            file.display().to_string(),
            wrong,
            "TOML 1.0; `countersign config schema` lists the keys.",
            "configuration",
        )
        .into()
    })
}
