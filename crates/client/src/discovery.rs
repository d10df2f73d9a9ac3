use countersign_jose::{JwkSet, Limits, json};
use countersign_protocol::metadata::ServerMetadata;
use countersign_protocol::parameter::Issuer;
use countersign_protocol::reason::Reason;

use crate::{ClientError, HttpClient};

/// Fetches the metadata of an issuer from where RFC 8414 §3 puts it or, if nothing is there, from where OpenID Connect
/// Discovery §4 does, and checks that it is the issuer's own (META-03).
///
/// The issuer comes from the client's configuration, never from a message: whoever chooses it chooses the keys.
///
/// # Errors
/// No document, one that is not strict JSON of the expected types, or [`Reason::MetadataIssuer`].
pub async fn discover(http: &HttpClient, issuer: &Issuer) -> Result<ServerMetadata, ClientError> {
    let inserted = format!("{}/.well-known/oauth-authorization-server{}", issuer.origin(), issuer.path());
    let appended = issuer.endpoint("/.well-known/openid-configuration");
    let mut url = inserted;
    let mut answer = http.get(&url).await?;
    if answer.status == 404 {
        url = appended;
        answer = http.get(&url).await?;
    }
    let body = answer.expect(200)?;
    let metadata: ServerMetadata = json::parse_object(&body, &Limits::DOCUMENT)
        .map_err(|error| ClientError::Document { url, problem: error.to_string() })?;
    if metadata.issuer == *issuer { Ok(metadata) } else { Err(Reason::MetadataIssuer.into()) }
}

/// Fetches a published key set.
///
/// # Errors
/// No answer, or a key set that [`JwkSet::parse`] refuses: then no key of it is used.
pub async fn fetch_keys(http: &HttpClient, url: &str) -> Result<JwkSet, ClientError> {
    let body = http.get(url).await?.expect(200)?;
    JwkSet::parse(body).map_err(|error| ClientError::Keys { url: url.to_owned(), error })
}
