//! The pages of the demo's relying party, as view structs: what a client does with what Countersign answers.
//!
//! They use the server's stylesheet as their base, in another ink: the client signs in blue, the server in green.
//! Send them with [`page_headers`](countersign_server::pages::page_headers); they carry no script.
//! Ids for scripted browsers: `start` (home); `person`, `request`, `answer`, `checks` (result); `error-code`,
//! `error-rule`, `again` (refused); `error-code`, `answer`, `checks`, `again` (denied).

use askama::Template;

/// Where [`demo_stylesheet`] is served, beside the server's own stylesheet.
pub(crate) const DEMO_STYLESHEET_PATH: &str = "/assets/demo.css";

/// What the demo's pages add to the server's stylesheet.
pub(crate) fn demo_stylesheet() -> &'static [u8] {
    include_bytes!("../../templates/demo/demo.css")
}

/// What will happen, and the button that starts it.
#[derive(Clone, Debug, Template)]
#[template(path = "demo/home.html")]
pub(crate) struct HomePage {
    /// Name of the relying party.
    pub(crate) relying_party: String,
    /// Host of the authorization server.
    pub(crate) issuer: String,
    /// Where the button leads, such as `/start`.
    pub(crate) start: String,
    /// The demo account's username.
    pub(crate) username: String,
    /// The demo account's password: made for this demo, of use nowhere else.
    pub(crate) password: String,
}

/// The answer held: both messages, what was checked, and what it was good for.
#[derive(Clone, Debug, Template)]
#[template(path = "demo/result.html")]
pub(crate) struct ResultPage {
    /// Name of the relying party.
    pub(crate) relying_party: String,
    /// Host of the authorization server.
    pub(crate) issuer: String,
    /// Name of the person, from userinfo.
    pub(crate) person: String,
    /// The signed request.
    pub(crate) request: SignedMessage,
    /// The signed answer.
    pub(crate) answer: SignedMessage,
    /// What was checked and held, in the order it was checked.
    pub(crate) checks: Vec<Check>,
    /// The tokens, shortened by the caller.
    pub(crate) tokens: Vec<Member>,
    /// What userinfo said.
    pub(crate) userinfo: Vec<Member>,
    /// Ways to attack this very answer; the section is left out when there are none.
    pub(crate) attempts: Vec<Attempt>,
}

/// The answer held, and says no: the person denied, or the server refused (JARM-76).
#[derive(Clone, Debug, Template)]
#[template(path = "demo/denied.html")]
pub(crate) struct DeniedPage {
    /// Name of the relying party.
    pub(crate) relying_party: String,
    /// Host of the authorization server.
    pub(crate) issuer: String,
    /// OAuth error code.
    pub(crate) code: String,
    /// What the server says about it.
    pub(crate) explanation: String,
    /// The signed answer.
    pub(crate) answer: SignedMessage,
    /// What was checked and held before it was believed.
    pub(crate) checks: Vec<Check>,
}

/// The client refused an answer.
///
/// It tells the rule because showing it is what the demo is for; a real client tells the person one generic
/// sentence (JARM-59).
#[derive(Clone, Debug, Template)]
#[template(path = "demo/refused.html")]
pub(crate) struct RefusedPage {
    /// Name of the relying party.
    pub(crate) relying_party: String,
    /// Host of the authorization server.
    pub(crate) issuer: String,
    /// OAuth error code, or the client's own word for the refusal.
    pub(crate) code: String,
    /// What was wrong, in one or two sentences.
    pub(crate) explanation: String,
    /// Id in the requirement catalogue, such as `JARM-50`.
    pub(crate) requirement: String,
    /// Specification and section.
    pub(crate) section: String,
    /// What would pass.
    pub(crate) would_pass: String,
    /// The answer as it arrived, if it could be decoded. Nothing in it is to be believed.
    pub(crate) answer: Option<SignedMessage>,
}

/// A JWT that travelled, decoded.
#[derive(Clone, Debug)]
pub(crate) struct SignedMessage {
    /// What it is, such as `Request object (RFC 9101)`.
    pub(crate) kind: String,
    /// Who signed it.
    pub(crate) signer: String,
    /// How it travelled, such as `pushed to /par, 912 bytes`.
    pub(crate) travelled: String,
    /// Members of the header.
    pub(crate) header: Vec<Member>,
    /// The claims.
    pub(crate) claims: Vec<Member>,
    /// The signature in words, such as `ES256 by key 5f3k…, held`.
    pub(crate) signature: String,
    /// Whether the signature held; a broken one is struck out.
    pub(crate) signature_holds: bool,
    /// The compact form: header, claims and signature, each in base64url.
    pub(crate) compact: [String; 3],
}

/// A name and its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Member {
    /// The name, as it travelled.
    pub(crate) name: String,
    /// The value; JSON unless it is a plain string.
    pub(crate) value: String,
    /// What it means to a person, such as `in 4 minutes`; may be empty.
    pub(crate) meaning: String,
}

/// A check that held.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// Id in the requirement catalogue.
    pub(crate) requirement: String,
    /// Who checked: the server or the client.
    pub(crate) by: String,
    /// What held, in one sentence.
    pub(crate) held: String,
}

/// An attack a person can try from the result page.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// What it does, such as `Send the same answer again`.
    pub(crate) title: String,
    /// Where it leads.
    pub(crate) href: String,
}

impl HomePage {
    /// The document.
    pub(crate) fn render(&self) -> String {
        self.to_string()
    }
}

impl ResultPage {
    /// The document.
    pub(crate) fn render(&self) -> String {
        self.to_string()
    }
}

impl DeniedPage {
    /// The document.
    pub(crate) fn render(&self) -> String {
        self.to_string()
    }
}

impl RefusedPage {
    /// The document. Send it with status 400.
    pub(crate) fn render(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Attempt, Check, DeniedPage, HomePage, Member, RefusedPage, ResultPage, SignedMessage, demo_stylesheet,
    };

    const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";

    fn hostile_member() -> Member {
        Member { name: HOSTILE.into(), value: HOSTILE.into(), meaning: HOSTILE.into() }
    }

    fn hostile_message() -> SignedMessage {
        SignedMessage {
            kind: HOSTILE.into(),
            signer: HOSTILE.into(),
            travelled: HOSTILE.into(),
            header: vec![hostile_member()],
            claims: vec![hostile_member()],
            signature: HOSTILE.into(),
            signature_holds: false,
            compact: [HOSTILE.into(), HOSTILE.into(), HOSTILE.into()],
        }
    }

    fn assert_inert(html: &str) {
        assert!(html.contains("&#60;script&#62;"), "the hostile text is shown");
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(!html.contains("onerror='"), "{html}");
    }

    #[test]
    fn an_answer_that_is_markup_is_shown_as_text() {
        let page = ResultPage {
            relying_party: HOSTILE.into(),
            issuer: HOSTILE.into(),
            person: HOSTILE.into(),
            request: hostile_message(),
            answer: hostile_message(),
            checks: vec![Check { requirement: HOSTILE.into(), by: HOSTILE.into(), held: HOSTILE.into() }],
            tokens: vec![hostile_member()],
            userinfo: vec![hostile_member()],
            attempts: vec![Attempt { title: HOSTILE.into(), href: HOSTILE.into() }],
        };
        assert_inert(&page.render());
    }

    #[test]
    fn a_signed_refusal_that_is_markup_is_shown_as_text() {
        let page = DeniedPage {
            relying_party: HOSTILE.into(),
            issuer: HOSTILE.into(),
            code: HOSTILE.into(),
            explanation: HOSTILE.into(),
            answer: hostile_message(),
            checks: vec![Check { requirement: HOSTILE.into(), by: HOSTILE.into(), held: HOSTILE.into() }],
        };
        assert_inert(&page.render());
    }

    #[test]
    fn a_refused_answer_that_is_markup_is_shown_as_text() {
        let page = RefusedPage {
            relying_party: HOSTILE.into(),
            issuer: HOSTILE.into(),
            code: HOSTILE.into(),
            explanation: HOSTILE.into(),
            requirement: HOSTILE.into(),
            section: HOSTILE.into(),
            would_pass: HOSTILE.into(),
            answer: Some(hostile_message()),
        };
        let html = page.render();
        assert_inert(&html);
        assert!(html.contains("id=\"error-code\"") && html.contains("id=\"error-rule\""));
    }

    #[test]
    fn the_home_page_has_its_button_and_runs_nothing() {
        let html = HomePage {
            relying_party: "Harbour Library".into(),
            issuer: HOSTILE.into(),
            start: "/start".into(),
            username: "ada".into(),
            password: "sample".into(),
        }
        .render();
        assert_inert(&html);
        assert!(html.contains("id=\"start\" href=\"/start\""));
        assert!(html.contains("Log in with Countersign"));
    }

    #[test]
    fn the_stylesheet_loads_nothing() {
        let css = std::str::from_utf8(demo_stylesheet()).unwrap();
        assert!(!css.contains("url(") && !css.contains("@import"));
    }
}
