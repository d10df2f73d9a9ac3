//! Authorization codes, and the token family that each of them heads.
//!
//! The row outlives the code (CODE-09): it is the mark that the code was used, and the one place where the family of
//! its transaction is live or revoked.

use countersign_protocol::{
    parameter::{ClientId, Issuer, Subject, TransactionId},
    time::UnixTime,
};

use crate::{Digest, Expect, Row, Statement, StorageError, Store, statement::queries};

/// What a code was issued for, and all it is bound to (CODE-03).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// Who may redeem it.
    pub client_id: ClientId,
    /// The transaction; the family of every token issued from it.
    pub transaction_id: TransactionId,
    /// Who granted it.
    pub subject: Subject,
    /// Where it was sent.
    pub redirect_uri: String,
    /// PKCE challenge, S256.
    pub code_challenge: Option<String>,
    /// Thumbprint of the DPoP key that must redeem it.
    pub dpop_jkt: Option<String>,
    /// Granted scope.
    pub scope: String,
    /// For the ID token.
    pub nonce: Option<String>,
    /// When the person logged in.
    pub auth_time: UnixTime,
    /// Hash of the session it came from.
    pub session: Option<Digest>,
    /// What else was granted, serialized by the server.
    pub granted: String,
    /// When it was issued.
    pub issued_at: UnixTime,
    /// From when on it is refused (CODE-01).
    pub expires_at: UnixTime,
}

/// A code as found: what it was issued for, and what happened to it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCode {
    /// What it was issued for.
    pub code: AuthorizationCode,
    /// When it was redeemed; a second presentation revokes the family (CODE-05).
    pub redeemed_at: Option<UnixTime>,
    /// When it was burned (CODE-06).
    pub burned_at: Option<UnixTime>,
    /// When its family was revoked.
    pub revoked_at: Option<UnixTime>,
}

/// Issues a code under its hash. Refused if the code exists or its transaction already had one.
///
/// `forget_at` is when the mark of a code that nobody redeems may go (CODE-09: at least ten minutes).
pub fn issue(
    issuer: &Issuer,
    code_hash: impl Into<Digest>,
    code: &AuthorizationCode,
    forget_at: UnixTime,
) -> Statement {
    ISSUE.with(
        Expect::One,
        [
            issuer.into(),
            code_hash.into().into(),
            (&code.client_id).into(),
            (&code.transaction_id).into(),
            (&code.subject).into(),
            code.redirect_uri.as_str().into(),
            code.code_challenge.as_deref().into(),
            code.dpop_jkt.as_deref().into(),
            code.scope.as_str().into(),
            code.nonce.as_deref().into(),
            code.auth_time.into(),
            code.session.into(),
            code.granted.as_str().into(),
            code.issued_at.into(),
            code.expires_at.into(),
            forget_at.into(),
        ],
    )
}

/// The code of this hash, whatever became of it, so that reuse and foreign use can be told apart (CODE-05, CODE-07).
///
/// Finding is not redeeming: only [`redeem`] decides who was first.
///
/// # Errors
/// The database failed.
pub async fn find(
    store: &Store,
    issuer: &Issuer,
    code_hash: impl Into<Digest>,
) -> Result<Option<FoundCode>, StorageError> {
    store.row(FIND.with(Expect::Any, [issuer.into(), code_hash.into().into()])).await?.map(read).transpose()
}

/// Redeems a code, once (CODE-04). Refused if it was redeemed, burned or revoked, is expired, or belongs to another
/// client (CODE-07: which changes nothing for its owner).
///
/// `forget_at` is when the last token issued from it has expired (CODE-09).
pub fn redeem(
    issuer: &Issuer,
    code_hash: impl Into<Digest>,
    client_id: &ClientId,
    forget_at: UnixTime,
    now: UnixTime,
) -> Statement {
    REDEEM.with(
        Expect::One,
        [issuer.into(), code_hash.into().into(), client_id.into(), forget_at.into(), now.into()],
    )
}

/// Makes a code useless that its own client presented wrongly (CODE-06). Refused if it is no longer usable anyway.
pub fn burn(issuer: &Issuer, code_hash: impl Into<Digest>, client_id: &ClientId, now: UnixTime) -> Statement {
    BURN.with(Expect::One, [issuer.into(), code_hash.into().into(), client_id.into(), now.into()])
}

/// Revokes the family of a transaction (CODE-05). Stands before [`refresh_token::revoke_family`](crate::refresh_token::revoke_family)
/// in its unit: a refresh that runs at the same moment then either ends first or finds the family revoked.
pub fn revoke_family(issuer: &Issuer, transaction_id: &TransactionId, now: UnixTime) -> Statement {
    REVOKE_FAMILY.with(Expect::Any, [issuer.into(), transaction_id.into(), now.into()])
}

/// Keeps the mark of a live family until `forget_at` at least, because a token was issued that lives so long.
/// Refused if the family was revoked: first statement of every unit that issues a token from a refresh.
pub fn keep_family(issuer: &Issuer, transaction_id: &TransactionId, forget_at: UnixTime) -> Statement {
    KEEP_FAMILY.with(Expect::One, [issuer.into(), transaction_id.into(), forget_at.into()])
}

/// Whether tokens of this transaction still count: its code was redeemed and the family not revoked (CODE-05).
///
/// # Errors
/// The database failed; the tokens must then be refused.
pub async fn family_is_live(
    store: &Store,
    issuer: &Issuer,
    transaction_id: &TransactionId,
) -> Result<bool, StorageError> {
    let question = FAMILY_IS_LIVE.with(Expect::Any, [issuer.into(), transaction_id.into()]);
    Ok(store.row(question).await?.is_some())
}

fn read(mut row: Row) -> Result<FoundCode, StorageError> {
    let code = AuthorizationCode {
        client_id: row.parsed()?,
        transaction_id: row.parsed()?,
        subject: row.parsed()?,
        redirect_uri: row.text()?,
        code_challenge: row.optional_text()?,
        dpop_jkt: row.optional_text()?,
        scope: row.text()?,
        nonce: row.optional_text()?,
        auth_time: row.time()?,
        session: row.optional_digest()?,
        granted: row.text()?,
        issued_at: row.time()?,
        expires_at: row.time()?,
    };
    Ok(FoundCode {
        code,
        redeemed_at: row.optional_time()?,
        burned_at: row.optional_time()?,
        revoked_at: row.optional_time()?,
    })
}

/// [`Outcome::Refused`](crate::Outcome) says this: a code was not redeemed: somebody else was first, or it is not this client's to redeem any more.
pub const REDEEM_REFUSED: &str = REDEEM.name;
/// [`Outcome::Refused`](crate::Outcome) says this: a family was not kept: it was revoked.
pub const KEEP_FAMILY_REFUSED: &str = KEEP_FAMILY.name;

queries! {
    ISSUE = "authorization_code.issue":
        "INSERT INTO authorization_code
            (issuer, code_hash, client_id, transaction_id, subject, redirect_uri, code_challenge, dpop_jkt, scope,
             nonce, auth_time, session_hash, granted, issued_at, expires_at, forget_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT DO NOTHING";
    FIND = "authorization_code.find":
        "SELECT client_id, transaction_id, subject, redirect_uri, code_challenge, dpop_jkt, scope, nonce, auth_time,
                session_hash, granted, issued_at, expires_at, redeemed_at, burned_at, revoked_at
         FROM authorization_code WHERE issuer = $1 AND code_hash = $2";
    REDEEM = "authorization_code.redeem":
        "UPDATE authorization_code SET redeemed_at = $5, forget_at = $4
         WHERE issuer = $1 AND code_hash = $2 AND client_id = $3 AND expires_at > $5
           AND redeemed_at IS NULL AND burned_at IS NULL AND revoked_at IS NULL";
    BURN = "authorization_code.burn":
        "UPDATE authorization_code SET burned_at = $4
         WHERE issuer = $1 AND code_hash = $2 AND client_id = $3
           AND redeemed_at IS NULL AND burned_at IS NULL AND revoked_at IS NULL";
    REVOKE_FAMILY = "authorization_code.revoke_family":
        "UPDATE authorization_code SET revoked_at = $3
         WHERE issuer = $1 AND transaction_id = $2 AND revoked_at IS NULL";
    KEEP_FAMILY = "authorization_code.keep_family":
        "UPDATE authorization_code SET forget_at = CASE WHEN forget_at < $3 THEN $3 ELSE forget_at END
         WHERE issuer = $1 AND transaction_id = $2 AND redeemed_at IS NOT NULL AND revoked_at IS NULL";
    FAMILY_IS_LIVE = "authorization_code.family_is_live":
        "SELECT client_id FROM authorization_code
         WHERE issuer = $1 AND transaction_id = $2 AND redeemed_at IS NOT NULL AND revoked_at IS NULL";
    pub(crate) SWEEP = "authorization_code.sweep":
        "DELETE FROM authorization_code WHERE (issuer, code_hash) IN
            (SELECT issuer, code_hash FROM authorization_code WHERE forget_at <= $1 LIMIT $2)";
}
