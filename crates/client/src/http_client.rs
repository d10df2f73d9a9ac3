use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method, Response};
use rustls::crypto::aws_lc_rs;
use url::{Url, form_urlencoded};

use crate::{ClientError, ErrorAnswer};

/// From the first byte of a request to the last of its answer.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Bytes of an answer (META-07).
const SIZE_LIMIT: usize = 512 * 1024;

/// Whose certificates are believed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those the operating system trusts.
    System,
    /// The certificates in these PEM texts and no others; none at all where only plain http on loopback is spoken.
    Only(Vec<Vec<u8>>),
}

/// Sends one request at a time and reads one bounded answer.
///
/// No redirects: what was meant for one address is not sent to another. No retries: codes, assertions and proofs are
/// spent by the first try. No proxies from the environment.
#[derive(Clone, Debug)]
pub struct HttpClient(reqwest::Client);

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most 512 KiB.
    pub body: Vec<u8>,
}

impl HttpClient {
    /// A client that speaks TLS 1.2 or 1.3 with the recommended suites (NET-01, NET-03), or plain http where the URL says so:
    /// the protocol allows that on loopback only.
    ///
    /// # Errors
    /// [`ClientError::Setup`]: a certificate that is none, or a system without any.
    pub fn new(trust: Trust) -> Result<Self, ClientError> {
        let setup = |error: reqwest::Error| ClientError::Setup(chain(&error));
        // A provider that the process already chose stays: the product has only this one.
        let _ = aws_lc_rs::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .timeout(TIME_LIMIT)
            .user_agent(concat!("countersign-client/", env!("CARGO_PKG_VERSION")));
        if let Trust::Only(files) = trust {
            let mut trusted = Vec::new();
            for pem in &files {
                let certificates = Certificate::from_pem_bundle(pem).map_err(setup)?;
                if certificates.is_empty() {
                    return Err(ClientError::Setup("no PEM certificate where one was expected".to_owned()));
                }
                trusted.extend(certificates);
            }
            builder = builder.tls_certs_only(trusted);
        }
        builder.build().map(Self).map_err(setup)
    }

    /// Asks for a document.
    ///
    /// # Errors
    /// [`ClientError::Transport`] or [`ClientError::TooLarge`]. A status that is no success is an answer, no error.
    pub async fn get(&self, url: &str) -> Result<Answer, ClientError> {
        self.send(Method::GET, url, HeaderMap::new(), None).await
    }

    /// Asks a resource with a bound access token and a proof of its key (RFC 9449 §7.1).
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub async fn get_with_token(
        &self,
        url: &str,
        access_token: &str,
        proof: &str,
    ) -> Result<Answer, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, secret(url, &format!("DPoP {access_token}"))?);
        headers.insert("dpop", secret(url, proof)?);
        self.send(Method::GET, url, headers, None).await
    }

    /// Posts a form with a proof.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub async fn post_form(
        &self,
        url: &str,
        form: &[(&'static str, String)],
        proof: &str,
    ) -> Result<Answer, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert("dpop", secret(url, proof)?);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(Method::POST, url, headers, Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Option<String>,
    ) -> Result<Answer, ClientError> {
        let request = self.0.request(method, url).header(ACCEPT, "application/json").headers(headers);
        let request = body.into_iter().fold(request, |request, body| request.body(body));
        let response = request.send().await.map_err(|error| transport(url, &error))?;
        let status = response.status().as_u16();
        Ok(Answer { status, body: read(response, url).await? })
    }
}

impl Answer {
    /// The body of an answer with this status.
    ///
    /// # Errors
    /// [`ErrorAnswer`] for every other status: a redirect, or a success of another kind, is no success either.
    pub fn expect(self, status: u16) -> Result<Vec<u8>, ErrorAnswer> {
        if self.status == status { Ok(self.body) } else { Err(ErrorAnswer::read(&self)) }
    }
}

/// Reads an answer as it comes and stops where it becomes too large.
async fn read(mut response: Response, url: &str) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(url, &error))? {
        if body.len() + chunk.len() > SIZE_LIMIT {
            return Err(ClientError::TooLarge { url: address(url), limit: SIZE_LIMIT });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A header value that is not written to logs.
fn secret(url: &str, text: &str) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| ClientError::Transport {
        url: address(url),
        problem: "a token of the server's cannot be sent in a header".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn transport(url: &str, error: &reqwest::Error) -> ClientError {
    ClientError::Transport { url: address(url), problem: chain(error) }
}

/// An URL without its query, which may hold what nobody should read in a log.
fn address(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) => {
            parsed.set_query(None);
            parsed.set_fragment(None);
            parsed.into()
        }
        Err(_) => "(no URL)".to_owned(),
    }
}

/// What the innermost causes say; the outermost text repeats the whole URL.
fn chain(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    match texts.last() {
        Some(_) => texts.join(": "),
        None if error.is_timeout() => "no answer within 5 seconds".to_owned(),
        None => "the request cannot be sent".to_owned(),
    }
}
