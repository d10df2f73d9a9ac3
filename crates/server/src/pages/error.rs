use askama::Template;

use super::{ClientIdentity, Language};

/// `/error`, and the answer to a request that must not be redirected (RFC 6749 §4.1.2.1).
///
/// It says which rule was broken and what would pass, never how the server came to know.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// Language of the page.
    pub language: Language,
    /// Host of the issuer.
    pub issuer: String,
    /// OAuth error code; it chooses the headline.
    pub code: String,
    /// What was wrong, in one or two sentences.
    pub explanation: String,
    /// The rule that was broken; `None` when the fault is ours (`server_error`).
    pub rule: Option<BrokenRule>,
    /// Finds this event again in the logs.
    pub reference: String,
    /// Who asked, if that much was established: never from an object that was not verified (JAR-62).
    pub client: Option<ClientIdentity>,
}

/// The rule a request broke, with a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRule {
    /// Id in the requirement catalogue, such as `JAR-51`.
    pub requirement: String,
    /// Specification and section, such as `RFC 9101 §4`.
    pub section: String,
    /// What would pass.
    pub would_pass: String,
}

impl ErrorPage {
    /// The document. Send it with [`page_headers`](super::page_headers) and status 400, or 500 when the fault is ours.
    pub fn render(&self) -> String {
        self.to_string()
    }

    fn headline(&self) -> &'static str {
        let requirement = self.rule.as_ref().map(|rule| rule.requirement.as_str());
        (self.language.text().error_headline)(&self.code, requirement)
    }
}

#[cfg(test)]
mod tests {
    use super::{BrokenRule, ErrorPage};
    use crate::pages::{ClientIdentity, Language};

    const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";

    fn page() -> ErrorPage {
        ErrorPage {
            language: Language::English,
            issuer: "id.example".into(),
            code: "invalid_request_object".into(),
            explanation: "The signature does not match any registered key.".into(),
            rule: Some(BrokenRule {
                requirement: "RULE-1".into(),
                section: "RFC 9101 §6.2".into(),
                would_pass: "A signature by a key of the client's JWK set.".into(),
            }),
            reference: "0193-abcd".into(),
            client: None,
        }
    }

    #[test]
    fn red_12_the_error_names_code_rule_way_out_and_reference() {
        let html = page().render();
        for part in [
            "The signed request could not be trusted",
            "id=\"error-code\">invalid_request_object<",
            "id=\"error-rule\">RULE-1",
            "RFC 9101 §6.2",
            "A signature by a key of the client&#39;s JWK set.",
            "id=\"reference\">0193-abcd<",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("<script"));
    }

    #[test]
    fn par_10_a_page_that_is_over_does_not_blame_the_application() {
        let request = ErrorPage { code: "invalid_request".into(), ..page() };
        assert!(request.render().contains("The application’s request cannot be used"), "control");
        let over = BrokenRule { requirement: "PAR-10".into(), ..request.rule.clone().unwrap() };
        let html = ErrorPage { rule: Some(over), ..request }.render();
        assert!(
            html.contains("This page cannot be used any more") && !html.contains("application’s"),
            "{html}"
        );
    }

    #[test]
    fn a_fault_of_ours_names_no_rule() {
        let html = ErrorPage { code: "server_error".into(), rule: None, ..page() }.render();
        assert!(html.contains("Something went wrong on our side"));
        assert!(!html.contains("error-rule"));
        assert!(html.contains("id=\"reference\""));
    }

    #[test]
    fn atk_jar_91_error_text_is_escaped() {
        let html = ErrorPage {
            language: Language::English,
            issuer: HOSTILE.into(),
            code: HOSTILE.into(),
            explanation: HOSTILE.into(),
            rule: Some(BrokenRule {
                requirement: HOSTILE.into(),
                section: HOSTILE.into(),
                would_pass: HOSTILE.into(),
            }),
            reference: HOSTILE.into(),
            client: Some(ClientIdentity { name: HOSTILE.into(), redirect_host: HOSTILE.into() }),
        }
        .render();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(!html.contains("onerror='"), "{html}");
    }
}
