//! From an encrypted token to the signed one inside.

use zeroize::Zeroizing;

use crate::{
    Limits, MAX_CANDIDATES, base64url, compact,
    crypto::Refused,
    jwe::{DecryptionKey, Header, JweError, content::Encrypted},
};

/// A well-formed JWE that nobody decrypted yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Header,
    protected: &'a str,
    encrypted_key: Vec<u8>,
    content: Encrypted,
}

impl<'a> Unverified<'a> {
    /// Reads a compact JWE: size, parts, header rules, canonical base64url, in this order (JAR-46, JAR-47).
    pub fn parse(token: &'a str, limits: &Limits) -> Result<Self, JweError> {
        let [protected, ..] = compact::split::<5>(token, limits.token_bytes)?;
        Self::under(Header::parse(protected, limits)?, token)
    }

    /// Reads the parts after the header.
    pub(crate) fn under(header: Header, token: &'a str) -> Result<Self, JweError> {
        let [protected, key, iv, ciphertext, tag] = compact::split(token, token.len())?;
        Ok(Self {
            header,
            protected,
            encrypted_key: decode(key, "encrypted key")?,
            content: Encrypted {
                iv: decode(iv, "initialization vector")?,
                ciphertext: decode(ciphertext, "ciphertext")?,
                tag: decode(tag, "tag")?,
            },
        })
    }

    /// The header. It is what the sender claims, to find a key by.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Decrypts to the JWS inside, which is as unverified as any that arrives (JAR-94). The header's `alg` must be the
    /// key's; its `kid`, if both have one, too.
    pub fn decrypt(&self, key: &DecryptionKey) -> Result<String, JweError> {
        self.decrypt_any([key])
    }

    /// Decrypts with whichever key fits `alg` and `kid`, at most [`MAX_CANDIDATES`] of them.
    ///
    /// Where none fits, one is tried all the same and its answer dropped, so that an unknown `kid` takes the time of a
    /// known one (JAR-95).
    pub fn decrypt_any<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k DecryptionKey>,
    ) -> Result<String, JweError> {
        let (mut tried, mut decoy) = (0, None);
        for key in keys {
            if key.algorithm() != self.header.algorithm {
                continue;
            }
            if !self.names(key) {
                decoy = decoy.or(Some(key));
                continue;
            }
            if tried == MAX_CANDIDATES {
                break;
            }
            tried += 1;
            if let Ok(content) = self.open(key) {
                return signed_token(&content);
            }
        }
        if let (0, Some(key)) = (tried, decoy) {
            drop(self.open(key));
        }
        Err(JweError::Decryption)
    }

    fn names(&self, key: &DecryptionKey) -> bool {
        match (self.header.kid.as_deref(), key.key_id()) {
            (Some(named), Some(kid)) => named == kid,
            (None, _) | (_, None) => true,
        }
    }

    /// Where the content key cannot be recovered, the content is still run through with a stand-in (RFC 7516 §11.5).
    pub(crate) fn open(&self, key: &DecryptionKey) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let encryption = self.header.encryption;
        let recovered = key.content_key(&self.header, &self.encrypted_key);
        let usable = recovered.as_ref().is_ok_and(|key| key.len() == encryption.key_len());
        let content_key = match recovered {
            Ok(key) if usable => key,
            _ => Zeroizing::new(vec![0; encryption.key_len()]),
        };
        let content = self.content.open(encryption, &content_key, self.protected);
        if usable { content } else { Err(Refused) }
    }
}

/// Encrypted claims, an encrypted JWE, or anything else that is not a JWS is refused like a wrong key (JAR-99).
fn signed_token(content: &[u8]) -> Result<String, JweError> {
    let text = std::str::from_utf8(content).map_err(|_| JweError::Decryption)?;
    match compact::split::<3>(text, content.len()) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(JweError::Decryption),
    }
}

fn decode(text: &str, part: &'static str) -> Result<Vec<u8>, JweError> {
    base64url::decode(text).map_err(|_| JweError::Base64 { part })
}
