use countersign_jose::{Algorithm, SigningKey};

use crate::metadata::ServerMetadata;
use crate::parameter::{ClientId, Issuer, RedirectUri, ResponseMode, ResponseType, Scope};
use crate::reason::Reason;

/// What a client knows about itself at one issuer.
#[derive(Debug)]
pub struct ClientConfiguration {
    /// The issuer it is registered at.
    pub issuer: Issuer,
    /// Its name there.
    pub client_id: ClientId,
    /// Where its answers go.
    pub redirect_uri: RedirectUri,
    /// What it asks for.
    pub scope: Scope,
    /// How it asks to be answered.
    pub response_mode: ResponseMode,
    /// Signs its request objects and client assertions.
    pub key: SigningKey,
    /// What its tokens are bound to (RFC 9449): another key for each issuer (DPOP-20).
    pub dpop_key: SigningKey,
    /// The algorithm it registered for answers (`authorization_signed_response_alg`).
    pub response_algorithm: Algorithm,
    /// The algorithm it registered for ID tokens.
    pub id_token_algorithm: Algorithm,
}

/// Checks that a server is the configured one and offers everything this client must use.
///
/// # Errors
/// [`Reason::MetadataIssuer`] or [`Reason::MetadataLacks`]. There is no weaker mode to fall back to: a changed
/// document could otherwise talk the client out of its protection (JARM-85, PKCE-10, ATK-JARM-44).
pub fn check_metadata(metadata: &ServerMetadata, own: &ClientConfiguration) -> Result<(), Reason> {
    if metadata.issuer != own.issuer {
        return Err(Reason::MetadataIssuer);
    }
    let delivery = own.response_mode.deliver(ResponseType::CODE);
    let offers = |list: &[String], value: &str| ServerMetadata::offers(list, value);
    let needed = [
        metadata.pushed_authorization_request_endpoint.is_some(),
        offers(&metadata.response_modes_supported, own.response_mode.as_str()),
        offers(&metadata.code_challenge_methods_supported, "S256"),
        offers(&metadata.dpop_signing_alg_values_supported, own.dpop_key_algorithm().as_str()),
        offers(&metadata.request_object_signing_alg_values_supported, own.key_algorithm().as_str()),
        offers(&metadata.token_endpoint_auth_methods_supported, "private_key_jwt"),
        !delivery.signed
            || offers(&metadata.authorization_signing_alg_values_supported, own.response_algorithm.as_str()),
        endpoints_are_protected(metadata, &own.issuer),
    ];
    if needed.into_iter().all(|held| held) { Ok(()) } else { Err(Reason::MetadataLacks) }
}

impl ClientConfiguration {
    fn key_algorithm(&self) -> Algorithm {
        countersign_jose::Signer::algorithm(&self.key)
    }

    fn dpop_key_algorithm(&self) -> Algorithm {
        countersign_jose::Signer::algorithm(&self.dpop_key)
    }
}

/// META-03: every endpoint is https; http only where the issuer itself is on loopback.
fn endpoints_are_protected(metadata: &ServerMetadata, issuer: &Issuer) -> bool {
    let endpoints = [
        Some(&metadata.authorization_endpoint),
        Some(&metadata.token_endpoint),
        Some(&metadata.jwks_uri),
        metadata.pushed_authorization_request_endpoint.as_ref(),
        metadata.userinfo_endpoint.as_ref(),
    ];
    // The origin must end where the path begins: `http://localhost:8080.evil.example` has the same start.
    let own = |url: &str| url.strip_prefix(issuer.origin()).is_some_and(|path| path.starts_with('/'));
    let good = |url: &&String| {
        !url.contains('#') && (url.starts_with("https://") || (issuer.is_plain_http() && own(url)))
    };
    endpoints.into_iter().flatten().all(|url| good(&url))
}
