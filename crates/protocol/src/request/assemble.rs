use countersign_jose::Thumbprint;

use super::{AuthorizationRequest, Presented, Prompt, RequestParameters, VerifiedRequest};
use crate::parameter::{Nonce, ResponseMode, ResponseType, Scope, State};
use crate::pkce::CodeChallenge;
use crate::policy::{Control, Facts};
use crate::reason::Reason;
use crate::registration::{Client, MatchedRedirectUri};
use crate::rejection::{Rejection, ReturnAddress};
use crate::time::UnixTime;

/// How a request reached the server: what is left to trust after it was resolved and verified.
#[derive(Debug)]
pub enum Carriage<'a> {
    /// A verified request object.
    Signed(Box<VerifiedRequest>),
    /// Plain parameters.
    Plain(&'a super::RawParameters),
}

impl Carriage<'_> {
    /// Validates what was carried as an authorization request (JAR-60, JAR-61): redirect URI first, because it
    /// decides where an error may go; then response type and mode, PKCE, scope and the rest; then the profile.
    ///
    /// # Errors
    /// [`Rejection::Page`] until redirect URI and response mode are established, [`Rejection::Return`] after.
    pub fn into_request(
        self,
        client: &Client,
        pushed: bool,
        proof_key: Option<Thumbprint>,
        now: UnixTime,
    ) -> Result<AuthorizationRequest, Rejection> {
        let (parameters, presented) = self.open();
        let redirect_uri = redirect_uri(&parameters, client)?;
        let state = state(&parameters)?;
        let address = return_address(&parameters, client, redirect_uri, state)?;
        let refuse = |reason: Reason| Rejection::Return(address.clone(), reason);

        let response_type = response_type(&parameters).map_err(refuse)?;
        check_response_mode(&parameters, client, response_type).map_err(refuse)?;
        let challenge = parameters.code_challenge.as_deref();
        let code_challenge =
            CodeChallenge::from_parameters(challenge, parameters.code_challenge_method.as_deref())
                .map_err(refuse)?;
        let scope = scope(&parameters, client).map_err(refuse)?;
        let nonce = nonce(&parameters).map_err(refuse)?;
        let dpop_jkt = dpop_jkt(&parameters, proof_key).map_err(refuse)?;
        let prompt = prompt(&parameters).map_err(refuse)?;
        let max_age = max_age(&parameters).map_err(refuse)?;
        if parameters.authorization_details {
            return Err(refuse(Reason::AuthorizationDetailsUnsupported));
        }
        let facts = Facts {
            pushed_request: pushed,
            signed_request: matches!(presented, Presented::Signed { .. }),
            asymmetric_client_authentication: client.authenticates_with_a_key(),
            pkce_s256: true,
            signed_response: address.delivery().signed,
            sender_constrained_tokens: client.binds_tokens(),
        };
        let verdict = client.profile().judge(&facts);
        if let Some(missing) = verdict.missing().next() {
            return Err(refuse(missing.missing()));
        }
        Ok(AuthorizationRequest {
            client_id: client.id().clone(),
            redirect_uri: address.redirect_uri().clone(),
            response_type,
            delivery: address.delivery(),
            scope,
            state: address.state().cloned(),
            nonce,
            code_challenge,
            dpop_jkt,
            prompt,
            max_age,
            login_hint: parameters.login_hint.filter(|hint| hint.len() <= 255),
            presented,
            received_at: now,
            facts,
            verdict,
        })
    }

    fn open(self) -> (RequestParameters, Presented) {
        match self {
            Self::Signed(verified) => {
                let VerifiedRequest { parameters, object, algorithm, key } = *verified;
                (parameters, Presented::Signed { object, key, algorithm })
            }
            Self::Plain(raw) => {
                (RequestParameters::from_raw(raw), Presented::Plain { parameters: raw.without_credentials() })
            }
        }
    }
}

/// RED-04, RED-05: nothing is answered to an address that was not matched.
fn redirect_uri(parameters: &RequestParameters, client: &Client) -> Result<MatchedRedirectUri, Rejection> {
    let raw = parameters.redirect_uri.as_deref().ok_or(Rejection::Page(Reason::RedirectUriMissing))?;
    client.matched_redirect_uri(raw).map_err(Rejection::Page)
}

/// JAR-122: a state that cannot be returned unchanged is not returned at all.
fn state(parameters: &RequestParameters) -> Result<Option<State>, Rejection> {
    let parsed = parameters.state.as_deref().map(str::parse).transpose();
    parsed.map_err(|_| Rejection::Page(Reason::StateTooLong))
}

/// Where errors go from here on: by the requested mode (JAR-126), by the default mode where the requested one
/// would break a rule (JARM-05, JARM-79), to a page where no mode is understood (JARM-16).
fn return_address(
    parameters: &RequestParameters,
    client: &Client,
    redirect_uri: MatchedRedirectUri,
    state: Option<State>,
) -> Result<ReturnAddress, Rejection> {
    let response_type = response_type(parameters).unwrap_or(ResponseType::CODE);
    let mode = response_mode(parameters, response_type).map_err(Rejection::Page)?;
    let exposes = response_type.has_tokens() && matches!(mode, ResponseMode::Query | ResponseMode::QueryJwt);
    let signed = mode.is_signed() || client.demands(Control::SignedResponse);
    let answerable = match (exposes || (signed && !mode.is_signed()), signed) {
        (false, _) => mode,
        (true, true) => ResponseMode::Jwt,
        (true, false) => ResponseMode::Fragment,
    };
    Ok(ReturnAddress::new(redirect_uri, answerable.deliver(response_type), state))
}

fn response_mode(
    parameters: &RequestParameters,
    response_type: ResponseType,
) -> Result<ResponseMode, Reason> {
    match parameters.response_mode.as_deref() {
        None => Ok(ResponseMode::default_for(response_type)),
        Some(raw) => raw.parse().map_err(|_| Reason::ResponseModeUnknown),
    }
}

/// RED-08: `code` and nothing else is offered.
fn response_type(parameters: &RequestParameters) -> Result<ResponseType, Reason> {
    let raw = parameters.response_type.as_deref().ok_or(Reason::ResponseTypeMissing)?;
    raw.parse().map_err(|_| Reason::ResponseTypeUnsupported)
}

fn check_response_mode(
    parameters: &RequestParameters,
    client: &Client,
    asked: ResponseType,
) -> Result<(), Reason> {
    let mode = response_mode(parameters, asked)?;
    if asked.has_tokens() && matches!(mode, ResponseMode::Query | ResponseMode::QueryJwt) {
        return Err(Reason::ResponseModeExposesTokens);
    }
    if asked != ResponseType::CODE {
        return Err(Reason::ResponseTypeUnsupported);
    }
    if client.demands(Control::SignedResponse) && !mode.is_signed() {
        return Err(Reason::SignedResponseRequired);
    }
    if client.may_be_answered_by(mode) { Ok(()) } else { Err(Reason::ResponseModeNotAllowed) }
}

/// RED-09: a subset of the registered scope.
fn scope(parameters: &RequestParameters, client: &Client) -> Result<Scope, Reason> {
    let asked: Scope =
        parameters.scope.as_deref().unwrap_or_default().parse().map_err(|_| Reason::ScopeMalformed)?;
    if asked.is_subset(client.scope()) { Ok(asked) } else { Err(Reason::ScopeNotAllowed) }
}

fn nonce(parameters: &RequestParameters) -> Result<Option<Nonce>, Reason> {
    parameters.nonce.as_deref().map(str::parse).transpose().map_err(|_| Reason::NonceTooLong)
}

/// DPOP-15, DPOP-16: the parameter, the proof, or both when they agree.
fn dpop_jkt(
    parameters: &RequestParameters,
    proof_key: Option<Thumbprint>,
) -> Result<Option<Thumbprint>, Reason> {
    let named: Option<Thumbprint> = parameters
        .dpop_jkt
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|_| Reason::DpopThumbprintMalformed)?;
    match (named, proof_key) {
        (Some(named), Some(proven)) if named != proven => Err(Reason::DpopThumbprintDiffers),
        (named, proven) => Ok(proven.or(named)),
    }
}

/// IDT-07: `none` stands alone.
fn prompt(parameters: &RequestParameters) -> Result<Prompt, Reason> {
    let mut prompt = Prompt::default();
    for word in parameters.prompt.as_deref().unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "login" | "select_account" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => return Err(Reason::PromptMalformed),
        }
    }
    if prompt.none && (prompt.login || prompt.consent) { Err(Reason::PromptMalformed) } else { Ok(prompt) }
}

fn max_age(parameters: &RequestParameters) -> Result<Option<u64>, Reason> {
    let digits = |raw: &str| raw.bytes().all(|byte| byte.is_ascii_digit());
    match parameters.max_age.as_deref() {
        None => Ok(None),
        Some(raw) if digits(raw) => raw.parse().map(Some).map_err(|_| Reason::MaxAgeMalformed),
        Some(_) => Err(Reason::MaxAgeMalformed),
    }
}
