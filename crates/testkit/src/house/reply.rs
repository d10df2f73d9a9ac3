use reqwest::Response;
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

/// An answer of the server, whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Where it came from.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Reply {
    pub(super) async fn read(response: Response) -> Self {
        let url = response.url().to_string();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { url, status, headers, body: response.text().await.expect("a body of text") }
    }

    /// A header, if it was sent once; the values joined, if it was sent more often.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> =
            self.headers.get_all(name).iter().map(|value| value.to_str().expect("text")).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    /// Where the browser is sent, if it is.
    pub fn location(&self) -> Option<String> {
        self.header("location")
    }

    /// Where the browser is sent.
    pub fn redirect(&self) -> String {
        self.location().unwrap_or_else(|| panic!("no redirect: {self}"))
    }

    /// A parameter of the address the browser is sent to, from query or fragment.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let address = Url::parse(&self.redirect()).expect("an address");
        let parts = [address.query(), address.fragment()];
        let pairs = parts.into_iter().flatten().flat_map(|part| url::form_urlencoded::parse(part.as_bytes()));
        let mut found = pairs.filter(|(own, _)| own == name).map(|(_, value)| value.into_owned());
        let first = found.next();
        assert!(found.next().is_none(), "{name} comes twice");
        first
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self}"))
    }

    /// The error code: of a JSON answer, or of a page.
    pub fn error(&self) -> Option<String> {
        let json = serde_json::from_str::<Value>(&self.body).ok();
        let told = json.as_ref().and_then(|body| body["error"].as_str()).map(str::to_owned);
        told.or_else(|| self.text("error-code"))
    }

    /// The requirement that a page or a JSON answer names.
    pub fn rule(&self) -> Option<String> {
        let json = serde_json::from_str::<Value>(&self.body).ok();
        let text = json.as_ref().and_then(|body| body["error_description"].as_str());
        let told =
            text.and_then(|text| text.rsplit_once('(')?.1.split_once(',')).map(|(rule, _)| rule.to_owned());
        told.or_else(|| self.text("error-rule"))
    }

    /// The value of a form field, as a browser reads it.
    pub fn field(&self, name: &str) -> Option<String> {
        let start = format!("name=\"{name}\" value=\"");
        let value = self.body.split_once(&start)?.1.split('"').next()?;
        Some(unescape(value))
    }

    /// The text of the element with this id, up to the next tag.
    pub fn text(&self, id: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("id=\"{id}\""))?;
        let (_, rest) = rest.split_once('>')?;
        rest.split('<').next().map(unescape)
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.url.split('?').next().unwrap_or_default();
        let told = self.error().zip(self.rule());
        write!(f, "{path} {} {told:?} {:?}", self.status, self.location())?;
        if told.is_none() { write!(f, " {:.300}", self.body) } else { Ok(()) }
    }
}

/// Fields in form encoding.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn unescape(text: &str) -> String {
    let named = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    named.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
