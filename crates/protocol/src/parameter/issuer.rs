use std::str::FromStr;

use url::{Host, Url};

use super::text;

/// The issuer identifier of an authorization server (RFC 8414 §2): `https`, no query, no fragment.
///
/// `http` is accepted on loopback hosts only, for demonstrations and development. Compared byte for byte, never
/// normalised: a slash more or less is another issuer (RFC 9207 §2.4). Accepting a variant here would let one
/// server speak in the name of another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Issuer(String);

text!(Issuer);

/// Why a string is no [`Issuer`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidIssuer {
    /// Not an absolute URL with a host.
    #[error("an issuer is an absolute URL with a host")]
    NotAbsolute,
    /// Neither `https` nor `http` on loopback.
    #[error("an issuer is an https URL; http is for loopback hosts only")]
    NotHttps,
    /// Query, fragment or user information.
    #[error("an issuer has no query, no fragment and no user information")]
    Decorated,
    /// Would be written differently by the component that builds the endpoint URLs.
    #[error("an issuer is written in its normal form: lower-case host, no default port, no dot segments")]
    NotNormal,
}

impl Issuer {
    /// The URL of an endpoint at `path` (which starts with `/`) below this issuer.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }

    /// Scheme, host and port, as a browser writes an origin.
    pub fn origin(&self) -> &str {
        let host = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0[host..].find('/').map_or(self.0.len(), |at| host + at);
        &self.0[..end]
    }

    /// Host and port: the name by which people know the server.
    pub fn host(&self) -> &str {
        let origin = self.origin();
        origin.split_once("://").map_or(origin, |(_, host)| host)
    }

    /// The path below the origin, without a trailing slash; empty for an issuer at the root of its host.
    pub fn path(&self) -> &str {
        self.0[self.origin().len()..].trim_end_matches('/')
    }

    /// Whether the issuer is reached over plain http (loopback only).
    pub fn is_plain_http(&self) -> bool {
        self.0.starts_with("http://")
    }
}

impl FromStr for Issuer {
    type Err = InvalidIssuer;

    fn from_str(raw: &str) -> Result<Self, InvalidIssuer> {
        let url = Url::parse(raw).map_err(|_| InvalidIssuer::NotAbsolute)?;
        let host = url.host().ok_or(InvalidIssuer::NotAbsolute)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            _ => return Err(InvalidIssuer::NotHttps),
        }
        if raw.contains(['?', '#', '@']) {
            return Err(InvalidIssuer::Decorated);
        }
        let normal = url.as_str();
        if normal != raw && normal.strip_suffix('/') != Some(raw) {
            return Err(InvalidIssuer::NotNormal);
        }
        Ok(Self(raw.to_owned()))
    }
}

/// Whether a host is this machine: the name `localhost` or a loopback address.
pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_02_issuer_is_https_without_query_or_fragment() {
        for good in [
            "https://as.example",
            "https://as.example/",
            "https://as.example/tenant",
            "http://localhost:8080",
        ] {
            assert_eq!(good.parse::<Issuer>().map(|issuer| issuer.to_string()), Ok(good.to_owned()));
        }
        for (bad, why) in [
            ("as.example", InvalidIssuer::NotAbsolute),
            ("http://as.example", InvalidIssuer::NotHttps),
            ("ftp://as.example", InvalidIssuer::NotHttps),
            ("https://as.example?x", InvalidIssuer::Decorated),
            ("https://as.example#x", InvalidIssuer::Decorated),
            ("https://u@as.example", InvalidIssuer::Decorated),
            ("https://AS.example", InvalidIssuer::NotNormal),
            ("https://as.example:443", InvalidIssuer::NotNormal),
            ("https://as.example/a/../b", InvalidIssuer::NotNormal),
        ] {
            assert_eq!(bad.parse::<Issuer>(), Err(why), "{bad}");
        }
    }

    #[test]
    fn endpoints_hang_below_the_issuer() {
        let issuer: Issuer = "https://as.example:8443/tenant/".parse().unwrap();
        assert_eq!(issuer.endpoint("/par"), "https://as.example:8443/tenant/par");
        assert_eq!(issuer.origin(), "https://as.example:8443");
        assert_eq!(issuer.host(), "as.example:8443");
        assert_eq!(issuer.path(), "/tenant");
        assert_eq!("https://as.example".parse::<Issuer>().unwrap().path(), "");
    }
}
