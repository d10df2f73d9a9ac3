//! What every signed token must hold, whatever its kind: form, header, algorithm, signature, strict claims.

use countersign_jose::jws::{JwsError, Unverified};
use countersign_jose::{Algorithm, JwkSet, Limits, base64url, compact, json};

use super::rule::{Case, Outcome, broken, compare, held, unknown};

/// Three parts of canonical base64url, none of them empty.
pub(super) fn form(case: &Case<'_>) -> Outcome {
    let parts = match compact::split::<3>(&case.token.compact, usize::MAX) {
        Ok(parts) => parts,
        Err(error) => return broken(format!("The {error}.")),
    };
    for (part, name) in parts.into_iter().zip(["header", "payload", "signature"]) {
        if part.is_empty() {
            return broken(format!("The {name} is empty."));
        }
        if base64url::decode(part).is_err() {
            return broken(format!("The {name} is not canonical base64url."));
        }
    }
    held("Three parts of canonical base64url.")
}

/// One strict JSON object with a string `alg`.
pub(super) fn header(case: &Case<'_>) -> Outcome {
    let header = &case.token.header;
    if let Some(name) = header.doubled().first() {
        return broken(format!("Header: {name:?} stands more than once: two readers would see two headers."));
    }
    if header.bytes.len() > Limits::TOKEN.header_bytes {
        return broken(format!("The header has {} octets; 4096 pass.", header.bytes.len()));
    }
    match json::scan_object(&header.bytes, &Limits::TOKEN) {
        Err(error) => broken(format!("Header: {error}.")),
        Ok(_) if case.token.header_text("alg").is_none() => {
            broken("Header: there is no alg that is a string.")
        }
        Ok(_) => held("Header: one strict JSON object."),
    }
}

/// No `crit`: nothing that it could name is understood.
pub(super) fn critical(case: &Case<'_>) -> Outcome {
    compare(
        case.token.header.member("crit").is_none(),
        "No crit.",
        "crit names extensions, and none is understood.",
    )
}

/// No `b64`.
pub(super) fn unencoded(case: &Case<'_>) -> Outcome {
    compare(
        case.token.header.member("b64").is_none(),
        "No b64.",
        "b64 is there; payloads are always base64url.",
    )
}

/// No key, and no address of one, from the token itself.
pub(super) fn key_from_token(case: &Case<'_>) -> Outcome {
    let found =
        ["jwk", "jku", "x5u", "x5c"].into_iter().find(|name| case.token.header.member(name).is_some());
    match found {
        None => held("The token brings no key of its own."),
        Some(name) => broken(format!("{name} is in the header: a token with its own key proves nothing.")),
    }
}

/// An algorithm that the profile allows.
pub(super) fn algorithm(case: &Case<'_>) -> Outcome {
    let Some(named) = case.token.header_text("alg") else { return broken("There is no alg.") };
    let profile = case.known.profile;
    match named.parse::<Algorithm>() {
        Err(_) => broken(format!("{named:?} is no algorithm that is ever accepted.")),
        Ok(algorithm) if profile.algorithms.contains(&algorithm) => {
            held(format!("{algorithm} is allowed by the profile {}.", profile.name))
        }
        Ok(algorithm) => broken(format!("{algorithm} is not allowed by the profile {}.", profile.name)),
    }
}

/// `typ` is one of these, or absent where that is allowed.
pub(super) fn media_type(case: &Case<'_>, types: &[&str], absent: bool) -> Outcome {
    match case.token.media_type() {
        None if case.token.header.member("typ").is_some() => broken("typ is no string."),
        None => compare(absent, "No typ, which is accepted.", "There is no typ."),
        Some(typ) => compare(
            types.contains(&typ.as_str()),
            format!("typ is {typ}."),
            format!("typ is {typ:?}, of another kind."),
        ),
    }
}

/// One strict JSON object as payload.
pub(super) fn claims(case: &Case<'_>) -> Outcome {
    if let Some(name) = case.token.claims.doubled().first() {
        return broken(format!("Claims: {name:?} stands more than once: two readers would see two tokens."));
    }
    match json::scan_object(&case.token.claims.bytes, &Limits::TOKEN) {
        Ok(_) => held("Claims: one strict JSON object."),
        Err(error) => broken(format!("Claims: {error}.")),
    }
}

/// Not larger than `most` characters.
pub(super) fn size(case: &Case<'_>, most: usize) -> Outcome {
    let length = case.token.compact.len();
    compare(
        length <= most,
        format!("{length} characters."),
        format!("{length} characters, more than {most}."),
    )
}

/// What a client signs: under one of its registered keys.
pub(super) fn client_signature(case: &Case<'_>) -> Outcome {
    signature(case, case.known.client_keys(), "Name the client's keys with --jwks.")
}

/// What a server signs: under one of its published keys.
pub(super) fn server_signature(case: &Case<'_>) -> Outcome {
    signature(case, case.known.server_keys(), "Name the server with --issuer, or its keys with --jwks.")
}

fn signature(case: &Case<'_>, keys: Option<&JwkSet>, hint: &str) -> Outcome {
    let unverified = match Unverified::parse(&case.token.compact, &Limits::TOKEN) {
        Ok(unverified) => unverified,
        Err(error) => return broken(format!("Not verified, because {}.", sentence(&error))),
    };
    let Some(keys) = keys else { return unknown(hint) };
    let (algorithm, kid) = (unverified.header().algorithm, unverified.header().kid.clone());
    match unverified.verify_any(keys.select(algorithm, kid.as_deref())) {
        Ok(verified) => held(format!("{algorithm} under the key with thumbprint {}.", verified.key())),
        Err(error) => broken(format!("{error}.")),
    }
}

fn sentence(error: &JwsError) -> String {
    format!("the token does not read: {error}")
}
