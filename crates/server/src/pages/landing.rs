use askama::Template;

use super::Language;

/// `/`: what this server is, for a person who typed the issuer into a browser.
#[derive(Clone, Debug, Template)]
#[template(path = "landing.html")]
pub struct LandingPage {
    /// Language of the page.
    pub language: Language,
    /// Host of the issuer.
    pub issuer: String,
    /// The documents anybody may read: metadata and keys.
    pub documents: Vec<DocumentLink>,
}

/// A public document of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentLink {
    /// What it is, such as `Server metadata (RFC 8414)`.
    pub title: String,
    /// Path below the issuer's origin.
    pub path: String,
}

impl LandingPage {
    /// The document. Send it with [`page_headers`](super::page_headers).
    pub fn render(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{DocumentLink, LandingPage};
    use crate::pages::Language;

    #[test]
    fn red_12_the_landing_page_links_its_documents_and_runs_nothing() {
        let html = LandingPage {
            language: Language::English,
            issuer: "id.example".into(),
            documents: vec![DocumentLink { title: "Keys <b>".into(), path: "/jwks?a=\"b".into() }],
        }
        .render();
        assert!(html.contains("href=\"/jwks?a=&#34;b\""), "{html}");
        assert!(html.contains("Keys &#60;b&#62;"));
        assert!(!html.contains("<script"));
    }
}
