use std::str::FromStr;

use countersign_jose::Entropy;
use uuid::{Builder, Uuid, Version};

use super::text;
use crate::time::UnixTime;

/// Names one flow from its first message to its last (a UUID version 7, RFC 9562 §5.7).
///
/// It ties the evidence of a flow together and travels in access tokens as `txn` (RFC 8417 §2.2). It is a name,
/// not a secret: knowing it gives access to nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TransactionId(String);

text!(TransactionId);

/// Why a string is no [`TransactionId`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a transaction id is a UUID version 7 in lower case")]
pub struct InvalidTransactionId;

impl TransactionId {
    /// A new name, ordered by `now`.
    pub fn generate(now: UnixTime, entropy: &mut impl Entropy) -> Self {
        let mut random = [0; 10];
        entropy.fill(&mut random);
        let uuid =
            Builder::from_unix_timestamp_millis(now.as_secs().saturating_mul(1000), &random).into_uuid();
        Self(uuid.hyphenated().to_string())
    }
}

impl FromStr for TransactionId {
    type Err = InvalidTransactionId;

    fn from_str(raw: &str) -> Result<Self, InvalidTransactionId> {
        let uuid = Uuid::try_parse(raw).map_err(|_| InvalidTransactionId)?;
        let canonical = uuid.hyphenated().to_string();
        if uuid.get_version() != Some(Version::SortRand) || canonical != raw {
            return Err(InvalidTransactionId);
        }
        Ok(Self(canonical))
    }
}
