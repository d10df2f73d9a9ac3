//! A registered client: metadata that passed every check, with its keys parsed once.

use countersign_jose::{Algorithm, JwkSet};

use crate::metadata::{ApplicationType, AuthenticationMethod, ClientMetadata, GrantType};
use crate::parameter::{ClientId, RedirectUri, ResponseMode, ResponseType, Scope};
use crate::policy::{Control, Profile};
use crate::reason::Reason;

/// A client that is registered, active, and whose metadata holds under its profile.
///
/// Its keys are parsed here and nowhere else: the key of a token is always one of these (JAR-68).
#[derive(Debug)]
pub struct Client {
    metadata: ClientMetadata,
    keys: JwkSet,
}

/// A redirect URI that was matched against the registration. Only [`Client::matched_redirect_uri`] makes one, so
/// sending an answer to an unmatched address does not compile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchedRedirectUri(RedirectUri);

/// Why client metadata was refused (RFC 7591 §3.2.2).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{member}: {wrong} What would pass: {passes} [{rule}]")]
pub struct InvalidClientMetadata {
    /// The member at fault.
    pub member: &'static str,
    /// What is wrong with it.
    pub wrong: String,
    /// What would pass.
    pub passes: String,
    /// The requirement of the catalogue.
    pub rule: &'static str,
}

impl Client {
    /// Checks metadata against its profile and parses its keys.
    ///
    /// # Errors
    /// The first member that does not hold: nothing weaker than the profile can be registered (REG-04).
    pub fn register(metadata: ClientMetadata) -> Result<Self, InvalidClientMetadata> {
        check_offered(&metadata)?;
        check_redirect_uris(&metadata)?;
        check_flows(&metadata)?;
        check_algorithms(&metadata)?;
        check_response_modes(&metadata)?;
        let keys = parse_keys(&metadata)?;
        Ok(Self { metadata, keys })
    }

    /// Its name.
    pub fn id(&self) -> &ClientId {
        &self.metadata.client_id
    }

    /// What people are shown: the registered name, or the client id.
    pub fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(self.metadata.client_id.as_str())
    }

    /// The document it registered with.
    pub fn metadata(&self) -> &ClientMetadata {
        &self.metadata
    }

    /// The profile its flows are judged by.
    pub fn profile(&self) -> &'static Profile {
        self.metadata.profile.profile()
    }

    /// Its public keys.
    pub fn keys(&self) -> &JwkSet {
        &self.keys
    }

    /// The scope it may ask for.
    pub fn scope(&self) -> &Scope {
        &self.metadata.scope
    }

    /// Whether its registration or its profile demands this control.
    pub fn demands(&self, control: Control) -> bool {
        let registered = match control {
            Control::SignedRequest => self.metadata.require_signed_request_object,
            Control::PushedRequest => self.metadata.require_pushed_authorization_requests,
            Control::SenderConstrainedTokens => self.metadata.dpop_bound_access_tokens,
            Control::AsymmetricClientAuthentication | Control::PkceS256 => false,
            Control::SignedResponse => self
                .metadata
                .response_modes
                .as_ref()
                .is_some_and(|modes| modes.iter().all(|mode| mode.is_signed())),
        };
        registered || self.profile().demands(control)
    }

    /// Whether its tokens are bound to a key.
    pub fn binds_tokens(&self) -> bool {
        self.demands(Control::SenderConstrainedTokens)
    }

    /// Whether it authenticates with a key of its own rather than a shared secret.
    pub fn authenticates_with_a_key(&self) -> bool {
        match self.metadata.token_endpoint_auth_method {
            AuthenticationMethod::PrivateKeyJwt => true,
        }
    }

    /// Whether it may use this grant.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant)
    }

    /// Whether this response mode is registered, or allowed by the profile when none is (JARM-13, JARM-15).
    pub fn may_be_answered_by(&self, mode: ResponseMode) -> bool {
        match &self.metadata.response_modes {
            Some(modes) => modes.contains(&mode),
            None => !self.profile().literal_jwt_mode || mode == ResponseMode::Jwt,
        }
    }

    /// Whether its request objects may be signed with `algorithm` (JAR-49).
    pub fn may_sign_requests_with(&self, algorithm: Algorithm) -> bool {
        permits(self.metadata.request_object_signing_alg, self.profile(), algorithm)
    }

    /// Whether its client assertions may be signed with `algorithm` (CAUTH-10).
    pub fn may_sign_assertions_with(&self, algorithm: Algorithm) -> bool {
        permits(self.metadata.token_endpoint_auth_signing_alg, self.profile(), algorithm)
    }

    /// The algorithm of the answers it gets (JARM-29, JARM-30).
    pub fn response_algorithm(&self) -> Algorithm {
        self.metadata.authorization_signed_response_alg.unwrap_or(self.profile().algorithms[0])
    }

    /// The algorithm of its ID tokens (IDT-02).
    pub fn id_token_algorithm(&self) -> Algorithm {
        self.metadata.id_token_signed_response_alg.unwrap_or(self.profile().algorithms[0])
    }

    /// Matches a received redirect URI against the registered ones (RED-01, RED-04).
    ///
    /// # Errors
    /// [`Reason::RedirectUriUnregistered`], also for what is no redirect URI at all.
    pub fn matched_redirect_uri(&self, raw: &str) -> Result<MatchedRedirectUri, Reason> {
        let received: RedirectUri = raw.parse().map_err(|_| Reason::RedirectUriUnregistered)?;
        let known = self.metadata.redirect_uris.iter().any(|registered| received.matches(registered));
        if known { Ok(MatchedRedirectUri(received)) } else { Err(Reason::RedirectUriUnregistered) }
    }
}

impl MatchedRedirectUri {
    /// The address.
    pub fn uri(&self) -> &RedirectUri {
        &self.0
    }
}

fn permits(registered: Option<Algorithm>, profile: &Profile, algorithm: Algorithm) -> bool {
    registered.map_or_else(|| profile.algorithms.contains(&algorithm), |only| only == algorithm)
}

/// JARM-38, REG-03: what is registered is done, or refused; a client that relies on encryption is never answered
/// without it, and keys are not fetched.
fn check_offered(metadata: &ClientMetadata) -> Result<(), InvalidClientMetadata> {
    let asked = &metadata.not_offered;
    let members = [
        ("jwks_uri", &asked.jwks_uri, "REG-03"),
        ("authorization_encrypted_response_alg", &asked.authorization_encrypted_response_alg, "JARM-38"),
        ("authorization_encrypted_response_enc", &asked.authorization_encrypted_response_enc, "JARM-36"),
        ("id_token_encrypted_response_alg", &asked.id_token_encrypted_response_alg, "IDT-05"),
        ("id_token_encrypted_response_enc", &asked.id_token_encrypted_response_enc, "IDT-05"),
    ];
    match members.into_iter().find(|(_, value, _)| value.is_some()) {
        Some((member, _, rule)) => Err(InvalidClientMetadata {
            member,
            wrong: "This server does not offer it.".to_owned(),
            passes: "Keys by value in jwks, signed answers without encryption.".to_owned(),
            rule,
        }),
        None => Ok(()),
    }
}

/// REG-04: the code flow and nothing else, with the grant that goes with it.
fn check_flows(metadata: &ClientMetadata) -> Result<(), InvalidClientMetadata> {
    let refuse = |member, wrong: &str, passes: &str| {
        let (wrong, passes) = (wrong.to_owned(), passes.to_owned());
        Err(InvalidClientMetadata { member, wrong, passes, rule: "REG-04" })
    };
    if metadata.response_types != [ResponseType::CODE] {
        return refuse("response_types", "Only the response type code is offered.", "code.");
    }
    if !metadata.grant_types.contains(&GrantType::AuthorizationCode) {
        return refuse(
            "grant_types",
            "A code could not be redeemed.",
            "authorization_code, and refresh_token.",
        );
    }
    Ok(())
}

fn check_redirect_uris(metadata: &ClientMetadata) -> Result<(), InvalidClientMetadata> {
    let refuse = |wrong: String| InvalidClientMetadata {
        member: "redirect_uris",
        wrong,
        passes: "One or more https addresses; http on loopback and app schemes with application_type native."
            .to_owned(),
        rule: "RED-02",
    };
    if metadata.redirect_uris.is_empty() {
        return Err(refuse("There is none.".to_owned()));
    }
    let web = metadata.application_type == ApplicationType::Web;
    match metadata.redirect_uris.iter().find(|uri| web && !uri.is_https()) {
        Some(uri) => Err(refuse(format!("{uri} is not https."))),
        None => Ok(()),
    }
}

fn check_algorithms(metadata: &ClientMetadata) -> Result<(), InvalidClientMetadata> {
    let allowed = metadata.profile.profile().algorithms;
    for (member, algorithm) in [
        ("token_endpoint_auth_signing_alg", metadata.token_endpoint_auth_signing_alg),
        ("request_object_signing_alg", metadata.request_object_signing_alg),
        ("authorization_signed_response_alg", metadata.authorization_signed_response_alg),
        ("id_token_signed_response_alg", metadata.id_token_signed_response_alg),
    ] {
        if let Some(algorithm) = algorithm.filter(|algorithm| !allowed.contains(algorithm)) {
            return Err(InvalidClientMetadata {
                member,
                wrong: format!("{algorithm} is not allowed by the profile {}.", metadata.profile),
                passes: format!("{}.", listed(allowed)),
                rule: "JAR-65",
            });
        }
    }
    Ok(())
}

/// A profile that demands signed answers does not let a client register a plain mode (JARM-12).
fn check_response_modes(metadata: &ClientMetadata) -> Result<(), InvalidClientMetadata> {
    let plain = |modes: &Vec<ResponseMode>| modes.iter().any(|mode| !mode.is_signed());
    if metadata.response_modes.as_ref().is_some_and(Vec::is_empty) {
        return Err(InvalidClientMetadata {
            member: "response_modes",
            wrong: "There is none, so the client could never be answered.".to_owned(),
            passes: "One or more modes, or no response_modes at all.".to_owned(),
            rule: "JARM-15",
        });
    }
    let signed = metadata.profile.profile().demands(Control::SignedResponse);
    if signed && metadata.response_modes.as_ref().is_some_and(plain) {
        return Err(InvalidClientMetadata {
            member: "response_modes",
            wrong: format!("A plain mode is not allowed by the profile {}.", metadata.profile),
            passes: "jwt, query.jwt, fragment.jwt, form_post.jwt.".to_owned(),
            rule: "JARM-12",
        });
    }
    Ok(())
}

fn parse_keys(metadata: &ClientMetadata) -> Result<JwkSet, InvalidClientMetadata> {
    let refuse = |wrong: String| {
        InvalidClientMetadata {
        member: "jwks",
        wrong,
        passes: "A JWK set with the client's public keys: EC P-256 or P-384, Ed25519, or RSA of 2048 bits or more."
            .to_owned(),
        rule: "JWKS-05",
    }
    };
    let document = metadata.jwks.to_string();
    let keys = JwkSet::parse(document.as_bytes()).map_err(|error| refuse(format!("{error}.")))?;
    if keys.keys().is_empty() {
        return Err(refuse("It holds no usable key.".to_owned()));
    }
    let allowed = metadata.profile.profile().algorithms;
    if allowed.iter().all(|algorithm| keys.select(*algorithm, None).next().is_none()) {
        return Err(InvalidClientMetadata {
            member: "jwks",
            wrong: format!("No key can sign with an algorithm of the profile {}.", metadata.profile),
            passes: format!("A key for one of {}.", listed(allowed)),
            rule: "JAR-65",
        });
    }
    Ok(keys)
}

fn listed(algorithms: &[Algorithm]) -> String {
    algorithms.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>().join(", ")
}
