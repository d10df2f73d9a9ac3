use askama::Template;

use super::headers::page_headers_with_script;
use super::{ClientIdentity, Language};

/// The answer of the response modes `form_post` and `form_post.jwt`: a form that sends itself, or is sent by
/// its button where no script runs (JARM-70 to JARM-74; OAuth 2.0 Form Post Response Mode §2).
///
/// Always status 200, for errors too.
#[derive(Clone, Debug, Template)]
#[template(path = "form_post.html")]
pub struct FormPostPage {
    /// Language of the page.
    pub language: Language,
    /// Host of the issuer.
    pub issuer: String,
    /// Who receives the answer.
    pub client: ClientIdentity,
    /// The validated redirect URI, unchanged (JARM-71).
    pub action: String,
    /// The response parameters: for JARM the one `response`, else one entry per parameter (JARM-71).
    pub parameters: Vec<(String, String)>,
    /// At least 128 fresh random bits in base64url, used once. A nonce that can be guessed lets injected
    /// markup run as script (JARM-73).
    pub nonce: String,
}

impl FormPostPage {
    /// The document. Send it with [`FormPostPage::headers`].
    pub fn render(&self) -> String {
        self.to_string()
    }

    /// Headers of this page: those of every page, and leave for its one script.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        page_headers_with_script(&self.nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::FormPostPage;
    use crate::pages::{CONTENT_TYPE, ClientIdentity, Language};

    fn page() -> FormPostPage {
        FormPostPage {
            language: Language::English,
            issuer: "id.example".into(),
            client: ClientIdentity { name: "Harbour Library".into(), redirect_host: "app.example".into() },
            action: "https://app.example/cb".into(),
            parameters: vec![("response".into(), "eyJ.e30.c2ln".into())],
            nonce: "bm9uY2U".into(),
        }
    }

    fn header(page: &FormPostPage, wanted: &str) -> String {
        page.headers().into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value).unwrap()
    }

    #[test]
    fn jarm_70_the_answer_is_html_and_is_not_kept() {
        assert_eq!(CONTENT_TYPE, "text/html;charset=UTF-8");
        assert_eq!(header(&page(), "cache-control"), "no-cache, no-store");
        assert_eq!(header(&page(), "pragma"), "no-cache");
    }

    #[test]
    fn jarm_71_the_form_posts_one_response_to_the_redirect_uri() {
        let html = page().render();
        assert!(html.contains("method=\"post\" action=\"https://app.example/cb\""), "{html}");
        assert_eq!(html.matches("<input").count(), 1);
        assert!(html.contains("<input type=\"hidden\" name=\"response\" value=\"eyJ.e30.c2ln\">"));
    }

    #[test]
    fn jarm_71_plain_form_post_has_one_input_per_parameter() {
        let mut page = page();
        page.parameters =
            [("code", "c"), ("state", "s"), ("iss", "i")].map(|(n, v)| (n.into(), v.into())).into();
        assert_eq!(page.render().matches("<input type=\"hidden\"").count(), 3);
    }

    #[test]
    fn jarm_72_the_five_characters_are_escaped_in_attributes() {
        let mut page = page();
        page.parameters = vec![("state".into(), "&<>\"'".into())];
        assert!(
            page.render().contains("name=\"state\" value=\"&#38;&#60;&#62;&#34;&#39;\""),
            "{}",
            page.render()
        );
    }

    #[test]
    fn atk_jarm_52_a_state_that_is_markup_stays_a_value() {
        let mut page = page();
        let control = page.render().matches("<script").count();
        page.parameters = vec![("state".into(), "\"><script>alert(1)</script>".into())];
        assert_eq!(page.render().matches("<script").count(), control, "only our own script");
        assert!(!page.render().contains("<script>"), "a script without the nonce would be injected");
    }

    #[test]
    fn jarm_72_a_state_with_odd_characters_is_otherwise_left_alone() {
        let mut page = page();
        page.parameters = vec![("state".into(), "a\\b\u{2028}c".into())];
        assert!(page.render().contains("value=\"a\\b\u{2028}c\""));
    }

    #[test]
    fn atk_jarm_54_quotes_in_the_redirect_uri_do_not_end_the_action() {
        let mut page = page();
        page.action = "https://app.example/cb?x=\"onfocus='alert(1)'&y=%22".into();
        let html = page.render();
        assert!(
            html.contains("action=\"https://app.example/cb?x=&#34;onfocus=&#39;alert(1)&#39;&#38;y=%22\""),
            "{html}"
        );
    }

    #[test]
    fn jarm_73_the_one_script_carries_the_nonce_and_no_handler_is_inline() {
        let page = page();
        let html = page.render();
        assert_eq!(html.matches("<script nonce=\"bm9uY2U\">").count(), 1);
        assert_eq!(html.matches("<script").count(), 1);
        assert!(!html.contains("onload") && !html.contains("onclick"));
        let policy = header(&page, "content-security-policy");
        assert!(policy.contains("script-src 'nonce-bm9uY2U'"));
        assert!(policy.contains("default-src 'none'") && !policy.contains("form-action"));
    }

    #[test]
    fn jarm_74_a_visible_button_sends_the_form_without_script() {
        let html = page().render();
        let form = &html[html.find("<form").unwrap()..html.find("</form>").unwrap()];
        assert!(form.contains("id=\"answer-submit\" type=\"submit\""));
        assert!(!form.contains("hidden>"));
    }

    #[test]
    fn atk_jarm_65_the_answer_cannot_be_framed_and_refers_nobody() {
        assert_eq!(header(&page(), "x-frame-options"), "DENY");
        assert_eq!(header(&page(), "referrer-policy"), "no-referrer");
        assert!(header(&page(), "content-security-policy").contains("frame-ancestors 'none'"));
    }
}
