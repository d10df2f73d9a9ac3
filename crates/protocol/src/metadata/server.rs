use countersign_jose::Algorithm;
use serde::{Deserialize, Serialize};

use crate::parameter::{Issuer, ResponseMode};
use crate::policy::{Control, Profile, ProfileName};

/// The metadata of an authorization server (RFC 8414 §2; OpenID Connect Discovery §3), as far as this product uses it.
///
/// The server writes it from what it enforces; the client reads it and refuses what it cannot rely on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the metadata member of its own name")]
pub struct ServerMetadata {
    pub issuer: Issuer,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: Option<String>,
    pub jwks_uri: String,
    pub pushed_authorization_request_endpoint: Option<String>,
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<String>,
    #[serde(default)]
    pub response_modes_supported: Vec<String>,
    #[serde(default)]
    pub grant_types_supported: Vec<String>,
    #[serde(default)]
    pub subject_types_supported: Vec<String>,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    pub dpop_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    pub request_parameter_supported: bool,
    #[serde(default = "yes")]
    pub request_uri_parameter_supported: bool,
    #[serde(default)]
    pub require_request_uri_registration: bool,
    #[serde(default)]
    pub request_object_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub require_signed_request_object: bool,
    #[serde(default)]
    pub authorization_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub prompt_values_supported: Vec<String>,
    #[serde(default)]
    pub claims_supported: Vec<String>,
    #[serde(default)]
    pub claims_parameter_supported: bool,
}

/// What a server offers: everything its metadata is made from.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// Who it is.
    pub issuer: &'a Issuer,
    /// The weakest profile that a client may be registered under: what it demands is demanded of everybody.
    pub floor: ProfileName,
    /// The algorithms it has signing keys for.
    pub signing_algorithms: &'a [Algorithm],
    /// The scope words it knows.
    pub scopes: &'a [String],
}

impl ServerMetadata {
    /// Writes down what is enforced: nothing is advertised that is not (META-05, META-06).
    pub fn of(offer: &Offer<'_>) -> Self {
        let issuer = offer.issuer;
        let floor = offer.floor.profile();
        let accepted = names(floor.algorithms);
        let signed: Vec<String> = names(offer.signing_algorithms);
        Self {
            issuer: issuer.clone(),
            authorization_endpoint: issuer.endpoint("/authorize"),
            token_endpoint: issuer.endpoint("/token"),
            userinfo_endpoint: Some(issuer.endpoint("/userinfo")),
            jwks_uri: issuer.endpoint("/jwks"),
            pushed_authorization_request_endpoint: Some(issuer.endpoint("/par")),
            require_pushed_authorization_requests: floor.demands(Control::PushedRequest),
            scopes_supported: offer.scopes.to_vec(),
            response_types_supported: words(&["code"]),
            response_modes_supported: response_modes(floor),
            grant_types_supported: words(&["authorization_code", "refresh_token"]),
            subject_types_supported: words(&["public"]),
            token_endpoint_auth_methods_supported: words(&["private_key_jwt"]),
            token_endpoint_auth_signing_alg_values_supported: accepted.clone(),
            id_token_signing_alg_values_supported: signed.clone(),
            code_challenge_methods_supported: words(&["S256"]),
            dpop_signing_alg_values_supported: accepted.clone(),
            authorization_response_iss_parameter_supported: true,
            request_parameter_supported: !floor.demands(Control::PushedRequest),
            request_uri_parameter_supported: false,
            require_request_uri_registration: true,
            request_object_signing_alg_values_supported: accepted,
            require_signed_request_object: floor.demands(Control::SignedRequest),
            authorization_signing_alg_values_supported: signed,
            prompt_values_supported: words(&["none", "login", "consent", "select_account"]),
            claims_supported: words(&["sub", "name", "preferred_username", "email", "auth_time", "amr"]),
            claims_parameter_supported: false,
        }
    }

    /// Whether a list names this value.
    pub fn offers(list: &[String], value: &str) -> bool {
        list.iter().any(|own| own == value)
    }
}

/// The plain modes are offered unless every client must be answered in signed form.
fn response_modes(floor: &Profile) -> Vec<String> {
    let signed_only = floor.demands(Control::SignedResponse);
    let offered = ResponseMode::ALL.into_iter().filter(|mode| mode.is_signed() || !signed_only);
    offered.map(|mode| mode.to_string()).collect()
}

fn names(algorithms: &[Algorithm]) -> Vec<String> {
    let mut names: Vec<String> = algorithms.iter().map(ToString::to_string).collect();
    if algorithms.contains(&Algorithm::EdDSA) {
        names.push("Ed25519".to_owned());
    }
    names
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(floor: ProfileName) -> ServerMetadata {
        let issuer = "https://as.example".parse().unwrap();
        let scopes = ["openid".to_owned()];
        ServerMetadata::of(&Offer {
            issuer: &issuer,
            floor,
            signing_algorithms: &[Algorithm::ES256, Algorithm::PS256],
            scopes: &scopes,
        })
    }

    #[test]
    fn meta_06_nothing_forbidden_is_listed() {
        for floor in ProfileName::ALL {
            let text = serde_json::to_string(&metadata(floor)).unwrap();
            for forbidden in
                ["\"none\",\"R", "RS256", "HS256", "client_secret", "implicit", "password", "plain"]
            {
                assert!(!text.contains(forbidden), "{floor} lists {forbidden}: ATK-META-01");
            }
        }
    }

    #[test]
    fn meta_05_requirements_follow_the_policy_in_force() {
        let strict = metadata(ProfileName::Fapi2MessageSigning);
        assert!(strict.require_pushed_authorization_requests, "PAR-14");
        assert!(strict.require_signed_request_object, "JAR-134");
        assert!(!strict.request_parameter_supported, "JAR-130");
        assert!(strict.response_modes_supported.iter().all(|mode| mode.ends_with("jwt")), "JARM-83");
        let baseline = metadata(ProfileName::Baseline);
        assert!(baseline.request_parameter_supported && !baseline.require_signed_request_object);
        for metadata in [strict, baseline] {
            assert!(
                !metadata.request_uri_parameter_supported && metadata.require_request_uri_registration,
                "JAR-131"
            );
            assert!(metadata.authorization_response_iss_parameter_supported, "ISS-02");
            assert_eq!(metadata.code_challenge_methods_supported, ["S256"], "PKCE-09");
        }
    }
}
