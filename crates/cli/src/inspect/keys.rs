//! Keys to verify with: from a file, or from the network where that was asked for.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use countersign_jose::{Algorithm, Jwk, JwkSet, SigningKey};
use countersign_protocol::metadata::ServerMetadata;
use countersign_protocol::parameter::Issuer;
use countersign_protocol::reason::Reason;
use url::{Host, Url};

/// Octets of a document that are read (JWKS-04).
const MOST: usize = 512 * 1024;

/// Reads a JWK set or a single JWK (of a private one, the public half) from a file or an address.
pub(crate) async fn read(source: &str) -> anyhow::Result<JwkSet> {
    let unusable = || format!("the keys of {source} cannot be used");
    let text = if source.starts_with("https://") || source.starts_with("http://") {
        fetch(source).await?
    } else {
        std::fs::read(Path::new(source)).with_context(unusable)?
    };
    if let Some(one) = std::str::from_utf8(&text).ok().and_then(public_half) {
        return Ok(JwkSet::from_iter([one]));
    }
    JwkSet::parse(&text).with_context(unusable)
}

/// The keys that an issuer publishes: metadata first, then the key set that it names.
pub(crate) async fn of_issuer(issuer: &Issuer) -> anyhow::Result<JwkSet> {
    let path = issuer.path();
    let candidates = [
        issuer.endpoint("/.well-known/openid-configuration"),
        format!("{}/.well-known/oauth-authorization-server{path}", issuer.origin()),
    ];
    let mut refusal = None;
    for address in candidates {
        match fetch(&address).await {
            Ok(document) => {
                let metadata: ServerMetadata = serde_json::from_slice(&document)
                    .with_context(|| format!("{address} is no server metadata"))?;
                if metadata.issuer != *issuer {
                    bail!("{address}: {}", Reason::MetadataIssuer);
                }
                return read(&metadata.jwks_uri).await;
            }
            Err(error) => refusal = Some(error),
        }
    }
    Err(refusal.unwrap_or_else(|| anyhow::anyhow!("{issuer} publishes no metadata")))
}

/// One GET: https, or http on loopback; no redirects, ten seconds, 512 KiB.
async fn fetch(address: &str) -> anyhow::Result<Vec<u8>> {
    let url = Url::parse(address).with_context(|| format!("{address} is no address"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !loopback {
        bail!("{address}: keys are fetched over https only; http is for loopback (JWKS-01)");
    }
    // Installed once for the process; a second call finds it there.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()?;
    let unfetched = || format!("{address} cannot be fetched");
    let mut response = client.get(url).send().await.with_context(unfetched)?.error_for_status()?;
    if !response.status().is_success() {
        bail!("{address} answers {}", response.status());
    }
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await.with_context(unfetched)? {
        document.extend_from_slice(&chunk);
        if document.len() > MOST {
            bail!("{address} is longer than 512 KiB (JWKS-04)");
        }
    }
    Ok(document)
}

/// Reads one public key out of a file that holds a public or a private JWK.
fn public_half(text: &str) -> Option<Jwk> {
    if let Ok(public) = Jwk::parse(text) {
        return Some(public);
    }
    Algorithm::ALL
        .into_iter()
        .find_map(|alg| SigningKey::from_private_jwk(text, alg).ok())
        .map(|key| key.public_jwk())
}
