//! PEM (RFC 7468): reading private keys, writing PKCS#8.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::KeyError;

/// What a PEM block says it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// `PRIVATE KEY`.
    Pkcs8,
    /// `EC PRIVATE KEY`.
    Sec1,
    /// `RSA PRIVATE KEY`.
    Pkcs1,
}

/// A decoded PEM block.
pub(crate) struct Block {
    pub(crate) label: Label,
    pub(crate) document: Zeroizing<Vec<u8>>,
}

/// Finds the first private key; other blocks (`EC PARAMETERS`, certificates) are skipped.
pub(crate) fn first_private_key(text: &str) -> Result<Block, KeyError> {
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) else {
            continue;
        };
        let kind = match label {
            "PRIVATE KEY" => Label::Pkcs8,
            "EC PRIVATE KEY" => Label::Sec1,
            "RSA PRIVATE KEY" => Label::Pkcs1,
            "ENCRYPTED PRIVATE KEY" => return Err(ENCRYPTED),
            _ => continue,
        };
        let end = format!("-----END {label}-----");
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        for line in lines.by_ref() {
            if line == end {
                let document = STANDARD.decode(body.as_bytes()).map_err(|_| BROKEN)?;
                return Ok(Block { label: kind, document: Zeroizing::new(document) });
            }
            if line.contains(':') {
                return Err(ENCRYPTED);
            }
            body.push_str(line);
        }
        return Err(BROKEN);
    }
    Err(KeyError::Encoding(
        "no PEM block `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY` found (RFC 7468)",
    ))
}

const ENCRYPTED: KeyError =
    KeyError::Encoding("PEM private key is encrypted; decrypt it first, for example with `openssl pkcs8`");
const BROKEN: KeyError = KeyError::Encoding("PEM block is not closed or is not base64 (RFC 7468 §3)");

/// Writes a PKCS#8 document as PEM.
pub(crate) fn pkcs8(document: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(document));
    let mut out = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 64));
    out.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str("-----END PRIVATE KEY-----\n");
    out
}
