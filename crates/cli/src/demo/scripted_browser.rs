//! A person at a browser, scripted: follows no redirect by itself, keeps cookies, fills in forms.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};

/// The browser of the scripted person.
pub(crate) struct ScriptedBrowser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

/// What came back.
pub(crate) struct Page {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// Where the browser is sent, if it is.
    pub(crate) location: Option<String>,
    /// The document.
    pub(crate) body: String,
}

impl ScriptedBrowser {
    /// A browser without cookies; it speaks plain http on loopback only.
    pub(crate) fn new() -> Result<Self> {
        let builder = Client::builder().redirect(Policy::none()).no_proxy().timeout(Duration::from_secs(10));
        let http = builder.tls_certs_only([]).build()?;
        Ok(Self { http, cookies: BTreeMap::new() })
    }

    /// The value of a cookie it was given.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Opens an address.
    pub(crate) async fn get(&mut self, url: &str) -> Result<Page> {
        self.send(self.http.get(url)).await.with_context(|| format!("opening {}", without_query(url)))
    }

    /// Sends a form.
    pub(crate) async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Result<Page> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        self.send(request).await.with_context(|| format!("sending the form to {}", without_query(url)))
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<Page> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header(COOKIE, cookies.join("; ")).send().await?;
        for set in response.headers().get_all(SET_COOKIE) {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie without a value")?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location =
            response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Page { status: response.status(), location, body: response.text().await? })
    }
}

impl Page {
    /// Where the browser is sent; an error if it stays.
    pub(crate) fn redirect(&self) -> Result<&str> {
        let excerpt = text_of(&self.body, "error-rule").unwrap_or_default();
        self.location
            .as_deref()
            .with_context(|| format!("expected a redirect, got {} {excerpt}", self.status))
    }

    /// The value of a form field of this name.
    pub(crate) fn field(&self, name: &str) -> Result<String> {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.body.split_once(&start).with_context(|| self.problem(name))?.1;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }

    fn problem(&self, name: &str) -> String {
        let code = self.text("error-code").unwrap_or_default();
        let rule = self.text("error-rule").unwrap_or_default();
        format!("the page ({}) has no field {name} {code} {rule}", self.status)
    }

    /// The text of the element with this id, without markup.
    pub(crate) fn text(&self, id: &str) -> Option<String> {
        text_of(&self.body, id)
    }
}

fn text_of(body: &str, id: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("id=\"{id}\""))?;
    let (_, rest) = rest.split_once('>')?;
    rest.split('<').next().map(str::to_owned)
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
