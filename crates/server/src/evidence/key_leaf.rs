use countersign_evidence::key_archive::{ArchivedKey, KeyEvent, KeyOwner};
use countersign_evidence::record::LeafError;
use countersign_jose::{Jwk, Thumbprint, sha256};
use countersign_protocol::parameter::{Issuer, TransactionId};
use countersign_storage::{Statement, evidence_key, evidence_record};

use super::RecordIds;
use super::record_id::version_7;

/// The name under which the leaves of a key are stored, in place of a transaction: ask
/// `evidence_record::of_transaction` with it.
///
/// A UUID of version 7 at time zero, made from owner and thumbprint, so that whoever has a record finds the leaves of
/// the keys it names. Its 74 bits are for finding only: what is found is compared with what was looked for.
///
/// # Errors
/// None that can occur; parsing is not assumed to succeed.
pub fn key_transaction(owner: &KeyOwner, thumbprint: Thumbprint) -> Result<TransactionId, LeafError> {
    let owner = match owner {
        KeyOwner::Issuer(issuer) => format!("issuer\n{issuer}\n"),
        KeyOwner::Client(client) => format!("client\n{client}\n"),
    };
    let hash = sha256(&[owner.as_bytes(), thumbprint.as_bytes()].concat());
    let bits = hash.iter().take(10).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let named = version_7(bits).parse();
    named.map_err(|_| LeafError::Content("the leaves of a key are named with a UUID version 7"))
}

/// Whether this is the name of a key's leaves ([`key_transaction`]) and not of a flow.
pub fn is_key_transaction(transaction: &TransactionId) -> bool {
    transaction.as_str().starts_with(KEYS)
}

/// Time zero.
const KEYS: &str = "00000000-0000-7";

/// Archives a key: its leaf, pending, and where it is published, the key itself under its thumbprint.
pub(crate) fn archive_key(
    issuer: &Issuer,
    ids: &RecordIds,
    key: &ArchivedKey,
    jwk: &Jwk,
) -> Result<Vec<Statement>, LeafError> {
    let thumbprint = key.thumbprint()?;
    let (kind, owner) = (event_name(key.event), owner_name(&key.owner));
    let record = evidence_record::EvidenceRecord {
        record_id: ids.next(key.at),
        transaction_id: key_transaction(&key.owner, thumbprint)?,
        kind: kind.to_owned(),
        recorded_at: key.at,
        leaf: key.to_leaf()?,
        leaf_index: None,
    };
    let row = evidence_key::ArchivedKey {
        thumbprint: thumbprint.to_string(),
        owner: owner.to_owned(),
        public_jwk: serde_json::to_string(jwk).map_err(|error| LeafError::Shape(error.to_string()))?,
        archived_at: key.at,
    };
    Ok(vec![evidence_record::append(issuer, &record), evidence_key::archive(issuer, &row)])
}

fn event_name(event: KeyEvent) -> &'static str {
    match event {
        KeyEvent::Published => "key_published",
        KeyEvent::Retired => "key_retired",
    }
}

fn owner_name(owner: &KeyOwner) -> &str {
    match owner {
        KeyOwner::Issuer(issuer) => issuer.as_str(),
        KeyOwner::Client(client) => client.as_str(),
    }
}
