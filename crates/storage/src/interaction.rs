//! Interactions: one authorization transaction at the browser, from its first page to its one answer.

use countersign_protocol::{
    parameter::{ClientId, Issuer, Subject, TransactionId},
    replay::{Purpose, ReplayKey},
    time::UnixTime,
};

use crate::{Digest, Expect, Row, Statement, StorageError, Store, Value, statement::queries};

/// What is asked of a person, and how far the answer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    /// Hash of the cookie of the browser that began it; no other browser finds it (PAR-10).
    pub browser: Digest,
    /// Who asks.
    pub client_id: ClientId,
    /// The transaction, which is also the token family.
    pub transaction_id: TransactionId,
    /// The verified request, serialized by the server.
    pub request: Vec<u8>,
    /// The pushed request to consume at completion, if it was pushed.
    pub pushed_reference: Option<Digest>,
    /// The identifier to spend at completion, if the request object came by value (JAR-105).
    pub replay: Option<ReplayKey>,
    /// When it began.
    pub created_at: UnixTime,
    /// From when on it is unknown.
    pub expires_at: UnixTime,
    /// Who logged in, once somebody did.
    pub login: Option<Login>,
}

/// Who answers an interaction, and in which session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The person.
    pub subject: Subject,
    /// Hash of the session.
    pub session: Digest,
}

/// How an interaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// This person, the one attached, granted it. A login of somebody else meanwhile refuses the ending.
    Granted(&'a Login),
    /// It was answered with an error; nobody need have logged in.
    Refused,
}

/// Begins an interaction under the hash of its id. Refused if the id exists. `login` may already be known.
pub fn open(issuer: &Issuer, id: impl Into<Digest>, interaction: &Interaction) -> Statement {
    let replay = interaction.replay.as_ref();
    let login = interaction.login.as_ref();
    OPEN.with(
        Expect::One,
        [
            issuer.into(),
            id.into().into(),
            interaction.browser.into(),
            (&interaction.client_id).into(),
            (&interaction.transaction_id).into(),
            interaction.request.as_slice().into(),
            interaction.pushed_reference.into(),
            replay.map(|key| key.owner.as_str()).into(),
            replay.map(|key| key.digest.as_slice()).into(),
            replay.map(|key| key.expires.as_secs()).into(),
            login.map(|login| login.subject.as_str()).into(),
            login.map(|login| login.session).into(),
            interaction.created_at.into(),
            interaction.expires_at.into(),
        ],
    )
}

/// The interaction of this id, if this browser began it, and it is neither expired nor completed.
///
/// # Errors
/// The database failed.
pub async fn find(
    store: &Store,
    issuer: &Issuer,
    id: impl Into<Digest>,
    browser: impl Into<Digest>,
    now: UnixTime,
) -> Result<Option<Interaction>, StorageError> {
    let question =
        FIND.with(Expect::Any, [issuer.into(), id.into().into(), browser.into().into(), now.into()]);
    store.row(question).await?.map(read).transpose()
}

/// Notes who logged in. Refused once the interaction is completed or expired, or from another browser.
pub fn attach_login(
    issuer: &Issuer,
    id: impl Into<Digest>,
    browser: impl Into<Digest>,
    login: &Login,
    now: UnixTime,
) -> Statement {
    ATTACH_LOGIN.with(
        Expect::One,
        [
            issuer.into(),
            id.into().into(),
            browser.into().into(),
            (&login.subject).into(),
            login.session.into(),
            now.into(),
        ],
    )
}

/// Ends an interaction, once. Whatever the answer carries is issued in the same unit, so there is one answer.
pub fn complete(
    issuer: &Issuer,
    id: impl Into<Digest>,
    browser: impl Into<Digest>,
    ending: Ending<'_>,
    now: UnixTime,
) -> Statement {
    let (issuer, id, browser): (Value, Value, Value) =
        (issuer.into(), id.into().into(), browser.into().into());
    match ending {
        Ending::Granted(login) => GRANT.with(
            Expect::One,
            [issuer, id, browser, (&login.subject).into(), login.session.into(), now.into()],
        ),
        Ending::Refused => REFUSE.with(Expect::One, [issuer, id, browser, now.into()]),
    }
}

fn read(mut row: Row) -> Result<Interaction, StorageError> {
    Ok(Interaction {
        browser: row.digest()?,
        client_id: row.parsed()?,
        transaction_id: row.parsed()?,
        request: row.blob()?,
        pushed_reference: row.optional_digest()?,
        replay: read_replay(&mut row)?,
        login: read_login(&mut row)?,
        created_at: row.time()?,
        expires_at: row.time()?,
    })
}

fn read_replay(row: &mut Row) -> Result<Option<ReplayKey>, StorageError> {
    let (owner, digest, expires) = (row.optional_text()?, row.optional_digest()?, row.optional_time()?);
    let (Some(owner), Some(digest), Some(expires)) = (owner, digest, expires) else { return Ok(None) };
    Ok(Some(ReplayKey { owner, purpose: Purpose::RequestObject, digest: *digest.as_bytes(), expires }))
}

fn read_login(row: &mut Row) -> Result<Option<Login>, StorageError> {
    let (subject, session) = (row.optional_parsed()?, row.optional_digest()?);
    Ok(subject.zip(session).map(|(subject, session)| Login { subject, session }))
}

/// [`Outcome::Refused`](crate::Outcome) says this: an interaction was not opened: there is one of this name.
pub const OPEN_REFUSED: &str = OPEN.name;
/// [`Outcome::Refused`](crate::Outcome) says this: no login was attached: the interaction is over.
pub const ATTACH_LOGIN_REFUSED: &str = ATTACH_LOGIN.name;
/// [`Outcome::Refused`](crate::Outcome) says this: an interaction was not granted: it is over.
pub const GRANT_REFUSED: &str = GRANT.name;
/// [`Outcome::Refused`](crate::Outcome) says this: an interaction was not refused: it is over.
pub const REFUSE_REFUSED: &str = REFUSE.name;

queries! {
    OPEN = "interaction.open":
        "INSERT INTO interaction
            (issuer, interaction_hash, browser_hash, client_id, transaction_id, request, pushed_reference_hash,
             replay_owner, replay_digest, replay_expires_at, subject, session_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (issuer, interaction_hash) DO NOTHING";
    FIND = "interaction.find":
        "SELECT browser_hash, client_id, transaction_id, request, pushed_reference_hash,
                replay_owner, replay_digest, replay_expires_at, subject, session_hash, created_at, expires_at
         FROM interaction
         WHERE issuer = $1 AND interaction_hash = $2 AND browser_hash = $3 AND expires_at > $4
           AND completed_at IS NULL";
    ATTACH_LOGIN = "interaction.attach_login":
        "UPDATE interaction SET subject = $4, session_hash = $5
         WHERE issuer = $1 AND interaction_hash = $2 AND browser_hash = $3 AND expires_at > $6
           AND completed_at IS NULL";
    GRANT = "interaction.grant":
        "UPDATE interaction SET completed_at = $6, outcome = 'granted'
         WHERE issuer = $1 AND interaction_hash = $2 AND browser_hash = $3 AND subject = $4 AND session_hash = $5
           AND expires_at > $6 AND completed_at IS NULL";
    REFUSE = "interaction.refuse":
        "UPDATE interaction SET completed_at = $4, outcome = 'refused'
         WHERE issuer = $1 AND interaction_hash = $2 AND browser_hash = $3 AND expires_at > $4
           AND completed_at IS NULL";
    pub(crate) SWEEP = "interaction.sweep":
        "DELETE FROM interaction WHERE (issuer, interaction_hash) IN
            (SELECT issuer, interaction_hash FROM interaction WHERE expires_at <= $1 LIMIT $2)";
}
