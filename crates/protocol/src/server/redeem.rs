use countersign_jose::Thumbprint;

use crate::parameter::{ClientId, Scope};
use crate::pkce::{CodeChallenge, CodeVerifier};
use crate::reason::Reason;
use crate::time::UnixTime;

/// What a code is bound to (CODE-03).
#[derive(Clone, Copy, Debug)]
pub struct CodeFacts<'a> {
    /// The client it was issued to.
    pub client_id: &'a ClientId,
    /// Where it was sent.
    pub redirect_uri: &'a str,
    /// The PKCE challenge of the request.
    pub code_challenge: &'a CodeChallenge,
    /// The DPoP key of the request, if it named one.
    pub dpop_jkt: Option<Thumbprint>,
    /// When it ends.
    pub expires: UnixTime,
    /// Whether it was redeemed before.
    pub redeemed: bool,
}

/// Verifies a redemption against the code, in the order of CODE-08: client, expiry, redirect URI, PKCE, key.
///
/// # Errors
/// The reason of the first step that failed. [`Reason::CodeForeign`] leaves the code as it is (CODE-07);
/// [`Reason::CodeReplayed`] revokes what was issued from it (CODE-05); any other burns it (CODE-06).
pub fn verify_redemption(
    code: CodeFacts<'_>,
    client: &ClientId,
    redirect_uri: Option<&str>,
    code_verifier: Option<&str>,
    proof_key: Option<Thumbprint>,
    now: UnixTime,
) -> Result<(), Reason> {
    if code.client_id != client {
        return Err(Reason::CodeForeign);
    }
    if code.redeemed {
        return Err(Reason::CodeReplayed);
    }
    if now >= code.expires {
        return Err(Reason::CodeExpired);
    }
    if redirect_uri != Some(code.redirect_uri) {
        return Err(Reason::CodeRedirectUri);
    }
    let verifier: CodeVerifier = code_verifier.ok_or(Reason::CodeVerifierMissing)?.parse()?;
    if !code.code_challenge.matches(&verifier) {
        return Err(Reason::CodeVerifierWrong);
    }
    match code.dpop_jkt {
        Some(bound) if Some(bound) != proof_key => Err(Reason::CodeOtherKey),
        _ => Ok(()),
    }
}

/// The scope of a refreshed token: what was granted, or the part of it that is asked for (TOK-09).
///
/// # Errors
/// [`Reason::ScopeMalformed`] or [`Reason::RefreshScope`].
pub fn refreshed_scope(granted: &Scope, asked: Option<&str>) -> Result<Scope, Reason> {
    let Some(asked) = asked else { return Ok(granted.clone()) };
    let asked: Scope = asked.parse().map_err(|_| Reason::ScopeMalformed)?;
    if asked.is_subset(granted) { Ok(asked) } else { Err(Reason::RefreshScope) }
}
