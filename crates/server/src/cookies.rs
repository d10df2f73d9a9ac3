use axum::http::{HeaderMap, HeaderValue, header};
use countersign_protocol::parameter::{BrowserKey, Issuer, SessionId};

/// The two cookies of a browser: the key that ties interactions to it, and its login session.
///
/// Both are `HttpOnly` and `SameSite=Lax`; over https also `Secure` with the `__Host-` prefix, so that no
/// neighbouring host can set them (ATK-RED-25).
#[derive(Debug, Default)]
pub(crate) struct Cookies {
    /// Ties interactions to this browser (PAR-10).
    pub(crate) browser: Option<BrowserKey>,
    /// The login session, if the browser has one.
    pub(crate) session: Option<SessionId>,
}

const BROWSER: &str = "countersign-browser";
const SESSION: &str = "countersign-session";

impl Cookies {
    /// Reads them from a request; what is no credential of ours counts as absent.
    pub(crate) fn read(headers: &HeaderMap, issuer: &Issuer) -> Self {
        let find = |name: &str| {
            let name = full_name(name, issuer);
            let pairs = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
            let mut pairs =
                pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
        };
        Self {
            browser: find(BROWSER).and_then(|value| value.parse().ok()),
            session: find(SESSION).and_then(|value| value.parse().ok()),
        }
    }
}

/// Gives a browser its key, until it closes.
pub(crate) fn set_browser(key: &BrowserKey, issuer: &Issuer) -> Option<HeaderValue> {
    set_cookie(BROWSER, key.expose(), issuer, None)
}

/// Gives a browser its session for this many seconds.
pub(crate) fn set_session(session: &SessionId, issuer: &Issuer, lifetime: u64) -> Option<HeaderValue> {
    set_cookie(SESSION, session.expose(), issuer, Some(lifetime))
}

fn set_cookie(name: &str, value: &str, issuer: &Issuer, max_age: Option<u64>) -> Option<HeaderValue> {
    let name = full_name(name, issuer);
    let secure = if issuer.is_plain_http() { "" } else { "; Secure" };
    let max_age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{max_age}")).ok()
}

/// Issuers below one host do not share cookies (ATK-RED-25): the path is part of the name.
fn full_name(name: &str, issuer: &Issuer) -> String {
    let prefix = if issuer.is_plain_http() { "" } else { "__Host-" };
    let path: String = issuer.path().bytes().map(in_name).collect();
    format!("{prefix}{name}{path}")
}

/// How a byte of a path is written in a cookie's name: no two paths alike, and only what a name may hold.
fn in_name(byte: u8) -> String {
    match byte {
        b'/' => "-".to_owned(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("_{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn atk_red_25_cookies_are_bound_to_this_host_and_hidden_from_scripts() {
        let key: BrowserKey = "A".repeat(43).parse().unwrap();
        let https: Issuer = "https://as.example/tenant".parse().unwrap();
        let set = set_browser(&key, &https).unwrap();
        let set = set.to_str().unwrap();
        assert!(set.starts_with("__Host-countersign-browser-tenant="), "{set}");
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(set.contains(attribute), "{attribute}");
        }
        assert!(!set.contains("Domain"));
    }

    #[test]
    fn atk_red_25_no_two_issuers_of_a_host_share_a_name() {
        let paths =
            ["", "/a", "/a/b", "/a-b", "/a_b", "/a_2Db", "/a--b", "/a/-b", "/a-/b", "/A/b", "/a.b", "/a~b"];
        let names =
            paths.map(|path| full_name(SESSION, &format!("https://as.example{path}").parse().unwrap()));
        let different: HashSet<_> = names.iter().collect();
        assert_eq!(different.len(), paths.len(), "{names:?}");
        for name in &names {
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{name}");
        }
    }

    #[test]
    fn what_is_no_credential_of_ours_counts_as_absent() {
        let issuer: Issuer = "http://localhost:8080".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("a=b; countersign-session=<script>; countersign-browser="),
        );
        let cookies = Cookies::read(&headers, &issuer);
        assert!(cookies.session.is_none() && cookies.browser.is_none());
    }
}
