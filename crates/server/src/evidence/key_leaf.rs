use countersign_evidence::key_archive::ArchivedKey;
use countersign_evidence::record::LeafError;
use countersign_protocol::parameter::Issuer;
use countersign_storage::{Statement, evidence_key};

use super::RecordIds;

/// Archives a key, or its retirement: its leaf, pending, and the way to it from its thumbprint.
pub(crate) fn archive_key(
    issuer: &Issuer,
    ids: &RecordIds,
    key: &ArchivedKey,
) -> Result<[Statement; 2], LeafError> {
    evidence_key::archive(issuer, ids.next(key.at), key)
}
