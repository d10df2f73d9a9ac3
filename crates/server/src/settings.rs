use countersign_jose::Algorithm;
use countersign_protocol::parameter::Issuer;
use countersign_protocol::policy::ProfileName;

/// Everything that an operator decides about one issuer.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who this server is.
    pub issuer: Issuer,
    /// The weakest profile a client may be registered under.
    pub minimum_profile: ProfileName,
    /// The algorithms this server has signing keys for, the preferred one first.
    pub signing_algorithms: Vec<Algorithm>,
    /// The scope words it knows, in the words of people.
    pub scopes: Vec<ScopeText>,
    /// How long things live.
    pub lifetimes: Lifetimes,
}

/// A scope word and what it means to a person.
#[derive(Clone, Debug)]
pub struct ScopeText {
    /// The word on the wire.
    pub word: String,
    /// What the consent page says; nothing for a standard scope, which it explains in its own words.
    pub meaning: Option<String>,
}

/// Lifetimes in seconds. That of a code is the profile's (CODE-01).
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Of a pushed request until the browser arrives; under 600 (PAR-09).
    pub pushed_request: u64,
    /// Of an authorization in progress: login, consent, second thoughts.
    pub interaction: u64,
    /// Of an access token (TOK-08).
    pub access_token: u64,
    /// Of a refresh token (RT-06).
    pub refresh_token: u64,
    /// Of a person's login.
    pub session: u64,
    /// Of a signed answer (JARM-20).
    pub answer: u64,
    /// Of an ID token.
    pub id_token: u64,
    /// Of a signing key, until the next one takes over.
    pub signing_key: u64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            pushed_request: 90,
            interaction: 600,
            access_token: 300,
            refresh_token: 30 * DAY,
            session: 8 * 60 * 60,
            answer: countersign_protocol::response::DEFAULT_LIFETIME,
            id_token: 300,
            signing_key: 90 * DAY,
        }
    }
}

impl Settings {
    /// The scopes that every server knows and the consent page explains in its own words.
    pub const STANDARD_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

    /// A server with every default, for this issuer.
    pub fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            minimum_profile: ProfileName::Baseline,
            signing_algorithms: vec![Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA],
            scopes: Self::STANDARD_SCOPES.map(|word| ScopeText { word: word.into(), meaning: None }).to_vec(),
            lifetimes: Lifetimes::default(),
        }
    }
}
