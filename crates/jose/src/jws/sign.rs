//! From claims to a signed token.

use serde::Serialize;

use crate::{Jwk, SignError, Signer, base64url};

#[derive(Serialize)]
struct ProtectedHeader<'a> {
    alg: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<&'a Jwk>,
}

/// Signs `claims` as a compact JWS; the header holds `alg`, `kid` and, if given, `typ`.
pub fn sign<C: Serialize + ?Sized>(
    signer: &dyn Signer,
    typ: Option<&str>,
    claims: &C,
) -> Result<String, SignError> {
    let header =
        ProtectedHeader { alg: signer.algorithm().as_str(), typ, kid: Some(signer.key_id()), jwk: None };
    sign_under(&header, signer, claims)
}

/// Signs `claims` with the public key itself in the header instead of a `kid`: DPoP proofs (RFC 9449 §4.2).
pub fn sign_with_jwk<C: Serialize + ?Sized>(
    signer: &dyn Signer,
    public: &Jwk,
    typ: &str,
    claims: &C,
) -> Result<String, SignError> {
    let jwk = public.bare();
    let header =
        ProtectedHeader { alg: signer.algorithm().as_str(), typ: Some(typ), kid: None, jwk: Some(&jwk) };
    sign_under(&header, signer, claims)
}

fn sign_under<C: Serialize + ?Sized>(
    header: &ProtectedHeader<'_>,
    signer: &dyn Signer,
    claims: &C,
) -> Result<String, SignError> {
    let mut json = Vec::with_capacity(1024);
    serde_json::to_writer(&mut json, header)?;
    let split = json.len();
    serde_json::to_writer(&mut json, claims)?;
    let (header, payload) = json.split_at(split);
    let mut token = String::with_capacity(base64url::encoded_len(json.len()) + SIGNATURE_ROOM);
    base64url::encode_to(header, &mut token);
    token.push('.');
    base64url::encode_to(payload, &mut token);
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    base64url::encode_to(signature, &mut token);
    Ok(token)
}

/// Characters of an RSA-2048 signature, and a few.
const SIGNATURE_ROOM: usize = 352;
