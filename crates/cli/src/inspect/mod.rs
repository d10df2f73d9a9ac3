//! Taking a message apart for a person: what kind it is, what it says, and how every rule of its kind came out.

mod access_token;
mod authorization_response;
mod carrier;
mod client_assertion;
mod dpop_proof;
mod encrypted;
mod envelope;
mod id_token;
pub(crate) mod keys;
mod kind;
mod report;
mod request_object;
mod rule;
mod times;
mod token;

use std::path::Path;

pub(crate) use kind::Kind;
pub(crate) use report::Inspection;
pub(crate) use rule::Known;

use carrier::Carrier;
use report::{CarrierReport, EncryptionReport, TokenReport};
use rule::Case;
use token::Token;

/// Inspects a text: a compact token, or a URL that carries one. `None` when it is neither.
///
/// # Errors
/// The decryption key cannot be used.
pub(crate) fn inspect(
    text: &str,
    kind: Option<Kind>,
    known: &Known,
    key: Option<&Path>,
) -> anyhow::Result<Option<Inspection>> {
    let text = text.trim();
    let text = ["Bearer ", "DPoP "].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let Some(mut carrier) = Carrier::parse(text, known) else {
        let Some(token) = Token::parse(text) else { return Ok(None) };
        return inspect_token(&token, kind, known, key).map(Some);
    };
    let mut inspection = Inspection::default();
    if let Some((compact, travels_as)) = carrier.token.take() {
        let known = within(&carrier, travels_as, known);
        match Token::parse(&compact) {
            Some(token) => inspection = inspect_token(&token, kind.or(Some(travels_as)), &known, key)?,
            None => carrier.findings.push(report::unreadable()),
        }
    }
    inspection.carrier = Some(CarrierReport::of(carrier));
    Ok(Some(inspection))
}

/// What is known about a token inside this URL: a request object must be of the client that stands outside (JAR-53).
fn within(carrier: &Carrier, travels_as: Kind, known: &Known) -> Known {
    let mut known = known.clone();
    if travels_as == Kind::RequestObject {
        known.client_id = carrier.client_id().map(str::to_owned).or(known.client_id);
    }
    known
}

fn inspect_token(
    token: &Token,
    kind: Option<Kind>,
    known: &Known,
    key: Option<&Path>,
) -> anyhow::Result<Inspection> {
    if !token.is_encrypted() {
        return Ok(Inspection { token: Some(judge(token, kind, known)), ..Inspection::default() });
    }
    let (findings, inside) = encrypted::open(token, key)?;
    let inside = inside.as_deref().and_then(Token::parse).map(|inside| judge(&inside, kind, known));
    let encryption = EncryptionReport::of(token, findings);
    Ok(Inspection { encryption: Some(encryption), token: inside, ..Inspection::default() })
}

fn judge(token: &Token, kind: Option<Kind>, known: &Known) -> TokenReport {
    let kind = kind.unwrap_or_else(|| Kind::of(token));
    let case = Case { token, known };
    TokenReport::of(token, kind, kind.judge(&case), kind.verdict(&case), known.now)
}
