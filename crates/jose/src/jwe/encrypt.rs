//! From a signed token to an encrypted one.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    Curve, Entropy, Jwk, base64url, compact,
    crypto::{Refused, agreement::AgreementKey, key_wrap, oaep},
    jwe::{
        ContentEncryption, EncryptionKey, JweAlgorithm, JweError, concat_kdf, content::Encrypted,
        encryption_key::Recipient,
    },
    public_key::PublicKey,
};

#[derive(Serialize)]
struct ProtectedHeader<'a> {
    alg: &'a str,
    enc: &'a str,
    cty: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epk: Option<Jwk>,
}

/// A content encryption key, and what the recipient needs to recover it.
struct ManagedKey {
    content_key: Zeroizing<Vec<u8>>,
    encrypted_key: Vec<u8>,
    ephemeral: Option<PublicKey>,
}

/// Encrypts a compact JWS to `recipient` as a compact JWE with `cty: JWT` (JAR-94).
pub fn encrypt(
    signed: &str,
    recipient: &EncryptionKey,
    encryption: ContentEncryption,
    entropy: &mut impl Entropy,
) -> Result<String, JweError> {
    if compact::parts(signed) != 3 {
        return Err(JweError::NotSigned);
    }
    let algorithm = recipient.algorithm();
    let managed = manage(recipient, encryption, entropy).map_err(|_| JweError::Encryption)?;
    let header = ProtectedHeader {
        alg: algorithm.as_str(),
        enc: encryption.as_str(),
        cty: "JWT",
        kid: recipient.key_id(),
        epk: managed.ephemeral.map(Jwk::of),
    };
    let mut token = base64url::encode(serde_json::to_vec(&header).map_err(|_| JweError::Encryption)?);
    let sealed = Encrypted::seal(encryption, &managed.content_key, &token, signed.as_bytes(), entropy)
        .map_err(|_| JweError::Encryption)?;
    for part in [&managed.encrypted_key, &sealed.iv, &sealed.ciphertext, &sealed.tag] {
        token.push('.');
        base64url::encode_to(part, &mut token);
    }
    Ok(token)
}

fn manage(
    recipient: &EncryptionKey,
    encryption: ContentEncryption,
    entropy: &mut impl Entropy,
) -> Result<ManagedKey, Refused> {
    let algorithm = recipient.algorithm();
    match (&recipient.recipient, algorithm) {
        (Recipient::Shared(key), _) => {
            Ok(ManagedKey { content_key: key.octets().clone(), encrypted_key: Vec::new(), ephemeral: None })
        }
        (Recipient::Public(PublicKey::Rsa { modulus, exponent }), _) => {
            let hash = if algorithm == JweAlgorithm::RsaOaep { oaep::Hash::Sha1 } else { oaep::Hash::Sha256 };
            let content_key = random_key(encryption, entropy);
            let encrypted_key = oaep::encrypt(modulus, exponent, hash, &content_key)?;
            Ok(ManagedKey { content_key, encrypted_key, ephemeral: None })
        }
        (Recipient::Public(public), _) => {
            let ephemeral = ephemeral_key(public.curve().ok_or(Refused)?, entropy)?;
            let purpose = concat_kdf::Purpose::anonymous(algorithm, encryption);
            let derived = concat_kdf::derive(&ephemeral.agree(public)?, &purpose);
            let ephemeral = Some(ephemeral.public_key()?);
            if algorithm == JweAlgorithm::EcdhEs {
                return Ok(ManagedKey { content_key: derived, encrypted_key: Vec::new(), ephemeral });
            }
            let content_key = random_key(encryption, entropy);
            let encrypted_key = key_wrap::wrap(&derived, &content_key)?;
            Ok(ManagedKey { content_key, encrypted_key, ephemeral })
        }
    }
}

fn random_key(encryption: ContentEncryption, entropy: &mut impl Entropy) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; encryption.key_len()]);
    entropy.fill(&mut key);
    key
}

/// Draws until the number is a scalar of the group: at least every second draw is.
fn ephemeral_key(curve: Curve, entropy: &mut impl Entropy) -> Result<AgreementKey, Refused> {
    const MAX_DRAWS: usize = 128;
    let mut scalar = Zeroizing::new(vec![0; curve.coordinate_len()]);
    for _ in 0..MAX_DRAWS {
        entropy.fill(&mut scalar);
        if let (Curve::P521, Some(first)) = (curve, scalar.first_mut()) {
            *first &= 1;
        }
        if let Ok(key) = AgreementKey::new(curve, &scalar) {
            return Ok(key);
        }
    }
    Err(Refused)
}
