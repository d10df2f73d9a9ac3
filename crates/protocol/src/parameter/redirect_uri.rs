use std::str::FromStr;

use url::{Host, Url};

use super::issuer::is_loopback;
use super::text;

/// Where an authorization response may be sent: absolute, no fragment (RFC 6749 §3.1.2; RED-02, RED-03).
///
/// Kept and compared exactly as written. What this type admits is what the server will write into a `Location`
/// header or a form; a wrong one here is an open redirector that carries authorization codes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RedirectUri(String);

text!(RedirectUri);

/// Why a string is no [`RedirectUri`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidRedirectUri {
    /// Relative, or without a host where one is needed.
    #[error("a redirect URI is absolute")]
    Relative,
    /// Characters that are never safe: control, space, backslash, quotes, wildcard, non-ASCII; or too long.
    #[error(
        "a redirect URI is at most 2048 characters of ASCII without spaces, quotes, backslashes and wildcards"
    )]
    Characters,
    /// Has a fragment.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// Has a user name or password.
    #[error("a redirect URI has no user information")]
    UserInformation,
    /// A scheme that runs code, or plain http away from loopback.
    #[error("a redirect URI is https, http on loopback, or an app's own scheme with a dot in it")]
    Scheme,
    /// Would be emitted differently from what was given.
    #[error("a redirect URI is written in its normal form")]
    NotNormal,
}

impl RedirectUri {
    /// Whether a request for `self` is answered at `registered`: equal byte for byte; for a loopback address the
    /// port may differ (RED-01; RFC 8252 §7.3).
    pub fn matches(&self, registered: &Self) -> bool {
        self == registered
            || self.without_loopback_port().is_some_and(|own| Some(own) == registered.without_loopback_port())
    }

    /// Whether it is `https`.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The part a person recognises: the host with its port, or the scheme of an app.
    pub fn host(&self) -> String {
        let Ok(url) = Url::parse(&self.0) else { return String::new() };
        match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => url.scheme().to_owned(),
        }
    }

    fn without_loopback_port(&self) -> Option<String> {
        let mut url = Url::parse(&self.0).ok()?;
        let address = match url.host()? {
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
            Host::Domain(_) => false,
        };
        if url.scheme() != "http" || !address {
            return None;
        }
        url.set_port(None).ok()?;
        Some(url.into())
    }
}

impl FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(raw: &str) -> Result<Self, InvalidRedirectUri> {
        let allowed =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'*' | b'"' | b'<' | b'>' | b'\'');
        if raw.len() > 2048 || !raw.bytes().all(allowed) {
            return Err(InvalidRedirectUri::Characters);
        }
        if raw.contains('#') {
            return Err(InvalidRedirectUri::Fragment);
        }
        let url = Url::parse(raw).map_err(|_| InvalidRedirectUri::Relative)?;
        match (url.scheme(), url.host()) {
            ("https", Some(_)) => {}
            ("http", Some(host)) if is_loopback(&host) => {}
            (scheme, _) if scheme.contains('.') => {}
            _ => return Err(InvalidRedirectUri::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::UserInformation);
        }
        if url.as_str() != raw {
            return Err(InvalidRedirectUri::NotNormal);
        }
        Ok(Self(raw.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(raw: &str) -> RedirectUri {
        raw.parse().unwrap()
    }

    #[test]
    fn red_02_dangerous_redirect_uris_do_not_parse() {
        use InvalidRedirectUri::{Characters, Fragment, NotNormal, Relative, Scheme, UserInformation};
        for (id, bad, why) in [
            ("ATK-RED-06", "https://good.example@evil.example/cb", UserInformation),
            ("ATK-RED-06", "https://good.example\\@evil.example", Characters),
            ("ATK-RED-06", "https:///evil", NotNormal),
            ("ATK-RED-06", "//evil", Relative),
            ("ATK-RED-06", "https:evil", NotNormal),
            ("ATK-RED-05", "https://good\u{ff0e}example/cb", Characters),
            ("ATK-RED-08", "https://good.example/\r\ncb", Characters),
            ("ATK-RED-08", "https://good.example/\tcb", Characters),
            ("ATK-RED-09", "https://good.example/cb#x", Fragment),
            ("ATK-RED-11", "javascript:alert(1)", Scheme),
            ("ATK-RED-11", "data:text/html,x", Scheme),
            ("ATK-RED-11", "vbscript:x", Scheme),
            ("ATK-RED-11", "intent:x", Scheme),
            ("ATK-RED-13", "http://127.0.0.1.evil/cb", Scheme),
            ("RED-02", "http://good.example/cb", Scheme),
            ("RED-02", "https://*.good.example/cb", Characters),
            ("RED-02", "/cb", Relative),
            ("RED-03", "https://GOOD.example/cb", NotNormal),
            ("RED-03", "https://good.example:443/cb", NotNormal),
            ("RED-03", "https://good.example/a/../cb", NotNormal),
            ("RED-03", "https://good.example", NotNormal),
        ] {
            assert_eq!(bad.parse::<RedirectUri>(), Err(why), "{id} {bad}");
        }
    }

    #[test]
    fn red_01_comparison_is_exact() {
        let registered = uri("https://good.example/cb?a=b");
        assert!(uri("https://good.example/cb?a=b").matches(&registered));
        for (id, other) in [
            ("ATK-RED-02", "https://good.example/cb?a=b&x=1"),
            ("ATK-RED-02", "https://good.example/cb/?a=b"),
            ("ATK-RED-03", "https://good.example./cb?a=b"),
            ("ATK-RED-04", "https://good.example/%63b?a=b"),
            ("ATK-RED-04", "https://good.example/cb%2F?a=b"),
            ("ATK-RED-07", "https://good.example.evil.example/cb?a=b"),
            ("ATK-RED-07", "https://evilgood.example/cb?a=b"),
        ] {
            assert!(!uri(other).matches(&registered), "{id} {other}");
        }
    }

    #[test]
    fn red_01_only_the_port_of_a_loopback_address_may_differ() {
        let registered = uri("http://127.0.0.1:4000/cb");
        assert!(uri("http://127.0.0.1:5555/cb").matches(&registered), "ATK-RED-13");
        assert!(uri("http://127.0.0.1/cb").matches(&registered));
        assert!(!uri("http://127.0.0.1:5555/other").matches(&registered));
        assert!(!uri("http://localhost:5555/cb").matches(&uri("http://localhost:4000/cb")));
        assert!(!uri("https://good.example:8443/cb").matches(&uri("https://good.example/cb")));
    }
}
