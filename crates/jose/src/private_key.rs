//! A private key before it is bound to an algorithm: import, export, generation.

use std::fmt;

use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Curve, KeyError, Limits, base64url, crypto, json, pem, public_key::PublicKey};

/// A private key, consistent with its public half and strong enough (JAR-72). Zeroized when dropped.
///
/// Becomes useful as a [`SigningKey`](crate::SigningKey) or a [`DecryptionKey`](crate::jwe::DecryptionKey); one key
/// should be only one of them (JAR-77).
#[derive(Clone)]
pub struct PrivateKey {
    material: Material,
    public: PublicKey,
}

/// The numbers of a private key.
#[derive(Clone)]
pub(crate) enum Material {
    /// `scalar` has the full length of the field; `point` is `0x04 ‖ x ‖ y`.
    Ec {
        curve: Curve,
        scalar: Zeroizing<Vec<u8>>,
        point: Vec<u8>,
    },
    Ed25519 {
        seed: Zeroizing<[u8; 32]>,
        public: [u8; 32],
    },
    X25519 {
        scalar: Zeroizing<[u8; 32]>,
        public: [u8; 32],
    },
    Rsa(Box<RsaComponents>),
}

/// Big-endian, no leading zeros (RFC 7518 §6.3).
#[derive(Clone)]
pub(crate) struct RsaComponents {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
    pub(crate) d: Zeroizing<Vec<u8>>,
    pub(crate) p: Zeroizing<Vec<u8>>,
    pub(crate) q: Zeroizing<Vec<u8>>,
    pub(crate) dp: Zeroizing<Vec<u8>>,
    pub(crate) dq: Zeroizing<Vec<u8>>,
    pub(crate) qi: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    /// Makes a key on `curve`.
    pub fn generate_on(curve: Curve) -> Result<Self, KeyError> {
        Self::new(crypto::private_key::generate_on(curve).map_err(|_| KeyError::Inconsistent)?)
    }

    /// Makes an RSA key of 2,048 bits.
    pub fn generate_rsa() -> Result<Self, KeyError> {
        Self::new(crypto::private_key::generate_rsa().map_err(|_| KeyError::Inconsistent)?)
    }

    /// Reads the first private key of a PEM text: PKCS#8 (`PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`) or PKCS#1
    /// (`RSA PRIVATE KEY`), unencrypted.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::first_private_key(text)?;
        let material = match block.label {
            pem::Label::Pkcs8 => crypto::private_key::from_pkcs8(&block.document),
            pem::Label::Sec1 => crypto::private_key::from_sec1(&block.document),
            pem::Label::Pkcs1 => crypto::private_key::from_pkcs1(&block.document),
        };
        Self::new(material.map_err(|_| {
            KeyError::Encoding(
                "PEM block holds no private key of type RSA (2048 to 8192 bits), EC, Ed25519 or X25519",
            )
        })?)
    }

    /// Reads an unencrypted PKCS#8 document.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, KeyError> {
        let unusable = KeyError::Encoding("not a PKCS#8 document with an RSA, EC, Ed25519 or X25519 key");
        Self::new(crypto::private_key::from_pkcs8(document).map_err(|_| unusable)?)
    }

    /// Reads a private JWK (RFC 7517). RSA keys need `p`, `q`, `dp`, `dq` and `qi` beside `d`.
    pub fn from_jwk(text: &str) -> Result<Self, KeyError> {
        let raw: RawPrivateJwk = json::parse_object(text.as_bytes(), &Limits::TOKEN)?;
        let key = Self::new(raw.material()?)?;
        crypto::private_key::check(&key.material).map_err(|_| KeyError::Inconsistent)?;
        Ok(key)
    }

    /// Writes an unencrypted PKCS#8 document.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        crypto::private_key::to_pkcs8(&self.material).map_err(|_| KeyError::Inconsistent)
    }

    /// Writes an unencrypted PKCS#8 PEM text.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        Ok(pem::pkcs8(&self.to_pkcs8()?))
    }

    /// The members of the private JWK, private ones included; `extra` (such as `kid`) is put in front.
    pub(crate) fn to_jwk(&self, extra: &[(&str, &str)]) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(2048));
        let mut member = |name: &str, value: &str| {
            let opening = if out.is_empty() { '{' } else { ',' };
            out.push(opening);
            out.push('"');
            out.push_str(name);
            out.push_str("\":");
            out.push_str(&serde_json::Value::from(value).to_string());
        };
        for (name, value) in extra {
            member(name, value);
        }
        for (name, value) in self.public.members() {
            member(name, &value);
        }
        for (name, octets) in self.material.private_members() {
            member(name, &Zeroizing::new(base64url::encode(octets)));
        }
        out.push('}');
        out
    }

    pub(crate) fn material(&self) -> &Material {
        &self.material
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    fn new(material: Material) -> Result<Self, KeyError> {
        let public = match &material {
            Material::Ec { curve, point, .. } => PublicKey::Ec { curve: *curve, point: point.clone() },
            Material::Ed25519 { public, .. } => PublicKey::Ed25519(*public),
            Material::X25519 { public, .. } => PublicKey::X25519(*public),
            Material::Rsa(components) => PublicKey::rsa(components.n.clone(), components.e.clone())?,
        };
        Ok(Self { material, public })
    }
}

impl Material {
    fn private_members(&self) -> Vec<(&'static str, &[u8])> {
        match self {
            Self::Ec { scalar, .. } => vec![("d", scalar)],
            Self::Ed25519 { seed, .. } => vec![("d", seed.as_slice())],
            Self::X25519 { scalar, .. } => vec![("d", scalar.as_slice())],
            Self::Rsa(rsa) => vec![
                ("d", &rsa.d),
                ("p", &rsa.p),
                ("q", &rsa.q),
                ("dp", &rsa.dp),
                ("dq", &rsa.dq),
                ("qi", &rsa.qi),
            ],
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("kty", &self.public.kty()).finish_non_exhaustive()
    }
}

/// A private JWK as it stands in a file.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct RawPrivateJwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
}

impl RawPrivateJwk {
    fn material(&self) -> Result<Material, KeyError> {
        match self.kty.as_str() {
            "EC" => self.ec(),
            "OKP" => self.okp(),
            "RSA" => self.rsa(),
            "oct" => Err(KeyError::Symmetric),
            _ => Err(KeyError::UnknownType),
        }
    }

    fn ec(&self) -> Result<Material, KeyError> {
        let curve: Curve = text(&self.crv, "crv")?.parse()?;
        let PublicKey::Ec { point, .. } = PublicKey::ec(curve, text(&self.x, "x")?, text(&self.y, "y")?)?
        else {
            return Err(KeyError::UnknownCurve);
        };
        let scalar = secret(&self.d, "d")?;
        if scalar.len() != curve.coordinate_len() {
            return Err(KeyError::Malformed { member: "d" });
        }
        Ok(Material::Ec { curve, scalar, point })
    }

    fn okp(&self) -> Result<Material, KeyError> {
        let public = PublicKey::okp(text(&self.crv, "crv")?.parse()?, text(&self.x, "x")?)?;
        let malformed = |_| KeyError::Malformed { member: "d" };
        let private = Zeroizing::new(secret(&self.d, "d")?.as_slice().try_into().map_err(malformed)?);
        match public {
            PublicKey::Ed25519(public) => Ok(Material::Ed25519 { seed: private, public }),
            PublicKey::X25519(public) => Ok(Material::X25519 { scalar: private, public }),
            PublicKey::Ec { .. } | PublicKey::Rsa { .. } => Err(KeyError::UnknownCurve),
        }
    }

    fn rsa(&self) -> Result<Material, KeyError> {
        Ok(Material::Rsa(Box::new(RsaComponents {
            n: secret(&self.n, "n")?.to_vec(),
            e: secret(&self.e, "e")?.to_vec(),
            d: secret(&self.d, "d")?,
            p: secret(&self.p, "p")?,
            q: secret(&self.q, "q")?,
            dp: secret(&self.dp, "dp")?,
            dq: secret(&self.dq, "dq")?,
            qi: secret(&self.qi, "qi")?,
        })))
    }
}

fn text<'a>(value: &'a Option<String>, member: &'static str) -> Result<&'a str, KeyError> {
    value.as_deref().ok_or(KeyError::Missing { member })
}

fn secret(value: &Option<String>, member: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let octets = base64url::decode(text(value, member)?).map_err(|_| KeyError::Malformed { member })?;
    Ok(Zeroizing::new(octets))
}
