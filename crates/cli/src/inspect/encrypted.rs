//! An encrypted token: what its header says, and the signed token inside where the key is at hand.

use std::path::Path;

use anyhow::Context;
use countersign_jose::jwe::{DecryptionKey, JweAlgorithm, Unverified};
use countersign_jose::{Limits, PrivateKey};
use zeroize::Zeroizing;

use super::rule::{Finding, broken, held, unknown};
use super::token::Token;

/// How an encrypted token came out: findings about it, and the token inside if it opened.
pub(super) fn open(token: &Token, key: Option<&Path>) -> anyhow::Result<(Vec<Finding>, Option<String>)> {
    let passes = "A header of allowed algorithms with cty JWT; no zip, no crit, no key locations.";
    let unverified = match Unverified::parse(&token.compact, &Limits::TOKEN) {
        Ok(unverified) => unverified,
        Err(error) => return Ok((vec![Finding::new("JAR-47", passes, broken(format!("{error}.")))], None)),
    };
    let (algorithm, encryption) = (unverified.header().algorithm, unverified.header().encryption);
    let mut findings = vec![Finding::new("JAR-47", passes, held(format!("{algorithm} with {encryption}.")))];
    let passes = "A signed token, encrypted to a key of the recipient.";
    let Some(key) = key else {
        findings.push(Finding::new(
            "JAR-94",
            passes,
            unknown("Name the recipient's private key with --key."),
        ));
        return Ok((findings, None));
    };
    match unverified.decrypt(&read_key(key, algorithm)?) {
        Ok(inside) => {
            findings.push(Finding::new("JAR-94", passes, held("It opens, and a signed token is inside.")));
            Ok((findings, Some(inside)))
        }
        Err(error) => {
            findings.push(Finding::new("JAR-95", passes, broken(format!("{error}."))));
            Ok((findings, None))
        }
    }
}

/// A private key as JWK or PEM. It takes any `kid`: the person who names it knows that it is this one.
fn read_key(file: &Path, algorithm: JweAlgorithm) -> anyhow::Result<DecryptionKey> {
    let unreadable = || format!("the key file {} cannot be used", file.display());
    let text = Zeroizing::new(std::fs::read_to_string(file).with_context(unreadable)?);
    let private = if text.trim_start().starts_with('{') {
        PrivateKey::from_jwk(&text)
    } else {
        PrivateKey::from_pem(&text)
    };
    let key = private.and_then(|private| DecryptionKey::new(private, algorithm)).with_context(unreadable)?;
    Ok(key)
}
