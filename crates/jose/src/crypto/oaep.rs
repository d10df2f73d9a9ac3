//! RSAES-OAEP (RFC 8017 §7.1).

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey, PublicKeyComponents,
};
use zeroize::Zeroizing;

use crate::{
    crypto::{Refused, private_key},
    private_key::Material,
};

/// The hash of both OAEP and its mask generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// `RSA-OAEP`.
    Sha1,
    /// `RSA-OAEP-256`.
    Sha256,
}

/// Encrypts a content encryption key.
pub(crate) fn encrypt(
    modulus: &[u8],
    exponent: &[u8],
    hash: Hash,
    content_key: &[u8],
) -> Result<Vec<u8>, Refused> {
    let components = PublicKeyComponents { n: modulus, e: exponent };
    let key: PublicEncryptingKey = components.try_into().map_err(|_| Refused)?;
    let key = OaepPublicEncryptingKey::new(key)?;
    let mut out = vec![0; key.ciphertext_size()];
    let length = key.encrypt(algorithm(hash), content_key, &mut out, None)?.len();
    out.truncate(length);
    Ok(out)
}

/// An RSA private key that decrypts, parsed once.
pub(crate) struct DecryptingKey(OaepPrivateDecryptingKey);

impl DecryptingKey {
    pub(crate) fn new(material: &Material) -> Result<Self, Refused> {
        let key = PrivateDecryptingKey::from_pkcs8(&private_key::to_pkcs8(material)?)?;
        Ok(Self(OaepPrivateDecryptingKey::new(key)?))
    }

    pub(crate) fn decrypt(&self, hash: Hash, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
        if encrypted.len() != self.0.key_size_bytes() {
            return Err(Refused);
        }
        let mut out = Zeroizing::new(vec![0; self.0.min_output_size()]);
        let length = self.0.decrypt(algorithm(hash), encrypted, &mut out, None)?.len();
        out.truncate(length);
        Ok(out)
    }
}

fn algorithm(hash: Hash) -> &'static OaepAlgorithm {
    match hash {
        Hash::Sha1 => &OAEP_SHA1_MGF1SHA1,
        Hash::Sha256 => &OAEP_SHA256_MGF1SHA256,
    }
}
