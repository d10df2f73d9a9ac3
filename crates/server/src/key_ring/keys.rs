use std::sync::Arc;

use bytes::Bytes;
use countersign_evidence::checkpoint::Origin;
use countersign_evidence::note::VerifierKey;
use countersign_jose::seal::{SealError, Sealer};
use countersign_jose::{Algorithm, Jwk, JwkSet, Signer, SigningKey, SystemEntropy};
use countersign_protocol::parameter::Issuer;
use countersign_storage::signing_key::{self, KeyState};

use super::KeyRingError;
use crate::sealing::place;

/// The series of keys that sign answers and tokens.
pub(super) const ANSWERS: &str = "answers";
/// The series with the one key that signs the checkpoints of the log.
pub(super) const CHECKPOINTS: &str = "checkpoints";

/// The key set as it is published: parsed, and as it goes over the wire.
#[derive(Debug)]
pub struct Published {
    /// The keys, to verify what this server signed.
    pub set: JwkSet,
    /// The same as JSON.
    pub json: Bytes,
}

/// The keys as the database had them when it was last read.
#[derive(Debug)]
pub(super) struct Keys {
    /// The rows, to see whether anything changed and to plan the next step.
    pub(super) rows: Vec<signing_key::SigningKey>,
    pub(super) signing: Vec<Arc<SigningKey>>,
    pub(super) published: Arc<Published>,
}

/// The key of the log: the identity under which its checkpoints are known.
#[derive(Debug)]
pub(super) struct LogKey {
    pub(super) signer: SigningKey,
    pub(super) verifier: VerifierKey,
}

impl Keys {
    /// Parses what is new; a key that `known` holds is not parsed again.
    pub(super) fn of(
        rows: Vec<signing_key::SigningKey>,
        known: &[Arc<SigningKey>],
        sealer: &Sealer,
        issuer: &Issuer,
    ) -> Result<Self, KeyRingError> {
        let answers = || rows.iter().filter(|row| row.purpose == ANSWERS);
        let signing = answers().filter(|row| row.state == KeyState::Active).map(|row| {
            let parsed = known.iter().find(|key| key.key_id() == row.key_id);
            parsed.map_or_else(|| open(row, sealer, issuer).map(Arc::new), |key| Ok(key.clone()))
        });
        let signing = signing.collect::<Result<_, _>>()?;
        let published = answers().filter(|row| row.state != KeyState::Archived);
        let set: JwkSet = published.map(|row| Jwk::parse(&row.public_jwk)).collect::<Result<_, _>>()?;
        let json = serde_json::to_vec(&set).map_err(|_| KeyRingError::Unwritable)?.into();
        Ok(Self { rows, signing, published: Arc::new(Published { set, json }) })
    }

    /// The active key of this algorithm.
    pub(super) fn signer(&self, algorithm: Algorithm) -> Option<&Arc<SigningKey>> {
        self.signing.iter().find(|key| key.algorithm() == algorithm)
    }
}

impl LogKey {
    /// The active key of the log among the rows, if there is one.
    pub(super) fn find(
        rows: &[signing_key::SigningKey],
        sealer: &Sealer,
        issuer: &Issuer,
    ) -> Result<Option<Self>, KeyRingError> {
        let row = rows.iter().find(|row| row.purpose == CHECKPOINTS && row.state == KeyState::Active);
        let Some(row) = row else { return Ok(None) };
        let signer = open(row, sealer, issuer)?;
        let verifier = VerifierKey::from_jwk(Origin::of(issuer).as_str(), &signer.public_jwk())?;
        Ok(Some(Self { signer, verifier }))
    }
}

/// Seals the private part of a key for its row.
pub(super) fn seal(key: &SigningKey, sealer: &Sealer, issuer: &Issuer) -> Result<Vec<u8>, SealError> {
    sealer.seal(key.to_private_jwk().as_bytes(), &place_of(issuer, key.key_id()), &mut SystemEntropy)
}

fn open(row: &signing_key::SigningKey, sealer: &Sealer, issuer: &Issuer) -> Result<SigningKey, KeyRingError> {
    let sealed = row.sealed_private.as_deref().ok_or(SealError)?;
    let private = sealer.open(sealed, &place_of(issuer, &row.key_id))?;
    let text = str::from_utf8(&private).map_err(|_| SealError)?;
    let algorithm = row.algorithm.parse().map_err(|_| KeyRingError::Algorithm)?;
    Ok(SigningKey::from_private_jwk(text, algorithm)?)
}

fn place_of(issuer: &Issuer, key_id: &str) -> Vec<u8> {
    place(issuer, "signing_key", &[key_id])
}
