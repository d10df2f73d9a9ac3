//! Refresh tokens. Bound to client, grant and key; not rotated in ordinary operation (RT-01).

use countersign_protocol::{
    parameter::{ClientId, Issuer, Subject, TransactionId},
    time::UnixTime,
};

use crate::{Digest, Expect, Row, Statement, StorageError, Store, statement::queries};

/// What a refresh token stands for (RT-04).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The transaction it came from: its family.
    pub transaction_id: TransactionId,
    /// Who may use it.
    pub client_id: ClientId,
    /// Who granted it.
    pub subject: Subject,
    /// The scope granted; a refresh may ask for less, never for more.
    pub scope: String,
    /// Thumbprint of the DPoP key it is bound to, where the client is public (RFC 9449 §5).
    pub dpop_jkt: Option<String>,
    /// When the person logged in (RT-07).
    pub auth_time: UnixTime,
    /// Hash of the session it came from.
    pub session: Option<Digest>,
    /// What else was granted, serialized by the server.
    pub granted: String,
    /// When it was issued.
    pub issued_at: UnixTime,
    /// From when on it is refused (RT-06).
    pub expires_at: UnixTime,
}

/// Issues a token under its hash. Refused if the hash exists.
///
/// In the same unit and before it stands the redemption of the code, or
/// [`authorization_code::keep_family`](crate::authorization_code::keep_family): both lock the family, so that no
/// token is issued behind the back of a revocation.
pub fn issue(issuer: &Issuer, token: impl Into<Digest>, refresh: &RefreshToken) -> Statement {
    ISSUE.with(
        Expect::One,
        [
            issuer.into(),
            token.into().into(),
            (&refresh.transaction_id).into(),
            (&refresh.client_id).into(),
            (&refresh.subject).into(),
            refresh.scope.as_str().into(),
            refresh.dpop_jkt.as_deref().into(),
            refresh.auth_time.into(),
            refresh.session.into(),
            refresh.granted.as_str().into(),
            refresh.issued_at.into(),
            refresh.expires_at.into(),
        ],
    )
}

/// The token of this hash, if it is neither expired nor revoked. The caller compares the client (RT-04).
///
/// # Errors
/// The database failed.
pub async fn find_live(
    store: &Store,
    issuer: &Issuer,
    token: impl Into<Digest>,
    now: UnixTime,
) -> Result<Option<RefreshToken>, StorageError> {
    let question = FIND_LIVE.with(Expect::Any, [issuer.into(), token.into().into(), now.into()]);
    store.row(question).await?.map(read).transpose()
}

/// Revokes every refresh token of a transaction (CODE-05). Stands after
/// [`authorization_code::revoke_family`](crate::authorization_code::revoke_family) in its unit.
pub fn revoke_family(issuer: &Issuer, transaction_id: &TransactionId, now: UnixTime) -> Statement {
    REVOKE_FAMILY.with(Expect::Any, [issuer.into(), transaction_id.into(), now.into()])
}

/// Revokes every refresh token that a person granted a client (RT-06: consent withdrawn).
pub fn revoke_granted(issuer: &Issuer, subject: &Subject, client_id: &ClientId, now: UnixTime) -> Statement {
    REVOKE_GRANTED.with(Expect::Any, [issuer.into(), subject.into(), client_id.into(), now.into()])
}

/// Revokes every refresh token of a person (RT-06: password changed, locked out).
pub fn revoke_all(issuer: &Issuer, subject: &Subject, now: UnixTime) -> Statement {
    REVOKE_ALL.with(Expect::Any, [issuer.into(), subject.into(), now.into()])
}

fn read(mut row: Row) -> Result<RefreshToken, StorageError> {
    Ok(RefreshToken {
        transaction_id: row.parsed()?,
        client_id: row.parsed()?,
        subject: row.parsed()?,
        scope: row.text()?,
        dpop_jkt: row.optional_text()?,
        auth_time: row.time()?,
        session: row.optional_digest()?,
        granted: row.text()?,
        issued_at: row.time()?,
        expires_at: row.time()?,
    })
}

queries! {
    ISSUE = "refresh_token.issue":
        "INSERT INTO refresh_token
            (issuer, token_hash, transaction_id, client_id, subject, scope, dpop_jkt, auth_time, session_hash, granted,
             issued_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (issuer, token_hash) DO NOTHING";
    FIND_LIVE = "refresh_token.find_live":
        "SELECT transaction_id, client_id, subject, scope, dpop_jkt, auth_time, session_hash, granted,
                issued_at, expires_at
         FROM refresh_token WHERE issuer = $1 AND token_hash = $2 AND expires_at > $3 AND revoked_at IS NULL";
    REVOKE_FAMILY = "refresh_token.revoke_family":
        "UPDATE refresh_token SET revoked_at = $3
         WHERE issuer = $1 AND transaction_id = $2 AND revoked_at IS NULL";
    REVOKE_GRANTED = "refresh_token.revoke_granted":
        "UPDATE refresh_token SET revoked_at = $4
         WHERE issuer = $1 AND subject = $2 AND client_id = $3 AND revoked_at IS NULL";
    REVOKE_ALL = "refresh_token.revoke_all":
        "UPDATE refresh_token SET revoked_at = $3 WHERE issuer = $1 AND subject = $2 AND revoked_at IS NULL";
    pub(crate) SWEEP = "refresh_token.sweep":
        "DELETE FROM refresh_token WHERE (issuer, token_hash) IN
            (SELECT issuer, token_hash FROM refresh_token WHERE expires_at <= $1 LIMIT $2)";
}
