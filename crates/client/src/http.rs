use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde::Deserialize;

use crate::ClientError;

/// More than any honest document or answer has (JWKS-04, META-07).
const MOST_BYTES: usize = 512 * 1024;

/// HTTP towards authorization servers: no redirects, no cookies, bounded in time and size.
#[derive(Clone, Debug)]
pub struct HttpClient(Client);

/// An answer that was read whole.
#[derive(Clone, Debug)]
pub struct Body {
    /// The HTTP status.
    pub status: u16,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// An OAuth error answer (RFC 6749 §5.2).
#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl HttpClient {
    /// A client over rustls with aws-lc-rs, 5 seconds for each answer.
    ///
    /// # Errors
    /// [`ClientError::Transport`] when the machine has no usable root certificates.
    pub fn new() -> Result<Self, ClientError> {
        // Another part of the program may have installed the same provider before: either way there is one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5))
            .referer(false)
            .no_proxy();
        builder.build().map(Self).map_err(|error| transport(&error))
    }

    /// The client underneath, for what is no message of the protocol.
    pub fn inner(&self) -> &Client {
        &self.0
    }

    /// Fetches a public document: metadata or a key set.
    ///
    /// # Errors
    /// Anything but a 200 of bounded size.
    pub async fn document(&self, url: &str) -> Result<Vec<u8>, ClientError> {
        let body = self.send(self.0.get(url).header("accept", "application/json")).await?;
        if body.status == 200 {
            return Ok(body.bytes);
        }
        Err(ClientError::Transport(format!("{url} answered {}", body.status)))
    }

    /// Posts a form with a DPoP proof.
    ///
    /// # Errors
    /// Transport only: an error answer of the server is an answer.
    pub async fn post_form(
        &self,
        url: &str,
        form: &[(&str, String)],
        proof: &str,
    ) -> Result<Body, ClientError> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .0
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .header("dpop", proof)
            .body(body);
        self.send(request).await
    }

    /// Asks a protected resource with a bound token (RFC 9449 §7.1).
    ///
    /// # Errors
    /// Transport only.
    pub async fn get_bound(&self, url: &str, access_token: &str, proof: &str) -> Result<Body, ClientError> {
        let request =
            self.0.get(url).header("authorization", format!("DPoP {access_token}")).header("dpop", proof);
        self.send(request).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Body, ClientError> {
        let response = request.send().await.map_err(|error| transport(&error))?;
        let status = response.status().as_u16();
        Ok(Body { status, bytes: read(response).await? })
    }
}

impl Body {
    /// The bytes of an answer with the expected status; an OAuth error otherwise.
    ///
    /// # Errors
    /// [`ClientError::Answered`].
    pub fn expect(self, status: u16) -> Result<Vec<u8>, ClientError> {
        if self.status == status {
            return Ok(self.bytes);
        }
        let answer: Option<ErrorAnswer> = serde_json::from_slice(&self.bytes).ok();
        let (error, description) =
            answer.map(|answer| (answer.error, answer.error_description)).unwrap_or_default();
        Err(ClientError::Answered { status: self.status, error, description })
    }
}

/// Reads a body as it comes, and no more than allowed: a server cannot fill our memory.
async fn read(mut response: Response) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
        if bytes.len() + chunk.len() > MOST_BYTES {
            return Err(ClientError::Transport("the answer is larger than 512 KiB".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The error without its address, which may carry a request.
fn transport(error: &reqwest::Error) -> ClientError {
    let mut text = String::from("the server did not answer");
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    ClientError::Transport(text)
}
