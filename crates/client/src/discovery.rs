use countersign_jose::{JwkSet, Limits, json};
use countersign_protocol::metadata::ServerMetadata;
use countersign_protocol::parameter::Issuer;
use countersign_protocol::reason::Reason;

use crate::{ClientError, HttpClient};

/// Reads the metadata of an issuer (RFC 8414 §3, OpenID Connect Discovery §4) and its key set.
///
/// # Errors
/// Transport, a document that is malformed, or one that names another issuer (META-03).
pub async fn discover(http: &HttpClient, issuer: &Issuer) -> Result<(ServerMetadata, JwkSet), ClientError> {
    let bytes = match http.document(&authorization_server_address(issuer)).await {
        Ok(bytes) => bytes,
        Err(_) => http.document(&issuer.endpoint("/.well-known/openid-configuration")).await?,
    };
    let metadata: ServerMetadata =
        json::parse_object(&bytes, &Limits::DOCUMENT).map_err(|_| Reason::MetadataLacks)?;
    if metadata.issuer != *issuer {
        return Err(Reason::MetadataIssuer.into());
    }
    let keys = fetch_keys(http, &metadata).await?;
    Ok((metadata, keys))
}

/// Fetches the key set that verified metadata names (JWKS-04, JARM-57).
///
/// # Errors
/// Transport, or a set that is malformed.
pub(crate) async fn fetch_keys(http: &HttpClient, metadata: &ServerMetadata) -> Result<JwkSet, ClientError> {
    let bytes = http.document(&metadata.jwks_uri).await?;
    JwkSet::parse(&bytes)
        .map_err(|error| ClientError::Transport(format!("the key set of the server: {error}")))
}

/// RFC 8414 §3.1: the well-known part stands between host and path.
fn authorization_server_address(issuer: &Issuer) -> String {
    format!("{}/.well-known/oauth-authorization-server{}", issuer.origin(), issuer.path())
}
