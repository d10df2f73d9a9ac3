//! People who can log in.

use std::fmt;

use countersign_protocol::{
    parameter::{Issuer, Subject},
    time::UnixTime,
};

use crate::{Expect, Row, Statement, StorageError, Store, statement::queries, store::Reads};

/// A person as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Their name towards clients (`sub`), never reused.
    pub subject: Subject,
    /// What they type to log in; compared byte for byte, so whoever stores or asks folds case first.
    pub username: String,
    /// What they are called.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Argon2, PHC string format.
    pub password_hash: String,
    /// When they were added.
    pub created_at: UnixTime,
    /// When they were disabled; whoever reads a person checks this.
    pub disabled_at: Option<UnixTime>,
}

/// Neither the password hash nor what identifies the person is shown.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Adds a person. Refused if the subject or the user name is taken. `disabled_at` is not looked at.
pub fn add(issuer: &Issuer, user: &User) -> Statement {
    ADD.with(
        Expect::One,
        [
            issuer.into(),
            (&user.subject).into(),
            user.username.as_str().into(),
            user.name.as_deref().into(),
            user.email.as_deref().into(),
            user.password_hash.as_str().into(),
            user.created_at.into(),
        ],
    )
}

/// The person with this user name, disabled or not.
///
/// # Errors
/// The database failed.
pub async fn find_by_name(
    store: &Store,
    issuer: &Issuer,
    username: &str,
) -> Result<Option<User>, StorageError> {
    if username.contains('\0') {
        // PostgreSQL has no such text, so nobody is called that.
        return Ok(None);
    }
    store.row(FIND_BY_NAME.with(Expect::Any, [issuer.into(), username.into()])).await?.map(read).transpose()
}

/// The person of this subject, disabled or not.
///
/// # Errors
/// The database failed.
pub async fn find(store: &Store, issuer: &Issuer, subject: &Subject) -> Result<Option<User>, StorageError> {
    store.row(FIND.with(Expect::Any, [issuer.into(), subject.into()])).await?.map(read).transpose()
}

/// Up to `limit` people in the order of their user names, those after `after`.
///
/// # Errors
/// The database failed.
pub async fn list(
    store: &Store,
    issuer: &Issuer,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<User>, StorageError> {
    let question = LIST.with(Expect::Any, [issuer.into(), after.unwrap_or_default().into(), limit.into()]);
    store.rows(question, Reads::Scan).await?.into_iter().map(read).collect()
}

/// Locks a person out. Refused if there is none or they already are.
pub fn disable(issuer: &Issuer, subject: &Subject, now: UnixTime) -> Statement {
    DISABLE.with(Expect::One, [issuer.into(), subject.into(), now.into()])
}

/// Gives a person another password. Whoever does ends their sessions and refresh tokens in the same unit (RT-06).
pub fn change_password(issuer: &Issuer, subject: &Subject, password_hash: &str) -> Statement {
    CHANGE_PASSWORD.with(Expect::One, [issuer.into(), subject.into(), password_hash.into()])
}

fn read(mut row: Row) -> Result<User, StorageError> {
    Ok(User {
        subject: row.parsed()?,
        username: row.text()?,
        name: row.optional_text()?,
        email: row.optional_text()?,
        password_hash: row.text()?,
        created_at: row.time()?,
        disabled_at: row.optional_time()?,
    })
}

queries! {
    ADD = "user.add":
        "INSERT INTO user_account (issuer, subject, username, name, email, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    FIND_BY_NAME = "user.find_by_name":
        "SELECT subject, username, name, email, password_hash, created_at, disabled_at FROM user_account
         WHERE issuer = $1 AND username = $2";
    FIND = "user.find":
        "SELECT subject, username, name, email, password_hash, created_at, disabled_at FROM user_account
         WHERE issuer = $1 AND subject = $2";
    LIST = "user.list":
        "SELECT subject, username, name, email, password_hash, created_at, disabled_at FROM user_account
         WHERE issuer = $1 AND username > $2 ORDER BY username LIMIT $3";
    DISABLE = "user.disable":
        "UPDATE user_account SET disabled_at = $3 WHERE issuer = $1 AND subject = $2 AND disabled_at IS NULL";
    CHANGE_PASSWORD = "user.change_password":
        "UPDATE user_account SET password_hash = $3 WHERE issuer = $1 AND subject = $2";
}
