//! Elliptic-curve Diffie-Hellman on P-256, P-384, P-521 and X25519.

use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519, agree,
};
use zeroize::Zeroizing;

use crate::{Curve, crypto::Refused, public_key::PublicKey};

/// A private key that agrees on secrets, parsed once.
pub(crate) struct AgreementKey {
    key: PrivateKey,
    curve: Curve,
}

impl AgreementKey {
    /// Takes a scalar of full length; zero and what exceeds the group order are refused.
    pub(crate) fn new(curve: Curve, scalar: &[u8]) -> Result<Self, Refused> {
        Ok(Self { key: PrivateKey::from_private_key(algorithm(curve)?, scalar)?, curve })
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, Refused> {
        let public = self.key.compute_public_key()?.as_ref().to_vec();
        match self.curve {
            Curve::X25519 => Ok(PublicKey::X25519(public.try_into().map_err(|_| Refused)?)),
            curve => Ok(PublicKey::Ec { curve, point: public }),
        }
    }

    /// The shared secret Z. Refuses a point of another curve, off the curve, or that yields all zeros (JAR-98).
    pub(crate) fn agree(&self, peer: &PublicKey) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let point = match peer {
            PublicKey::Ec { curve, point } if *curve == self.curve => point.as_slice(),
            PublicKey::X25519(point) if self.curve == Curve::X25519 => point.as_slice(),
            _ => return Err(Refused),
        };
        let peer = UnparsedPublicKey::new(algorithm(self.curve)?, point);
        let secret = agree(&self.key, peer, Refused, |secret| Ok(Zeroizing::new(secret.to_vec())))?;
        // The library refuses an all-zero X25519 secret itself; this holds should it ever stop doing so.
        if secret.iter().fold(0, |any, octet| any | octet) == 0 { Err(Refused) } else { Ok(secret) }
    }
}

fn algorithm(curve: Curve) -> Result<&'static Algorithm, Refused> {
    match curve {
        Curve::P256 => Ok(&ECDH_P256),
        Curve::P384 => Ok(&ECDH_P384),
        Curve::P521 => Ok(&ECDH_P521),
        Curve::X25519 => Ok(&X25519),
        Curve::Ed25519 => Err(Refused),
    }
}
