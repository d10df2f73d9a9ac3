//! A new password, from the terminal without echo or from standard input.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use clap::Args;
use zeroize::Zeroizing;

use crate::failure::{Refusal, Usage};

/// Longest password that is read, in bytes: hashing a longer one only costs time.
const LONGEST: usize = 1024;

/// How a new password is given.
#[derive(Debug, Args)]
pub(super) struct NewPassword {
    /// Read the password from standard input, up to its first line break
    #[arg(long)]
    password_stdin: bool,
    /// Fewest characters of the password
    #[arg(long, default_value_t = 12, value_name = "N")]
    minimum_length: usize,
}

impl NewPassword {
    /// Asks for it twice, or reads it.
    ///
    /// # Errors
    /// Two that differ, one that is too short or too long, or nowhere to ask.
    pub(super) async fn read(&self) -> anyhow::Result<Zeroizing<String>> {
        let password = if self.password_stdin {
            first_line(io::stdin().lock())?
        } else if io::stdin().is_terminal() {
            let first = ask("Password: ").await?;
            if *ask("Password again: ").await? != *first {
                bail!("the two passwords differ");
            }
            first
        } else {
            bail!(Usage("no terminal to ask for a password: use --password-stdin".to_owned()));
        };
        if password.chars().count() < self.minimum_length {
            let passes = format!("At least {} characters; a phrase is fine.", self.minimum_length);
            bail!(Refusal::new("password", "It is too short.", passes, "NIST SP 800-63B §3.1.1.2"));
        }
        Ok(password)
    }
}

fn first_line(input: impl Read) -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    let mut input = io::BufReader::new(input.take(LONGEST as u64 + 2));
    input.read_line(&mut line).context("the password cannot be read")?;
    let password = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
    if password.len() > LONGEST {
        bail!(Refusal::new("password", "It is too long.", "At most 1024 bytes.", "ATK-DOS-11"));
    }
    Ok(password)
}

/// Asks on the terminal without echo. An interrupt gives the echo back before the program ends.
async fn ask(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    let silence = Silence::begin()?;
    let mut terminal = anstream::stderr();
    write!(terminal, "{prompt}")?;
    terminal.flush()?;
    let (sender, answer) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || sender.send(first_line(io::stdin().lock())));
    let line = tokio::select! {
        line = answer => line?,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    drop(silence);
    writeln!(terminal)?;
    line
}

/// While it lives, the terminal shows nothing of what is typed.
struct Silence;

impl Silence {
    fn begin() -> anyhow::Result<Self> {
        if stty("-echo") { Ok(Self) } else { bail!("the terminal cannot be silenced: use --password-stdin") }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        stty("echo");
    }
}

fn stty(argument: &str) -> bool {
    let mut command = Command::new("stty");
    command.arg(argument).stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
