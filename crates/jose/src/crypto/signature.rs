//! Signing and verifying primitives, parsed once.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
        ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
        RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair, RsaParameters,
        RsaSignatureEncoding,
    },
};

use crate::{
    Algorithm, Curve,
    crypto::{Refused, private_key},
    private_key::Material,
    public_key::PublicKey,
};

/// A public key bound to one algorithm.
#[derive(Clone, Debug)]
pub(crate) struct Verifier(ParsedPublicKey);

impl Verifier {
    /// `None` if the key cannot serve the algorithm.
    pub(crate) fn new(key: &PublicKey, algorithm: Algorithm) -> Option<Self> {
        let parsed = match (key, algorithm) {
            (PublicKey::Ec { curve: Curve::P256, point }, Algorithm::ES256) => {
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            }
            (PublicKey::Ec { curve: Curve::P384, point }, Algorithm::ES384) => {
                ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point)
            }
            (PublicKey::Ed25519(point), Algorithm::EdDSA) => ParsedPublicKey::new(&ED25519, point),
            (PublicKey::Rsa { modulus, exponent }, _) => PublicKeyComponents { n: modulus, e: exponent }
                .to_parsed_public_key(rsa_parameters(algorithm)?),
            _ => return None,
        };
        parsed.ok().map(Self)
    }

    /// ECDSA signatures are R ‖ S of fixed length; PSS salts are as long as the hash (JAR-74).
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
        Ok(self.0.verify_sig(message, signature)?)
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => None,
    }
}

/// A private key bound to one algorithm.
pub(crate) enum SigningPrimitive {
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
}

impl SigningPrimitive {
    /// `None` if the key cannot serve the algorithm.
    pub(crate) fn new(key: &Material, algorithm: Algorithm) -> Option<Result<Self, Refused>> {
        match (key, algorithm) {
            (Material::Ec { curve: Curve::P256, scalar, point }, Algorithm::ES256) => {
                let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let key = EcdsaKeyPair::from_private_key_and_public_key(alg, scalar, point);
                Some(key.map(Self::Ec).map_err(Refused::from))
            }
            (Material::Ec { curve: Curve::P384, scalar, point }, Algorithm::ES384) => {
                let alg = &ECDSA_P384_SHA384_FIXED_SIGNING;
                let key = EcdsaKeyPair::from_private_key_and_public_key(alg, scalar, point);
                Some(key.map(Self::Ec).map_err(Refused::from))
            }
            (Material::Ed25519 { seed, public }, Algorithm::EdDSA) => {
                let key = Ed25519KeyPair::from_seed_and_public_key(seed.as_slice(), public);
                Some(key.map(Self::Ed25519).map_err(Refused::from))
            }
            (Material::Rsa(components), _) => {
                let encoding = rsa_encoding(algorithm)?;
                Some(private_key::rsa_key_pair(components).map(|key| Self::Rsa(key, encoding)))
            }
            _ => None,
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Refused> {
        match self {
            Self::Ec(key) => Ok(key.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Self::Ed25519(key) => Ok(key.try_sign(message)?.as_ref().to_vec()),
            Self::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static RsaSignatureEncoding> {
    match algorithm {
        Algorithm::PS256 => Some(&RSA_PSS_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_SHA512),
        Algorithm::RS256 => Some(&RSA_PKCS1_SHA256),
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => None,
    }
}
