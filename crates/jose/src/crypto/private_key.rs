//! Private keys: made, taken out of PKCS#8, SEC1 and PKCS#1, and put back into PKCS#8.

use aws_lc_rs::{
    agreement,
    encoding::{AsBigEndian, AsDer, Curve25519SeedBin, EcPrivateKeyBin, Pkcs8V1Der},
    rsa::{KeyPairComponents, KeySize, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
    },
};
use zeroize::Zeroizing;

use crate::{
    Curve,
    crypto::{Refused, der},
    private_key::{Material, RsaComponents},
};

/// `PrivateKeyInfo` of an X25519 key up to its 32 octets (RFC 8410 §7).
const X25519_PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20];

const EC_CURVES: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

/// Makes a key on `curve`.
pub(crate) fn generate_on(curve: Curve) -> Result<Material, Refused> {
    match curve {
        Curve::Ed25519 => from_ed25519(&Ed25519KeyPair::generate()?),
        Curve::X25519 => from_x25519(&agreement::PrivateKey::generate(&agreement::X25519)?),
        Curve::P256 | Curve::P384 | Curve::P521 => from_ec(curve, &EcdsaKeyPair::generate(ecdsa(curve)?)?),
    }
}

/// Makes an RSA key of 2,048 bits.
pub(crate) fn generate_rsa() -> Result<Material, Refused> {
    from_rsa(&RsaKeyPair::generate(KeySize::Rsa2048)?)
}

/// Reads `PrivateKeyInfo` (PKCS#8), whichever key type it holds.
pub(crate) fn from_pkcs8(document: &[u8]) -> Result<Material, Refused> {
    for curve in EC_CURVES {
        if let Ok(key) = EcdsaKeyPair::from_pkcs8(ecdsa(curve)?, document) {
            return from_ec(curve, &key);
        }
    }
    if let Ok(key) = Ed25519KeyPair::from_pkcs8(document) {
        return from_ed25519(&key);
    }
    if let Some(scalar) = document.strip_prefix(&X25519_PKCS8_PREFIX) {
        return from_x25519_scalar(scalar);
    }
    from_rsa(&RsaKeyPair::from_pkcs8(document)?)
}

/// Reads `ECPrivateKey` (SEC 1, RFC 5915).
pub(crate) fn from_sec1(document: &[u8]) -> Result<Material, Refused> {
    for curve in EC_CURVES {
        if let Ok(key) = EcdsaKeyPair::from_private_key_der(ecdsa(curve)?, document) {
            return from_ec(curve, &key);
        }
    }
    Err(Refused)
}

/// Reads `RSAPrivateKey` (PKCS#1).
pub(crate) fn from_pkcs1(document: &[u8]) -> Result<Material, Refused> {
    from_rsa(&RsaKeyPair::from_der(document)?)
}

/// Reads a private scalar; the public point is computed.
pub(crate) fn from_x25519_scalar(scalar: &[u8]) -> Result<Material, Refused> {
    from_x25519(&agreement::PrivateKey::from_private_key(&agreement::X25519, scalar)?)
}

/// Writes `PrivateKeyInfo`.
pub(crate) fn to_pkcs8(material: &Material) -> Result<Zeroizing<Vec<u8>>, Refused> {
    Ok(Zeroizing::new(match material {
        Material::Ec { curve, scalar, point } => {
            let key = EcdsaKeyPair::from_private_key_and_public_key(ecdsa(*curve)?, scalar, point)?;
            key.to_pkcs8v1()?.as_ref().to_vec()
        }
        Material::Ed25519 { seed, public } => {
            let key = Ed25519KeyPair::from_seed_and_public_key(seed.as_slice(), public)?;
            key.to_pkcs8v1()?.as_ref().to_vec()
        }
        Material::X25519 { scalar, .. } => [X25519_PKCS8_PREFIX.as_slice(), scalar.as_slice()].concat(),
        Material::Rsa(components) => pkcs8_of_rsa(&rsa_key_pair(components)?)?.as_ref().to_vec(),
    }))
}

/// Whether the private numbers belong to the public ones.
pub(crate) fn check(material: &Material) -> Result<(), Refused> {
    match material {
        Material::X25519 { scalar, public } => match from_x25519_scalar(scalar.as_slice())? {
            Material::X25519 { public: computed, .. } if computed == *public => Ok(()),
            _ => Err(Refused),
        },
        Material::Ec { .. } | Material::Ed25519 { .. } | Material::Rsa(_) => to_pkcs8(material).map(drop),
    }
}

/// The library checks that the components agree with each other.
pub(crate) fn rsa_key_pair(components: &RsaComponents) -> Result<RsaKeyPair, Refused> {
    Ok(RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n: components.n.as_slice(), e: components.e.as_slice() },
        d: components.d.as_slice(),
        p: components.p.as_slice(),
        q: components.q.as_slice(),
        dP: components.dp.as_slice(),
        dQ: components.dq.as_slice(),
        qInv: components.qi.as_slice(),
    })?)
}

fn ecdsa(curve: Curve) -> Result<&'static EcdsaSigningAlgorithm, Refused> {
    match curve {
        Curve::P256 => Ok(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Curve::P384 => Ok(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Curve::P521 => Ok(&ECDSA_P521_SHA512_FIXED_SIGNING),
        Curve::Ed25519 | Curve::X25519 => Err(Refused),
    }
}

fn from_ec(curve: Curve, key: &EcdsaKeyPair) -> Result<Material, Refused> {
    let scalar: EcPrivateKeyBin<'_> = key.private_key().as_be_bytes()?;
    let scalar = Zeroizing::new(scalar.as_ref().to_vec());
    Ok(Material::Ec { curve, scalar, point: key.public_key().as_ref().to_vec() })
}

fn from_ed25519(key: &Ed25519KeyPair) -> Result<Material, Refused> {
    let seed: Curve25519SeedBin<'_> = key.seed()?.as_be_bytes()?;
    let public = key.public_key().as_ref().try_into().map_err(|_| Refused)?;
    Ok(Material::Ed25519 { seed: Zeroizing::new(seed.as_ref().try_into().map_err(|_| Refused)?), public })
}

fn from_x25519(key: &agreement::PrivateKey) -> Result<Material, Refused> {
    let scalar: Curve25519SeedBin<'_> = key.as_be_bytes()?;
    let public = key.compute_public_key()?.as_ref().try_into().map_err(|_| Refused)?;
    Ok(Material::X25519 { scalar: Zeroizing::new(scalar.as_ref().try_into().map_err(|_| Refused)?), public })
}

fn from_rsa(key: &RsaKeyPair) -> Result<Material, Refused> {
    let document = pkcs8_of_rsa(key)?;
    let mut outer = document.as_ref();
    let mut info = der::read(&mut outer, der::SEQUENCE)?;
    der::read(&mut info, der::INTEGER)?;
    der::read(&mut info, der::SEQUENCE)?;
    let mut inner = der::read(&mut info, der::OCTET_STRING)?;
    let mut numbers = der::read(&mut inner, der::SEQUENCE)?;
    der::read(&mut numbers, der::INTEGER)?;
    let mut public = || der::read_positive(&mut numbers).map(<[u8]>::to_vec);
    let (n, e) = (public()?, public()?);
    let mut private = || der::read_positive(&mut numbers).map(|octets| Zeroizing::new(octets.to_vec()));
    Ok(Material::Rsa(Box::new(RsaComponents {
        n,
        e,
        d: private()?,
        p: private()?,
        q: private()?,
        dp: private()?,
        dq: private()?,
        qi: private()?,
    })))
}

fn pkcs8_of_rsa(key: &RsaKeyPair) -> Result<Pkcs8V1Der<'static>, Refused> {
    Ok(key.as_der()?)
}
