use std::fmt;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use countersign_jose::{Entropy, SystemEntropy, base64url};
use countersign_protocol::parameter::Subject;
use countersign_server::hash_password;
use countersign_storage::{Store, user};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Verdict, World};
use crate::failure::{Refusal, Usage};
use crate::table::table;
use crate::visible::visible;
use crate::words::utc;

/// Longest password that is read, in bytes: hashing a longer one only costs time.
const LONGEST: usize = 1024;

/// Add and list people who can log in.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a person; the password is asked for, or read from standard input
    Add(Add),
    /// List people, in the order of their user names
    List,
}

/// Add a person.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// What they type to log in
    username: String,
    /// What they are called
    #[arg(long)]
    name: Option<String>,
    /// Their address
    #[arg(long)]
    email: Option<String>,
    /// Read the password from standard input, up to its first line break
    #[arg(long)]
    password_stdin: bool,
    /// Fewest characters of the password
    #[arg(long, default_value_t = 12, value_name = "N")]
    minimum_length: usize,
}

impl User {
    pub(super) async fn run(self, world: &World) -> anyhow::Result<Verdict> {
        let config = world.config()?;
        match self {
            Self::Add(add) => {
                add.check()?;
                let password = add.password().await?;
                let person = add.person(&password, world)?;
                let store = config.open_store().await?;
                let outcome = user::add(&config.settings.issuer, &person).commit(&store).await?;
                if !outcome.is_committed() {
                    let wrong = format!("{:?} is taken.", person.username);
                    return Err(
                        Refusal::new("username", wrong, "A user name that nobody has.", "IDT-01").into()
                    );
                }
                world.output.show(&Added(Person::of(&person)))?;
            }
            Self::List => {
                let store = config.open_store().await?;
                world.output.show(&People { users: all(&store, &config.settings.issuer).await? })?;
            }
        }
        Ok(Verdict::Held)
    }
}

impl Add {
    fn check(&self) -> Result<(), Refusal> {
        let bad = |text: &str| {
            text.trim() != text || text.is_empty() || text.len() > 255 || text.chars().any(char::is_control)
        };
        let passes = "1 to 255 bytes without control characters, and no space at either end.";
        for (subject, text) in
            [("username", Some(&self.username)), ("name", self.name.as_ref()), ("email", self.email.as_ref())]
        {
            if text.is_some_and(|text| bad(text)) {
                return Err(Refusal::new(
                    subject,
                    "It is empty, too long, or hides something.",
                    passes,
                    "UI-01",
                ));
            }
        }
        Ok(())
    }

    async fn password(&self) -> anyhow::Result<Zeroizing<String>> {
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

    fn person(&self, password: &str, world: &World) -> anyhow::Result<user::User> {
        let subject: Subject = base64url::encode(SystemEntropy.array::<16>()).parse()?;
        Ok(user::User {
            subject,
            username: self.username.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            password_hash: hash_password(password)?,
            created_at: world.now(),
            disabled_at: None,
        })
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

/// Every person, a batch at a time.
async fn all(store: &Store, issuer: &countersign_protocol::parameter::Issuer) -> anyhow::Result<Vec<Person>> {
    const BATCH: u64 = 500;
    let mut people: Vec<Person> = Vec::new();
    loop {
        let after = people.last().map(|person| person.username.clone());
        let batch = user::list(store, issuer, after.as_deref(), BATCH).await?;
        let last = (batch.len() as u64) < BATCH;
        people.extend(batch.iter().map(Person::of));
        if last {
            return Ok(people);
        }
    }
}

#[derive(Serialize)]
struct Person {
    username: String,
    subject: String,
    name: Option<String>,
    email: Option<String>,
    created_at: u64,
    disabled_at: Option<u64>,
    #[serde(skip)]
    added: String,
}

impl Person {
    fn of(user: &user::User) -> Self {
        Self {
            username: user.username.clone(),
            subject: user.subject.to_string(),
            name: user.name.clone(),
            email: user.email.clone(),
            created_at: user.created_at.as_secs(),
            disabled_at: user.disabled_at.map(|time| time.as_secs()),
            added: utc(user.created_at),
        }
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Added(Person);

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Added {}, subject {}.", visible(&self.0.username), self.0.subject)
    }
}

#[derive(Serialize)]
struct People {
    users: Vec<Person>,
}

impl fmt::Display for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.users.is_empty() {
            return f.write_str("Nobody can log in yet: countersign user add NAME");
        }
        let rows = self.users.iter().map(|person| {
            let state = if person.disabled_at.is_some() { "disabled" } else { "active" };
            [
                person.username.clone(),
                person.name.clone().unwrap_or_default(),
                person.email.clone().unwrap_or_default(),
                person.subject.clone(),
                state.to_owned(),
                person.added.clone(),
            ]
        });
        f.write_str(&table(["username", "name", "email", "subject", "state", "added"], rows))
    }
}
