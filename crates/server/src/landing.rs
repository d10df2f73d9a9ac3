use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

use crate::AuthorizationServer;
use crate::metadata;
use crate::pages::{CONTENT_TYPE, DocumentLink, LandingPage, Language, page_headers};

/// `GET /`: what this is, for a person who came by.
pub(crate) async fn landing(State(server): State<AuthorizationServer>) -> Response {
    let issuer = server.issuer();
    let [openid, oauth] = metadata::paths(issuer);
    let keys = format!("{}/jwks", issuer.path());
    let documents = [
        ("Server metadata (RFC 8414)", oauth),
        ("Server metadata (OpenID Connect Discovery)", openid),
        ("Public keys (RFC 7517)", keys),
    ];
    let page = LandingPage {
        language: Language::default(),
        issuer: issuer.host().to_owned(),
        documents: documents.map(|(title, path)| DocumentLink { title: title.to_owned(), path }).to_vec(),
    };
    let headers = page_headers().map(|(name, value)| (HeaderName::from_static(name), value));
    (headers, [(header::CONTENT_TYPE, CONTENT_TYPE)], page.render()).into_response()
}
