use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_jose::{Entropy, SystemEntropy, base64url};
use countersign_protocol::oauth_error::OAuthError;
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;

use crate::AuthorizationServer;
use crate::pages::{BrokenRule, CONTENT_TYPE, ErrorPage, Language, page_headers};
use crate::refusal::Refused;

/// A refusal that is shown to the person, because nobody else can be told (RFC 6749 §4.1.2.1).
pub(super) struct ErrorAnswer {
    reason: Reason,
    reference: String,
}

impl ErrorAnswer {
    /// A refusal with a reference of its own, which stands in the log beside the precise reason.
    pub(super) fn new(reason: Reason) -> Self {
        let mut random = [0; 9];
        SystemEntropy.fill(&mut random);
        Self { reason, reference: base64url::encode(random) }
    }

    /// The page. A stranger is told no more than a stranger may know.
    pub(super) fn page(self, server: &AuthorizationServer) -> Response {
        let Self { reason, reference } = &self;
        tracing::info!(reason = reason.name(), rule = reason.rule(), reference, "refused on a page");
        let error = reason.to_stranger().oauth_error().unwrap_or(OAuthError::ServerError);
        let mut response = html(status(error), self.document(server));
        response.extensions_mut().insert(Refused(self.reason));
        response
    }

    /// The document; making it counts as nothing.
    fn document(&self, server: &AuthorizationServer) -> String {
        let told = self.reason.to_stranger();
        let error = told.oauth_error().unwrap_or(OAuthError::ServerError);
        let ours = matches!(error, OAuthError::ServerError | OAuthError::TemporarilyUnavailable);
        let page = ErrorPage {
            language: Language::default(),
            issuer: server.issuer().host().to_owned(),
            code: error.to_string(),
            explanation: told.wrong().to_owned(),
            rule: (!ours).then(|| rule(told)),
            reference: self.reference.clone(),
            client: None,
        };
        page.render()
    }
}

/// `GET /error?reason=…`: explains a refusal by its name. It shows nothing but the table of reasons.
pub(crate) async fn explain(
    State(server): State<AuthorizationServer>,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = RawParameters::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let named = parameters.get("reason");
    let reason = Reason::ALL.iter().find(|reason| Some(reason.name()) == named);
    let answer = ErrorAnswer::new(reason.copied().unwrap_or(Reason::InteractionUnknown));
    html(StatusCode::OK, answer.document(&server))
}

/// A page with the headers of every page.
pub(super) fn html(status: StatusCode, body: String) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response();
    for (name, value) in page_headers() {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn rule(reason: Reason) -> BrokenRule {
    BrokenRule {
        requirement: reason.rule().to_owned(),
        section: reason.section().to_owned(),
        would_pass: reason.passes().to_owned(),
    }
}

fn status(error: OAuthError) -> StatusCode {
    match error {
        OAuthError::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        OAuthError::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}
