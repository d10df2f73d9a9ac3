use askama::Template;

use super::{ClientIdentity, Language};

/// `/login`: who are you?
#[derive(Clone, Debug, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// Language of the page.
    pub language: Language,
    /// Host of the issuer, shown so that a person can compare it with the address bar.
    pub issuer: String,
    /// Who sent the person here; `None` when they came on their own.
    pub client: Option<ClientIdentity>,
    /// Handle of the waiting interaction, sent back as `interaction`.
    pub interaction: String,
    /// Token bound to the browser, sent back as `csrf` (ATK-RED-23).
    pub csrf: String,
    /// What to put into the username field: `login_hint`, or what was typed before.
    pub username: String,
    /// Why the person sees the page again.
    pub problem: Option<LoginProblem>,
}

/// Why a login attempt did not succeed. It never tells whether the account exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginProblem {
    /// Username and password do not belong together.
    Credentials,
    /// Too many attempts for this account or from this address.
    Throttled {
        /// Seconds until the next attempt is looked at.
        wait_seconds: u64,
    },
    /// The `csrf` token was missing, old, or another browser's.
    StaleForm,
}

impl LoginPage {
    /// The document. Send it with [`page_headers`](super::page_headers).
    pub fn render(&self) -> String {
        self.to_string()
    }

    fn problem_words(&self, problem: &LoginProblem) -> String {
        let text = self.language.text();
        match *problem {
            LoginProblem::Credentials => text.login_wrong.to_owned(),
            LoginProblem::Throttled { wait_seconds } => (text.login_throttled)(wait_seconds),
            LoginProblem::StaleForm => text.login_stale.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LoginPage, LoginProblem};
    use crate::pages::{ClientIdentity, Language};

    const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";

    fn page() -> LoginPage {
        LoginPage {
            language: Language::English,
            issuer: "id.example".into(),
            client: Some(ClientIdentity {
                name: "Harbour Library".into(),
                redirect_host: "app.example".into(),
            }),
            interaction: "interaction-1".into(),
            csrf: "csrf-1".into(),
            username: String::new(),
            problem: None,
        }
    }

    #[test]
    fn red_12_the_form_carries_its_csrf_token_and_the_ids_are_there() {
        let html = page().render();
        for part in [
            "method=\"post\" action=\"login\"",
            "name=\"interaction\" value=\"interaction-1\"",
            "name=\"csrf\" value=\"csrf-1\"",
            "id=\"username\"",
            "id=\"password\"",
            "id=\"login-submit\"",
            "autocomplete=\"username\"",
            "autocomplete=\"current-password\"",
            "<html lang=\"en\">",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
    }

    #[test]
    fn red_12_the_person_sees_who_asks_and_from_where() {
        let html = page().render();
        assert!(html.contains("Harbour Library"));
        assert!(html.contains("app.example"));
        assert!(html.contains("id.example"));
    }

    #[test]
    fn atk_red_24_no_script_and_nothing_from_elsewhere() {
        let html = page().render();
        assert!(!html.contains("<script"));
        assert!(!html.contains("style=\""));
        assert!(!html.contains("http://") && !html.contains("https://"));
        assert!(!html.contains("src="));
    }

    #[test]
    fn atk_jar_91_hostile_login_hint_and_client_name_are_escaped() {
        let mut page = page();
        page.username = HOSTILE.into();
        page.client = Some(ClientIdentity { name: HOSTILE.into(), redirect_host: HOSTILE.into() });
        page.interaction = HOSTILE.into();
        page.csrf = HOSTILE.into();
        page.issuer = HOSTILE.into();
        let html = page.render();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(!html.contains("onerror='"), "{html}");
    }

    #[test]
    fn a_refused_attempt_is_announced_and_tied_to_the_fields() {
        let mut page = page();
        assert!(!page.render().contains("login-problem"));
        page.problem = Some(LoginProblem::Throttled { wait_seconds: 60 });
        let html = page.render();
        assert!(html.contains("id=\"login-problem\" role=\"alert\" tabindex=\"-1\" autofocus"));
        assert_eq!(html.matches("aria-describedby=\"login-problem\"").count(), 2);
        assert_eq!(html.matches("autofocus").count(), 1);
        assert!(html.contains("Wait 1 minute"));
    }
}
