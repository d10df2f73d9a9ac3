use std::path::PathBuf;

use clap::Parser;

use crate::commands::Command;

/// OAuth messages that can be trusted, at both ends: signed requests in, countersigned answers out, kept as evidence.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 held, 1 refused or failed, 2 wrong usage.")]
pub(crate) struct Arguments {
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Configuration file (TOML); without one, everything has its default
    #[arg(long, global = true, value_name = "FILE", env = "COUNTERSIGN_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}
