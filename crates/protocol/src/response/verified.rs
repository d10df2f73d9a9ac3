use countersign_jose::compact::{self, CompactError};
use countersign_jose::jws::{JwsError, Unverified, Verified};
use countersign_jose::{Algorithm, JwkSet, Limits, json};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::audience::Audience;
use crate::numeric_date::{EXPIRY_LEEWAY, FUTURE_SKEW, NumericDate, present};
use crate::parameter::{ClientId, Delivery, Encoding, Issuer, State};
use crate::reason::Reason;
use crate::request::RawParameters;
use crate::time::UnixTime;

/// Parameters of a plain answer: none of them may stand beside `response` (JARM-43).
pub const PLAIN_PARAMETERS: [&str; 12] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "id_token",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "session_state",
];

/// An answer as it reached the client: its parameters and the way they came.
#[derive(Debug)]
pub struct ReceivedResponse {
    parameters: RawParameters,
    encoding: Encoding,
}

/// What the client recorded when it sent the request (JARM 2.4; catalogue section 5).
#[derive(Clone, Debug)]
pub struct ExpectedResponse<'a> {
    /// The server the request was sent to.
    pub issuer: &'a Issuer,
    /// The published keys of that server: never looked up by anything in the answer (JARM-57).
    pub keys: &'a JwkSet,
    /// Who the client is there.
    pub client_id: &'a ClientId,
    /// The algorithm it registered for answers.
    pub algorithm: Algorithm,
    /// The way it asked to be answered.
    pub delivery: Delivery,
    /// The state it sent.
    pub state: Option<&'a State>,
}

/// An answer that held: issuer, audience, expiry, signature, kind and state, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedResponse {
    outcome: VerifiedOutcome,
}

/// What a verified answer says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VerifiedOutcome {
    /// A code to redeem at the expected issuer.
    Code(String),
    /// The server refused; the text is the server's own.
    Error {
        /// The OAuth code.
        error: String,
        /// What the server says about it; escape before showing.
        description: Option<String>,
    },
}

impl VerifiedResponse {
    /// What it says.
    pub fn into_outcome(self) -> VerifiedOutcome {
        self.outcome
    }
}

/// Claims of an authorization response and of what must not pass for one (JARM-25, JARM-51).
#[derive(Deserialize)]
struct Claims {
    #[serde(default, deserialize_with = "present")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Audience>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    state: Option<String>,
    #[serde(default, deserialize_with = "present")]
    code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    error: Option<String>,
    #[serde(default, deserialize_with = "present")]
    error_description: Option<String>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    events: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    cnf: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    at_hash: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    c_hash: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    s_hash: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    client_id: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    token_introspection: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    id_token: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    access_token: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    expires_in: Option<IgnoredAny>,
}

impl ReceivedResponse {
    /// Takes the parameters of a callback: the query of a GET, or the form of a POST.
    ///
    /// # Errors
    /// [`Reason::ResponseRepeated`] or [`Reason::ResponseParametersMalformed`].
    pub fn parse(encoded: &[u8], encoding: Encoding) -> Result<Self, Reason> {
        let parameters = RawParameters::parse(encoded).map_err(|reason| match reason {
            Reason::ParameterRepeated => Reason::ResponseRepeated,
            _ => Reason::ResponseParametersMalformed,
        })?;
        Ok(Self { parameters, encoding })
    }

    /// Verifies the answer against what was asked, in the order of the catalogue (JARM-42..52; JARM 2.4).
    ///
    /// Whoever calls marks the login as answered before acting on the result (JARM-54).
    ///
    /// # Errors
    /// The reason of the first step that failed. Nothing of a refused answer may be acted on or shown; a forged one
    /// would otherwise log a person in as somebody else.
    pub fn verify(&self, expected: &ExpectedResponse<'_>, now: UnixTime) -> Result<VerifiedResponse, Reason> {
        self.check_encoding(expected)?;
        if !expected.delivery.signed {
            return self.read_plain(expected);
        }
        let compact = self.only_response()?;
        let unverified = parse(compact)?;
        let claims = read_claims(&unverified)?;
        check_issuer(&claims, expected.issuer)?;
        check_audience(&claims, expected.client_id)?;
        check_times(&claims, now)?;
        let verified = check_signature(unverified, expected)?;
        check_kind(&verified, &claims)?;
        check_state(claims.state.as_deref(), expected.state)?;
        outcome(claims)
    }

    /// JARM-42.
    fn check_encoding(&self, expected: &ExpectedResponse<'_>) -> Result<(), Reason> {
        if self.encoding == expected.delivery.encoding { Ok(()) } else { Err(Reason::ResponseWrongMethod) }
    }

    /// JARM-43, JARM-44: exactly one `response`, and nothing beside it.
    ///
    /// Parameters of the registered redirect URI's own query may stand beside it; those of OAuth may not.
    fn only_response(&self) -> Result<&str, Reason> {
        let response = self.parameters.get("response").ok_or(Reason::ResponseMissing)?;
        let plain = self.parameters.names().any(|name| PLAIN_PARAMETERS.contains(&name));
        if plain { Err(Reason::ResponseBesideOthers) } else { Ok(response) }
    }

    /// A plain answer, where a plain one was asked for (RFC 9207 §2.4; ISS-03..06).
    fn read_plain(&self, expected: &ExpectedResponse<'_>) -> Result<VerifiedResponse, Reason> {
        if self.parameters.get("iss") != Some(expected.issuer.as_str()) {
            return Err(Reason::IssuerParameter);
        }
        check_state(self.parameters.get("state"), expected.state)?;
        let text = |name: &str| self.parameters.get(name).map(str::to_owned);
        one_outcome(text("code"), text("error"), text("error_description"))
    }
}

/// JARM-45, JARM-46.
fn parse(compact: &str) -> Result<Unverified<'_>, Reason> {
    if compact::parts(compact) == 5 {
        return Err(Reason::ResponseEncryption);
    }
    Unverified::parse(compact, &Limits::TOKEN).map_err(header_reason)
}

/// Read before the signature is checked, as JARM 2.4 orders: until then for comparison only (JARM-56).
fn read_claims(unverified: &Unverified<'_>) -> Result<Claims, Reason> {
    json::parse_object(unverified.danger_unverified_payload(), &Limits::TOKEN)
        .map_err(|_| Reason::ResponseClaims)
}

/// JARM-47.
fn check_issuer(claims: &Claims, issuer: &Issuer) -> Result<(), Reason> {
    if claims.iss.as_deref() == Some(issuer.as_str()) { Ok(()) } else { Err(Reason::ResponseIssuer) }
}

/// JARM-48.
fn check_audience(claims: &Claims, client: &ClientId) -> Result<(), Reason> {
    let only = claims.aud.as_ref().is_some_and(|audience| audience.is_only(client.as_str()));
    if only { Ok(()) } else { Err(Reason::ResponseAudience) }
}

/// JARM-49.
fn check_times(claims: &Claims, now: UnixTime) -> Result<(), Reason> {
    const A_DAY: u64 = 24 * 60 * 60;
    let time = |claim: Option<NumericDate>| claim.map(NumericDate::time).transpose();
    let exp = time(claims.exp).ok().flatten().ok_or(Reason::ResponseExpired)?;
    if now >= exp.plus(EXPIRY_LEEWAY) {
        return Err(Reason::ResponseExpired);
    }
    if exp.since(now) > A_DAY {
        return Err(Reason::ResponseTooLong);
    }
    for claim in [claims.nbf, claims.iat] {
        let time = time(claim).map_err(|_| Reason::ResponseNotYetValid)?;
        if time.is_some_and(|time| time.since(now) > FUTURE_SKEW) {
            return Err(Reason::ResponseNotYetValid);
        }
    }
    Ok(())
}

/// JARM-50: the registered algorithm, under a key of the expected issuer.
fn check_signature(unverified: Unverified<'_>, expected: &ExpectedResponse<'_>) -> Result<Verified, Reason> {
    if unverified.header().algorithm != expected.algorithm {
        return Err(Reason::ResponseAlgorithm);
    }
    let kid = unverified.header().kid.clone();
    let candidates = expected.keys.select(expected.algorithm, kid.as_deref());
    unverified.verify_any(candidates).map_err(|error| match error {
        JwsError::NoKey => Reason::ResponseKey,
        _ => Reason::ResponseSignature,
    })
}

/// JARM-51: not an ID token, logout token, access token, userinfo or introspection response; and no tokens inside,
/// which belong to response types that are never asked for.
fn check_kind(verified: &Verified, claims: &Claims) -> Result<(), Reason> {
    let foreign = [
        &claims.nonce,
        &claims.events,
        &claims.cnf,
        &claims.at_hash,
        &claims.c_hash,
        &claims.s_hash,
        &claims.client_id,
        &claims.token_introspection,
        &claims.id_token,
        &claims.access_token,
        &claims.expires_in,
    ];
    let marked = foreign.iter().any(|claim| claim.is_some());
    let header = verified.header();
    if marked || (header.typ.is_some() && !header.is_type("JWT")) {
        Err(Reason::ResponseKind)
    } else {
        Ok(())
    }
}

/// JARM-52: present and equal if sent, absent if not.
fn check_state(received: Option<&str>, sent: Option<&State>) -> Result<(), Reason> {
    if received == sent.map(State::as_str) { Ok(()) } else { Err(Reason::ResponseState) }
}

fn outcome(claims: Claims) -> Result<VerifiedResponse, Reason> {
    one_outcome(claims.code, claims.error, claims.error_description)
}

/// ATK-JARM-26, ATK-JARM-27: one of `code` and `error`.
fn one_outcome(
    code: Option<String>,
    error: Option<String>,
    description: Option<String>,
) -> Result<VerifiedResponse, Reason> {
    let outcome = match (code, error) {
        (Some(code), None) if !code.is_empty() => VerifiedOutcome::Code(code),
        (None, Some(error)) if !error.is_empty() => VerifiedOutcome::Error { error, description },
        _ => return Err(Reason::ResponseIncomplete),
    };
    Ok(VerifiedResponse { outcome })
}

fn header_reason(error: JwsError) -> Reason {
    match error {
        JwsError::Compact(CompactError::TooLong { .. }) => Reason::ResponseTooLarge,
        JwsError::Compact(_) | JwsError::EmptyPart { .. } | JwsError::Base64 { .. } => {
            Reason::ResponseNotCompact
        }
        JwsError::UnknownAlgorithm | JwsError::AlgorithmMismatch => Reason::ResponseAlgorithm,
        JwsError::KeyIdMismatch | JwsError::NoKey => Reason::ResponseKey,
        JwsError::Signature => Reason::ResponseSignature,
        JwsError::Critical
        | JwsError::KeyFromToken { .. }
        | JwsError::EmbeddedKey(_)
        | JwsError::Header(_)
        | JwsError::HeaderTooLong { .. }
        | JwsError::NoAlgorithm
        | JwsError::UnencodedPayload => Reason::ResponseHeader,
    }
}
