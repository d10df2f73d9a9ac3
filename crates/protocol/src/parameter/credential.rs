use std::fmt;
use std::str::FromStr;

use countersign_jose::{Entropy, base64url, constant_time_eq, sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What is stored of a credential: its SHA-256. A copy of the database redeems nothing (TOK-07, CODE-02).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CredentialHash([u8; 32]);

impl CredentialHash {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Why a string is no credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a credential of this server is 43 characters of base64url")]
pub struct InvalidCredential;

/// Declares a credential: 256 random bits, written as 43 characters of base64url, hidden from `Debug`.
macro_rules! credential {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
        pub struct $name(String);

        impl $name {
            /// A new one of 256 random bits (TOK-07).
            pub fn generate(entropy: &mut impl Entropy) -> Self {
                let mut random = [0; 32];
                entropy.fill(&mut random);
                Self(base64url::encode(&random))
            }

            /// The secret itself, for the wire.
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// What to store and to look up.
            pub fn hash(&self) -> CredentialHash {
                CredentialHash(sha256(self.0.as_bytes()))
            }
        }

        impl FromStr for $name {
            type Err = InvalidCredential;

            fn from_str(raw: &str) -> Result<Self, InvalidCredential> {
                let good = raw.len() == 43 && base64url::decode(raw).is_ok();
                if good { Ok(Self(raw.to_owned())) } else { Err(InvalidCredential) }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

credential! {
    /// An authorization code (RFC 6749 §4.1.2): redeemed once, within 60 seconds.
    AuthorizationCode
}
credential! {
    /// A refresh token (RFC 6749 §1.5).
    RefreshToken
}
credential! {
    /// The random part of a pushed `request_uri` (RFC 9126 §2.2).
    RequestReference
}
credential! {
    /// A person's login session, held in a cookie.
    SessionId
}
credential! {
    /// One authorization in progress: names it in the URLs of the login and consent pages.
    InteractionId
}
credential! {
    /// Ties interactions to the browser that began them, held in a cookie (PAR-10).
    BrowserKey
}
credential! {
    /// Proves that a form was sent from the page this server showed (RED-12).
    CsrfToken
}
credential! {
    /// The `jti` of an access token (RFC 9068 §2.2).
    AccessTokenId
}

impl InteractionId {
    /// The interaction that this browser has about this message: the same on every reload, another in every other
    /// browser, and guessed by nobody without the browser's key.
    pub fn derive(browser: &BrowserKey, presented: &[u8]) -> Self {
        let mut parts = b"interaction\0".to_vec();
        parts.extend_from_slice(browser.0.as_bytes());
        parts.extend_from_slice(presented);
        Self(base64url::encode(sha256(&parts)))
    }
}

impl CsrfToken {
    /// The token of a form of this interaction in this browser. Nobody else can compute it: the key is a secret of
    /// the browser, held in a cookie that no script reads.
    pub fn derive(browser: &BrowserKey, interaction: &InteractionId) -> Self {
        let text = format!("csrf\0{}{}", browser.0, interaction.0);
        Self(base64url::encode(sha256(text.as_bytes())))
    }

    /// The token of a page that was shown to one login: with another login in the same browser, or once the page
    /// would read otherwise, it is void, so that nobody decides on what they did not see (ATK-OIDC-08).
    pub fn derive_for(
        browser: &BrowserKey,
        interaction: &InteractionId,
        session: &SessionId,
        shown: &str,
    ) -> Self {
        let page = base64url::encode(sha256(shown.as_bytes()));
        let text = format!("csrf\0{}{}{}{page}", browser.0, interaction.0, session.0);
        Self(base64url::encode(sha256(text.as_bytes())))
    }

    /// Whether a form sent this token, in constant time.
    pub fn matches(&self, sent: &str) -> bool {
        constant_time_eq(self.0.as_bytes(), sent.as_bytes())
    }
}

impl RequestReference {
    /// The URN space that RFC 9126 §2.2 suggests, and this server's own (JAR-33).
    pub const URN: &'static str = "urn:ietf:params:oauth:request_uri:";

    /// The whole `request_uri` as the client gets it.
    pub fn to_request_uri(&self) -> String {
        format!("{}{}", Self::URN, self.0)
    }

    /// Reads a `request_uri` of this server; anything else is foreign.
    ///
    /// # Errors
    /// When the value is not in the URN space, or not a reference this server could have issued.
    pub fn from_request_uri(raw: &str) -> Result<Self, InvalidCredential> {
        raw.strip_prefix(Self::URN).ok_or(InvalidCredential)?.parse()
    }
}

#[cfg(test)]
mod tests {
    use countersign_jose::SystemEntropy;

    use super::*;

    #[test]
    fn par_07_reference_has_256_random_bits_in_the_urn_space() {
        let reference = RequestReference::generate(&mut SystemEntropy);
        let uri = reference.to_request_uri();
        assert_eq!(uri.len(), RequestReference::URN.len() + 43);
        assert_eq!(RequestReference::from_request_uri(&uri), Ok(reference));
        for bad in ["guess", " ", "URN", ""] {
            assert!(
                RequestReference::from_request_uri(&format!("{}{bad}", RequestReference::URN)).is_err(),
                "ATK-URI-21"
            );
        }
        assert!(RequestReference::from_request_uri(&uri.to_uppercase()).is_err(), "ATK-URI-21 wrong case");
        assert!(RequestReference::from_request_uri(&format!("{uri} ")).is_err(), "ATK-URI-21 whitespace");
    }

    #[test]
    fn tok_10_credentials_hide_from_debug() {
        let code = AuthorizationCode::generate(&mut SystemEntropy);
        assert!(!format!("{code:?}").contains(code.expose()));
    }
}
