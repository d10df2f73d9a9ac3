use askama::Template;

use super::{ClientIdentity, Language};

/// `/consent`: may this client have this? (RED-12; OpenID Connect Core §3.1.2.4)
#[derive(Clone, Debug, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    /// Language of the page.
    pub language: Language,
    /// Host of the issuer.
    pub issuer: String,
    /// Who asks, and where the answer goes.
    pub client: ClientIdentity,
    /// Who is logged in.
    pub account: Account,
    /// Address of the login page for the same interaction, asking for another account.
    pub switch_account: String,
    /// What is asked for; each is shown on a line of its own, in this order.
    pub permissions: Vec<Permission>,
    /// Lifetime of an access token in seconds.
    pub access_seconds: u64,
    /// How long access can be renewed without asking again, in seconds; `None` without refresh token.
    pub renewable_seconds: Option<u64>,
    /// The request came as a request object whose signature held.
    pub request_signed: bool,
    /// The answer will be a signed response (JARM).
    pub answer_signed: bool,
    /// Handle of the waiting interaction, sent back as `interaction`.
    pub interaction: String,
    /// Token bound to the browser, sent back as `csrf` (ATK-RED-23).
    pub csrf: String,
}

/// The account that would be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Name for people, as in the `name` claim; the username where there is none.
    pub name: String,
    /// What the person types to log in.
    pub username: String,
}

/// One thing the client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// The scope value.
    pub scope: String,
    /// What it means, in the operator's words; `None` for the standard scopes, whose words we know.
    pub words: Option<String>,
    /// Particulars, such as an amount or an account number; one line each.
    pub details: Vec<String>,
}

impl ConsentPage {
    /// The document. Send it with [`page_headers`](super::page_headers).
    pub fn render(&self) -> String {
        self.to_string()
    }

    fn permission_title(&self, permission: &Permission) -> String {
        let text = self.language.text();
        match (&permission.words, (text.scope)(&permission.scope)) {
            (Some(words), _) => words.clone(),
            (None, Some(known)) => known.title.to_owned(),
            (None, None) => (text.scope_unknown)(&permission.scope),
        }
    }

    fn permission_details(&self, permission: &Permission) -> Vec<String> {
        let known = (self.language.text().scope)(&permission.scope).filter(|_| permission.words.is_none());
        known
            .map(|known| known.detail.to_owned())
            .into_iter()
            .chain(permission.details.iter().cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, ConsentPage, Permission};
    use crate::pages::{ClientIdentity, Language};

    const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";

    fn page() -> ConsentPage {
        ConsentPage {
            language: Language::English,
            issuer: "id.example".into(),
            client: ClientIdentity {
                name: "Harbour Library".into(),
                redirect_host: "app.example:8443".into(),
            },
            account: Account { name: "Ada Lovelace".into(), username: "ada".into() },
            switch_account: "/login?interaction=interaction-1&switch=1".into(),
            permissions: vec![
                Permission { scope: "openid".into(), ..Permission::default() },
                Permission {
                    scope: "loans".into(),
                    words: Some("See your loans".into()),
                    details: vec!["Since May".into()],
                },
                Permission { scope: "x-odd".into(), ..Permission::default() },
            ],
            access_seconds: 600,
            renewable_seconds: Some(2_592_000),
            request_signed: true,
            answer_signed: true,
            interaction: "interaction-1".into(),
            csrf: "csrf-1".into(),
        }
    }

    #[test]
    fn red_12_the_person_sees_who_asks_for_what_as_whom_and_where_the_answer_goes() {
        let html = page().render();
        for part in [
            "Harbour Library",
            "app.example:8443",
            "Ada Lovelace",
            "Know that it is you",
            "See your loans",
            "Since May",
            "x-odd",
            "10 minutes, renewed for up to 30 days",
            "The request was signed and checked.",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert_eq!(html.matches("class=\"permission\"").count(), 3, "one line each");
    }

    #[test]
    fn red_12_the_form_carries_its_csrf_token_and_both_answers() {
        let html = page().render();
        for part in [
            "method=\"post\" action=\"consent\"",
            "name=\"interaction\" value=\"interaction-1\"",
            "name=\"csrf\" value=\"csrf-1\"",
            "id=\"consent-allow\" type=\"submit\" name=\"decision\" value=\"allow\"",
            "id=\"consent-deny\" type=\"submit\" name=\"decision\" value=\"deny\"",
            "id=\"switch-account\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("autofocus"), "no answer is preferred");
    }

    #[test]
    fn red_12_an_unsigned_request_is_not_shown_as_signed() {
        let mut page = page();
        page.request_signed = false;
        let html = page.render();
        assert!(html.contains("Not signed"));
        assert!(!html.contains("The request was signed"));
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
    fn atk_jar_91_every_value_is_escaped() {
        let mut page = page();
        page.issuer = HOSTILE.into();
        page.client = ClientIdentity { name: HOSTILE.into(), redirect_host: HOSTILE.into() };
        page.account = Account { name: HOSTILE.into(), username: HOSTILE.into() };
        page.switch_account = HOSTILE.into();
        page.interaction = HOSTILE.into();
        page.csrf = HOSTILE.into();
        page.permissions = vec![
            Permission { scope: HOSTILE.into(), words: Some(HOSTILE.into()), details: vec![HOSTILE.into()] },
            Permission { scope: HOSTILE.into(), ..Permission::default() },
        ];
        let html = page.render();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(!html.contains("onerror='"), "{html}");
    }
}
