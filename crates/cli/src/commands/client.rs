use std::fmt;

use anyhow::bail;
use clap::Subcommand;
use countersign_protocol::parameter::{ClientId, Issuer};
use countersign_storage::{Store, client};
use serde::Serialize;
use serde_json::Value;

use super::client_add::Add;
use super::{Verdict, World};
use crate::failure::{Refusal, Usage};
use crate::output::STRONG;
use crate::table::table;
use crate::visible::visible;
use crate::words::utc;

/// Register, list, show and disable clients.
#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// Register a client, from a JSON file with the names of RFC 7591 or from flags
    Add(Box<Add>),
    /// List the registered clients
    List,
    /// Show the registration of a client
    Show {
        /// Its client id
        id: String,
    },
    /// Take a client out of service: none of its requests is answered any more
    Disable {
        /// Its client id
        id: String,
    },
}

impl Client {
    pub(super) async fn run(self, world: &World) -> anyhow::Result<Verdict> {
        let config = world.config()?;
        let issuer = &config.settings.issuer;
        match self {
            Self::Add(add) => return add.run(world, &config).await,
            Self::List => {
                let store = config.open_store().await?;
                world.output.show(&Registered { clients: all(&store, issuer).await? })?;
            }
            Self::Show { id } => {
                let store = config.open_store().await?;
                let Some(found) = client::find(&store, issuer, &parse(&id)?).await? else {
                    bail!(unknown(&id))
                };
                world.output.show(&Registration::of(&found)?)?;
            }
            Self::Disable { id } => {
                let store = config.open_store().await?;
                let disabled = client::disable(issuer, &parse(&id)?, world.now()).commit(&store).await?;
                if !disabled.is_committed() {
                    bail!(not_disabled(&id, client::find(&store, issuer, &parse(&id)?).await?));
                }
                world.output.show(&Disabled { client_id: id, disabled: true })?;
            }
        }
        Ok(Verdict::Held)
    }
}

fn parse(id: &str) -> anyhow::Result<ClientId> {
    id.parse().map_err(|error| Usage(format!("{}: {error}", visible(id))).into())
}

fn unknown(id: &str) -> Refusal {
    let wrong = format!("No client is called {}.", visible(id));
    Refusal::new("client_id", wrong, "One that `countersign client list` shows.", "JAR-41")
}

fn not_disabled(id: &str, found: Option<client::Client>) -> Refusal {
    let Some(since) = found.and_then(|found| found.disabled_at) else { return unknown(id) };
    let wrong = format!("{} is disabled already, since {}.", visible(id), utc(since));
    Refusal::new("client_id", wrong, "One that `countersign client list` shows as active.", "REG-08")
}

/// Every client, a batch at a time.
async fn all(store: &Store, issuer: &Issuer) -> anyhow::Result<Vec<Registration>> {
    const BATCH: u64 = 500;
    let (mut clients, mut after) = (Vec::new(), None);
    loop {
        let batch = client::list(store, issuer, after.as_ref(), BATCH).await?;
        after = batch.last().map(|last| last.client_id.clone());
        for found in &batch {
            clients.push(Registration::of(found)?);
        }
        if (batch.len() as u64) < BATCH {
            return Ok(clients);
        }
    }
}

/// A client as it is registered.
#[derive(Serialize)]
struct Registration {
    client_id: String,
    state: &'static str,
    registered_at: u64,
    updated_at: u64,
    revision: u64,
    metadata: Value,
    #[serde(skip)]
    registered: String,
}

impl Registration {
    fn of(stored: &client::Client) -> anyhow::Result<Self> {
        Ok(Self {
            client_id: stored.client_id.to_string(),
            state: if stored.disabled_at.is_some() { "disabled" } else { "active" },
            registered_at: stored.created_at.as_secs(),
            updated_at: stored.updated_at.as_secs(),
            revision: stored.revision,
            metadata: serde_json::from_str(&stored.metadata)?,
            registered: utc(stored.created_at),
        })
    }

    fn text(&self, member: &str) -> String {
        match &self.metadata[member] {
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            _ => String::new(),
        }
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state;
        writeln!(
            f,
            "{STRONG}{}{STRONG:#}  {state}, registered {}\n",
            visible(&self.client_id),
            self.registered
        )?;
        let document = serde_json::to_string_pretty(&self.metadata).unwrap_or_default();
        for line in document.lines() {
            writeln!(f, "{}", visible(line))?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Registered {
    clients: Vec<Registration>,
}

impl fmt::Display for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.clients.is_empty() {
            return f.write_str("No client is registered yet: countersign client add --help");
        }
        let rows = self.clients.iter().map(|client| {
            [
                client.client_id.clone(),
                client.text("client_name"),
                client.text("countersign_profile"),
                client.text("redirect_uris"),
                client.state.to_owned(),
                client.registered.clone(),
            ]
        });
        f.write_str(&table(["id", "name", "profile", "redirect uris", "state", "registered"], rows))
    }
}

#[derive(Serialize)]
struct Disabled {
    client_id: String,
    disabled: bool,
}

impl fmt::Display for Disabled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is out of service. What it was given keeps its own end; nothing new is given.",
            visible(&self.client_id)
        )
    }
}
