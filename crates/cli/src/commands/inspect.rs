use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use countersign_protocol::parameter::Issuer;
use countersign_protocol::policy::ProfileName;

use super::{Verdict, World};
use crate::failure::Usage;
use crate::inspect::{Kind, Known, inspect, keys};

/// What the exit code says, and examples.
const AFTER_HELP: &str = "\
Exit codes: 0 nothing that was checked is broken, 1 a rule is broken, 2 wrong usage.
0 does not say that the signature held: without --jwks or --issuer it is not checked. The last line says so,
and with --json the member `signature`: held, broken, not_checked or none.

Examples:
  countersign inspect eyJhbGciOi… --jwks shop.jwks.json --client-id shop --audience https://as.example
  countersign inspect 'https://app.example/cb?response=eyJ…' --issuer https://as.example --client-id shop
  cat token.txt | countersign inspect - --profile baseline";

/// Take a message apart and check every rule of its kind. Nothing leaves the machine unless --issuer or a --jwks
/// address asks for it.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Inspect {
    /// A compact JWT, an authorization request URL, a response URL, or - for standard input
    #[arg(value_name = "TOKEN|URL|-")]
    input: String,
    /// Keys to verify the signature with: a JWK set or JWK, as a file or an address
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    /// The server: its published keys are fetched, and messages are compared with it
    #[arg(long, value_name = "URL")]
    issuer: Option<Issuer>,
    /// The client that the message must be of, or for
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Whom the message must be for; the issuer if not said
    #[arg(long, value_name = "AUD")]
    audience: Option<String>,
    /// The recipient's private key of an encrypted token: JWK or PEM
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The profile whose rules count
    #[arg(long, value_name = "PROFILE", default_value_t = ProfileName::default(), value_parser = super::profile_values())]
    profile: ProfileName,
    /// The kind of token, where it is not recognised
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Do not fetch the issuer's keys: only compare with its name
    #[arg(long, requires = "issuer")]
    offline: bool,
}

/// Longest input that is read, in bytes: a hostile token of 5 MB is still shown.
const LONGEST: u64 = 16 * 1024 * 1024;

impl Inspect {
    pub(super) async fn run(self, world: &World) -> anyhow::Result<Verdict> {
        let input = if self.input == "-" { standard_input()? } else { self.input.clone() };
        let known = self.known(world).await?;
        let Some(inspection) = inspect(&input, self.kind, &known, self.key.as_deref())? else {
            bail!(Usage(
                "this is none of what can be inspected: a compact JWT (three parts joined by dots, or five for an \
                 encrypted one), an authorization request URL (client_id with request, request_uri or response_type), \
                 or a response URL (response, code or error)"
                    .to_owned()
            ));
        };
        world.output.show(&inspection)?;
        Ok(if inspection.holds() { Verdict::Held } else { Verdict::Refused })
    }

    async fn known(&self, world: &World) -> anyhow::Result<Known> {
        let keys = match &self.jwks {
            Some(source) => Some(keys::read(source).await?),
            None => None,
        };
        let issuer_keys = match &self.issuer {
            Some(issuer) if !self.offline => Some(keys::of_issuer(issuer).await?),
            _ => None,
        };
        Ok(Known {
            now: world.now(),
            keys,
            issuer_keys,
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            audience: self.audience.clone(),
            profile: self.profile.profile(),
        })
    }
}

fn standard_input() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(LONGEST).read_to_string(&mut text).context("standard input cannot be read")?;
    Ok(text)
}
