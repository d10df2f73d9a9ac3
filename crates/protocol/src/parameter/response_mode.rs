use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ResponseType;

/// How the client asks to be answered (JARM 2.3; OAuth 2.0 Multiple Response Types §2.1; Form Post §2).
///
/// Exact, case-sensitive values (JARM-01).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ResponseMode {
    /// Plain parameters in the query.
    #[serde(rename = "query")]
    Query,
    /// Plain parameters in the fragment.
    #[serde(rename = "fragment")]
    Fragment,
    /// Plain parameters in a form.
    #[serde(rename = "form_post")]
    FormPost,
    /// One signed `response` in the query.
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// One signed `response` in the fragment.
    #[serde(rename = "fragment.jwt")]
    FragmentJwt,
    /// One signed `response` in a form.
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
    /// Signed, encoded as the response type suggests.
    #[serde(rename = "jwt")]
    Jwt,
}

/// Why a string is no [`ResponseMode`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a response mode is one of query, fragment, form_post, query.jwt, fragment.jwt, form_post.jwt, jwt")]
pub struct InvalidResponseMode;

/// Where in the HTTP message the answer travels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// In the query of the redirect.
    Query,
    /// In the fragment of the redirect.
    Fragment,
    /// In the body of an auto-submitted form.
    FormPost,
}

/// A response mode resolved: where the answer travels and whether it is signed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Where the answer travels.
    pub encoding: Encoding,
    /// Whether it travels as one signed JWT (JARM).
    pub signed: bool,
}

impl Delivery {
    /// The response mode that says exactly this: `jwt` is resolved.
    pub const fn mode(self) -> ResponseMode {
        match (self.encoding, self.signed) {
            (Encoding::Query, false) => ResponseMode::Query,
            (Encoding::Query, true) => ResponseMode::QueryJwt,
            (Encoding::Fragment, false) => ResponseMode::Fragment,
            (Encoding::Fragment, true) => ResponseMode::FragmentJwt,
            (Encoding::FormPost, false) => ResponseMode::FormPost,
            (Encoding::FormPost, true) => ResponseMode::FormPostJwt,
        }
    }
}

impl ResponseMode {
    /// Every mode, plain ones first.
    pub const ALL: [Self; 7] = [
        Self::Query,
        Self::Fragment,
        Self::FormPost,
        Self::QueryJwt,
        Self::FragmentJwt,
        Self::FormPostJwt,
        Self::Jwt,
    ];

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
            Self::Jwt => "jwt",
        }
    }

    /// Whether answers in this mode are signed.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt | Self::Jwt)
    }

    /// The mode that a request without `response_mode` means (Multiple Response Types §3, §5).
    pub const fn default_for(response_type: ResponseType) -> Self {
        if response_type.has_tokens() { Self::Fragment } else { Self::Query }
    }

    /// Where the answer travels; `jwt` resolves by the response type (JARM 2.3.4, JARM-02).
    pub const fn deliver(self, response_type: ResponseType) -> Delivery {
        let encoding = match self {
            Self::Query | Self::QueryJwt => Encoding::Query,
            Self::Fragment | Self::FragmentJwt => Encoding::Fragment,
            Self::FormPost | Self::FormPostJwt => Encoding::FormPost,
            Self::Jwt if response_type.has_tokens() => Encoding::Fragment,
            Self::Jwt => Encoding::Query,
        };
        Delivery { encoding, signed: self.is_signed() }
    }
}

impl FromStr for ResponseMode {
    type Err = InvalidResponseMode;

    fn from_str(raw: &str) -> Result<Self, InvalidResponseMode> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == raw).ok_or(InvalidResponseMode)
    }
}

impl fmt::Display for ResponseMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jarm_01_modes_are_exact_and_case_sensitive() {
        for mode in ResponseMode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
        for bad in ["JWT", "query.JWT", "web_message", "", "jwt ", "query_jwt"] {
            assert_eq!(bad.parse::<ResponseMode>(), Err(InvalidResponseMode), "ATK-RED-19 {bad:?}");
        }
    }

    #[test]
    fn jarm_02_jwt_resolves_by_response_type() {
        for (response_type, encoding) in [
            ("code", Encoding::Query),
            ("none", Encoding::Query),
            ("token", Encoding::Fragment),
            ("id_token", Encoding::Fragment),
            ("code token", Encoding::Fragment),
            ("code id_token", Encoding::Fragment),
            ("id_token token", Encoding::Fragment),
            ("code id_token token", Encoding::Fragment),
        ] {
            let delivery = ResponseMode::Jwt.deliver(response_type.parse().unwrap());
            assert_eq!(delivery, Delivery { encoding, signed: true }, "ATK-JARM-51 {response_type}");
        }
    }
}
