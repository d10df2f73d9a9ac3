use std::fmt;

use anyhow::bail;
use clap::{Args, Subcommand};
use countersign_jose::{Entropy, SystemEntropy, base64url};
use countersign_protocol::parameter::{Issuer, Subject};
use countersign_server::hash_password;
use countersign_storage::{Store, Unit, login_session, refresh_token, user};
use serde::Serialize;

use super::password::NewPassword;
use super::{Verdict, World};
use crate::config::Config;
use crate::failure::Refusal;
use crate::table::table;
use crate::visible::visible;
use crate::words::utc;

const EXAMPLES: &str = "\
Examples:
  countersign user add alice --name 'Alice Ada' --email alice@example.org
  pwgen 20 1 | tee alice.txt | countersign user add alice --password-stdin";

/// Add, list and disable people who can log in.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a person; the password is asked for, or read from standard input
    Add(Add),
    /// List people, in the order of their user names
    List,
    /// Lock a person out: no login, and every session and refresh token of theirs ends
    Disable {
        /// What they type to log in
        username: String,
    },
    /// Give a person another password, and end every session and refresh token of theirs
    Password(Password),
}

/// Add a person.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Add {
    /// What they type to log in
    username: String,
    /// What they are called
    #[arg(long)]
    name: Option<String>,
    /// Their address
    #[arg(long)]
    email: Option<String>,
    #[command(flatten)]
    password: NewPassword,
}

/// Give a person another password. Their sessions and refresh tokens end with the old one.
#[derive(Debug, Args)]
pub(crate) struct Password {
    /// What they type to log in
    username: String,
    #[command(flatten)]
    password: NewPassword,
}

impl User {
    pub(super) async fn run(self, world: &World) -> anyhow::Result<Verdict> {
        let config = world.config()?;
        match self {
            Self::Add(add) => {
                add.check()?;
                let password = add.password.read().await?;
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
            Self::Disable { username } => disable(world, &config, username).await?,
            Self::Password(command) => command.run(world, &config).await?,
        }
        Ok(Verdict::Held)
    }
}

/// Locks a person out, at once and everywhere.
async fn disable(world: &World, config: &Config, username: String) -> anyhow::Result<()> {
    let (store, issuer) = (config.open_store().await?, &config.settings.issuer);
    let person = known(&store, issuer, &username).await?;
    let locked_out = user::disable(issuer, &person.subject, world.now());
    let outcome = ended(issuer, &person.subject, world).then(locked_out).commit(&store).await?;
    if !outcome.is_committed() {
        let since = known(&store, issuer, &username).await?.disabled_at.map(utc).unwrap_or_default();
        let wrong = format!("{} is disabled already, since {since}.", visible(&username));
        bail!(Refusal::new("username", wrong, "One that `countersign user list` shows as active.", "RT-06"));
    }
    world.output.show(&Changed { username, change: "disabled" })?;
    Ok(())
}

impl Password {
    async fn run(self, world: &World, config: &Config) -> anyhow::Result<()> {
        let (store, issuer) = (config.open_store().await?, &config.settings.issuer);
        let person = known(&store, issuer, &self.username).await?;
        let hash = hash_password(&self.password.read().await?)?;
        let changed = user::change_password(issuer, &person.subject, &hash);
        if !ended(issuer, &person.subject, world).then(changed).commit(&store).await?.is_committed() {
            bail!(unknown(&self.username));
        }
        world.output.show(&Changed { username: self.username, change: "password" })?;
        Ok(())
    }
}

/// What ends with a password or a person (RT-06).
fn ended(issuer: &Issuer, subject: &Subject, world: &World) -> Unit {
    Unit::new().then(login_session::end_all(issuer, subject, world.now())).then(refresh_token::revoke_all(
        issuer,
        subject,
        world.now(),
    ))
}

async fn known(store: &Store, issuer: &Issuer, username: &str) -> anyhow::Result<user::User> {
    user::find_by_name(store, issuer, username).await?.ok_or_else(|| unknown(username).into())
}

fn unknown(username: &str) -> Refusal {
    let wrong = format!("Nobody is called {}.", visible(username));
    Refusal::new("username", wrong, "One that `countersign user list` shows.", "IDT-01")
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

/// Every person, a batch at a time.
async fn all(store: &Store, issuer: &Issuer) -> anyhow::Result<Vec<Person>> {
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
struct Changed {
    username: String,
    change: &'static str,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let username = visible(&self.username);
        match self.change {
            "disabled" => write!(f, "{username} is locked out")?,
            _ => write!(f, "{username} has another password")?,
        }
        f.write_str(
            "; every session and refresh token of theirs has ended. Access tokens keep their own, short end.",
        )
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
