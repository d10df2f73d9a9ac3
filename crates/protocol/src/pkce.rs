//! PKCE with S256 (RFC 7636): the code is useless to whoever does not hold the verifier.

use std::fmt;
use std::str::FromStr;

use countersign_jose::{Entropy, base64url, constant_time_eq, sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::parameter::text;
use crate::reason::Reason;

/// BASE64URL(SHA-256(verifier)): 43 characters without padding (RFC 7636 §4.2; PKCE-03).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CodeChallenge(String);

text!(CodeChallenge);

/// The secret behind a challenge (RFC 7636 §4.1; PKCE-04): 43 to 128 unreserved characters.
///
/// Whoever sees it before the code is redeemed can redeem a stolen code.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CodeVerifier(String);

impl CodeChallenge {
    /// Reads the pair of request parameters; only S256 exists here (PKCE-01, PKCE-02).
    ///
    /// # Errors
    /// [`Reason::CodeChallengeMissing`], [`Reason::CodeChallengeMethod`] or [`Reason::CodeChallengeMalformed`].
    pub fn from_parameters(challenge: Option<&str>, method: Option<&str>) -> Result<Self, Reason> {
        let challenge = challenge.ok_or(Reason::CodeChallengeMissing)?;
        if method != Some("S256") {
            return Err(Reason::CodeChallengeMethod);
        }
        challenge.parse()
    }

    /// Whether `verifier` is the secret behind this challenge, in constant time (PKCE-05).
    pub fn matches(&self, verifier: &CodeVerifier) -> bool {
        constant_time_eq(self.0.as_bytes(), verifier.challenge().0.as_bytes())
    }
}

impl FromStr for CodeChallenge {
    type Err = Reason;

    fn from_str(raw: &str) -> Result<Self, Reason> {
        let good = raw.len() == 43 && base64url::decode(raw).is_ok();
        if good { Ok(Self(raw.to_owned())) } else { Err(Reason::CodeChallengeMalformed) }
    }
}

impl CodeVerifier {
    /// A new secret of 256 random bits (PKCE-08).
    pub fn generate(entropy: &mut impl Entropy) -> Self {
        let mut random = [0; 32];
        entropy.fill(&mut random);
        Self(base64url::encode(random))
    }

    /// The challenge to send with the request.
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(base64url::encode(sha256(self.0.as_bytes())))
    }

    /// The secret, for the token request.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for CodeVerifier {
    type Err = Reason;

    fn from_str(raw: &str) -> Result<Self, Reason> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let good = (43..=128).contains(&raw.len()) && raw.bytes().all(unreserved);
        if good { Ok(Self(raw.to_owned())) } else { Err(Reason::CodeVerifierMalformed) }
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn pkce_05_challenge_is_the_hash_of_the_verifier() {
        let verifier: CodeVerifier = VERIFIER.parse().unwrap();
        assert_eq!(verifier.challenge().as_str(), CHALLENGE);
        assert!(verifier.challenge().matches(&verifier));
        let challenge_as_verifier: CodeVerifier = CHALLENGE.parse().unwrap();
        assert!(!verifier.challenge().matches(&challenge_as_verifier), "ATK-PKCE-06");
    }

    #[test]
    fn pkce_02_only_s256_exists() {
        for method in [None, Some("plain"), Some("s256"), Some("S512"), Some("")] {
            let read = CodeChallenge::from_parameters(Some(CHALLENGE), method);
            assert_eq!(read, Err(Reason::CodeChallengeMethod), "ATK-PKCE-02 {method:?}");
        }
        assert_eq!(
            CodeChallenge::from_parameters(None, Some("S256")),
            Err(Reason::CodeChallengeMissing),
            "PKCE-01"
        );
    }

    #[test]
    fn pkce_03_challenge_is_43_characters_of_base64url() {
        let padded = format!("{CHALLENGE}=");
        let standard = CHALLENGE.replace('-', "+");
        for bad in [&CHALLENGE[1..], &padded, &standard, "", &CHALLENGE.replace('w', "w\0")] {
            assert_eq!(
                bad.parse::<CodeChallenge>(),
                Err(Reason::CodeChallengeMalformed),
                "ATK-PKCE-03 {bad}"
            );
        }
    }

    #[test]
    fn pkce_04_verifier_is_43_to_128_unreserved_characters() {
        for bad in
            ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(43)), format!("{}\0", "a".repeat(43))]
        {
            assert_eq!(bad.parse::<CodeVerifier>().err(), Some(Reason::CodeVerifierMalformed), "ATK-PKCE-07");
        }
        assert!("a".repeat(128).parse::<CodeVerifier>().is_ok());
    }
}
