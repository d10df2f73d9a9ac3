use countersign_jose::Algorithm;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::parameter::{ClientId, RedirectUri, ResponseMode, ResponseType, Scope};
use crate::policy::ProfileName;

/// What a client registered (RFC 7591 §2, with the names of RFC 9101, JARM, RFC 9126 and RFC 9449).
///
/// Unknown members are ignored (RFC 7591 §2). This is the document; [`crate::registration::Client`] is what passed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// The name everybody refers to it by.
    pub client_id: ClientId,
    /// What people are shown. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Where answers may go, each matched to the letter.
    pub redirect_uris: Vec<RedirectUri>,
    /// Web applications live on https; native ones may use loopback http and their own scheme.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// Response types it uses; `code` when absent.
    #[serde(default = "code_only")]
    pub response_types: Vec<ResponseType>,
    /// Grants it uses; `authorization_code` when absent.
    #[serde(default = "authorization_code_only")]
    pub grant_types: Vec<GrantType>,
    /// Response modes it uses; all that the profile allows when absent (FAPI 2.0 Message Signing §5.3.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_modes: Option<Vec<ResponseMode>>,
    /// The scope it may ask for.
    #[serde(default)]
    pub scope: Scope,
    /// How it authenticates.
    #[serde(default)]
    pub token_endpoint_auth_method: AuthenticationMethod,
    /// The one algorithm of its client assertions; any of the profile when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Algorithm>,
    /// The one algorithm of its request objects; any of the profile when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<Algorithm>,
    /// The algorithm it is answered with; the first of the profile when absent (JARM-30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_signed_response_alg: Option<Algorithm>,
    /// The algorithm of its ID tokens; the first of the profile when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// Its public keys, by value.
    pub jwks: Value,
    /// Whether its requests must be signed, whatever the profile says (JAR-101).
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_signed_request_object: bool,
    /// Whether its request objects must name their type in `typ` (JAR-110).
    #[serde(default, rename = "countersign_strict_typ", skip_serializing_if = "is_false")]
    pub strict_typ: bool,
    /// Whether its requests must be pushed, whatever the profile says (PAR-14).
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_pushed_authorization_requests: bool,
    /// Whether its tokens are bound to a DPoP key (RFC 9449 §5.2).
    #[serde(default, skip_serializing_if = "is_false")]
    pub dpop_bound_access_tokens: bool,
    /// The profile its flows are judged by.
    #[serde(default, rename = "countersign_profile")]
    pub profile: ProfileName,
    /// What would have to be done for it and is not: ignoring these would weaken what the client relies on.
    #[serde(flatten)]
    pub not_offered: NotOffered,
}

/// Members that are refused rather than ignored.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is the metadata member of its own name")]
pub struct NotOffered {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_alg: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_encrypted_response_enc: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<Value>,
}

/// What kind of software a client is (OpenID Connect Registration §2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on a server; its redirect URIs are https.
    #[default]
    Web,
    /// Runs on the person's machine; loopback http and own schemes are allowed.
    Native,
}

/// A grant of the token endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.3.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
}

/// How a client proves who it is at the back channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationMethod {
    /// A JWT signed with a registered key (OpenID Connect Core §9).
    #[default]
    PrivateKeyJwt,
}

fn code_only() -> Vec<ResponseType> {
    vec![ResponseType::CODE]
}

fn authorization_code_only() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
