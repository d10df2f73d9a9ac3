//! Login sessions of people at this server, one per browser.

use countersign_protocol::{
    parameter::{Issuer, Subject},
    time::UnixTime,
};

use crate::{Digest, Expect, Row, Statement, StorageError, Store, statement::queries};

/// A session as stored, under the hash of its cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginSession {
    /// Who logged in.
    pub subject: Subject,
    /// When they proved who they are (`auth_time`).
    pub authenticated_at: UnixTime,
    /// How (`amr`, RFC 8176): a JSON array of names.
    pub amr: String,
    /// When the session began.
    pub created_at: UnixTime,
    /// From when on it is over.
    pub expires_at: UnixTime,
}

/// Starts a session. Refused if the hash exists.
pub fn start(issuer: &Issuer, session: impl Into<Digest>, login: &LoginSession) -> Statement {
    START.with(
        Expect::One,
        [
            issuer.into(),
            session.into().into(),
            (&login.subject).into(),
            login.authenticated_at.into(),
            login.amr.as_str().into(),
            login.created_at.into(),
            login.expires_at.into(),
        ],
    )
}

/// The session of this hash, if it is neither over nor ended.
///
/// # Errors
/// The database failed.
pub async fn find_live(
    store: &Store,
    issuer: &Issuer,
    session: impl Into<Digest>,
    now: UnixTime,
) -> Result<Option<LoginSession>, StorageError> {
    let question = FIND_LIVE.with(Expect::Any, [issuer.into(), session.into().into(), now.into()]);
    store.row(question).await?.map(read).transpose()
}

/// Ends a session. Refused if there is none or it already ended.
pub fn end(issuer: &Issuer, session: impl Into<Digest>, now: UnixTime) -> Statement {
    END.with(Expect::One, [issuer.into(), session.into().into(), now.into()])
}

/// Ends every session of a person (RT-06: password change, lock-out).
pub fn end_all(issuer: &Issuer, subject: &Subject, now: UnixTime) -> Statement {
    END_ALL.with(Expect::Any, [issuer.into(), subject.into(), now.into()])
}

fn read(mut row: Row) -> Result<LoginSession, StorageError> {
    Ok(LoginSession {
        subject: row.parsed()?,
        authenticated_at: row.time()?,
        amr: row.text()?,
        created_at: row.time()?,
        expires_at: row.time()?,
    })
}

queries! {
    START = "login_session.start":
        "INSERT INTO login_session (issuer, session_hash, subject, authenticated_at, amr, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (issuer, session_hash) DO NOTHING";
    FIND_LIVE = "login_session.find_live":
        "SELECT subject, authenticated_at, amr, created_at, expires_at FROM login_session
         WHERE issuer = $1 AND session_hash = $2 AND expires_at > $3 AND ended_at IS NULL";
    END = "login_session.end":
        "UPDATE login_session SET ended_at = $3 WHERE issuer = $1 AND session_hash = $2 AND ended_at IS NULL";
    END_ALL = "login_session.end_all":
        "UPDATE login_session SET ended_at = $3 WHERE issuer = $1 AND subject = $2 AND ended_at IS NULL";
    pub(crate) SWEEP = "login_session.sweep":
        "DELETE FROM login_session WHERE (issuer, session_hash) IN
            (SELECT issuer, session_hash FROM login_session WHERE expires_at <= $1 LIMIT $2)";
}
