use std::sync::Arc;

use arc_swap::ArcSwap;
use countersign_evidence::key_archive::{ArchivedKey, KeyEvent, KeyOwner, KeyPurpose, ThumbprintMembers};
use countersign_evidence::note::{NoteError, VerifierKey};
use countersign_evidence::record::LeafError;
use countersign_jose::seal::{SealError, Sealer};
use countersign_jose::{Algorithm, Jwk, KeyError, Signer, SigningKey};
use countersign_protocol::parameter::Issuer;
use countersign_protocol::time::UnixTime;
use countersign_storage::signing_key::{self, KeyState};
use countersign_storage::{Outcome, StorageError, Store, Unit, evidence_key};
use futures_util::future::try_join_all;
use tokio::sync::Mutex;

use super::keys::{ANSWERS, CHECKPOINTS, Keys, LogKey, Published, seal};
use super::plan::{Step, due, in_state, published_before, takes_over};
use crate::evidence::new_record_id;
use crate::refusal::Fault;
use crate::{Lifetimes, Settings};

/// The keys of one issuer. Looking one up costs no lock.
pub struct KeyRing {
    issuer: Issuer,
    store: Store,
    sealer: Sealer,
    algorithms: Vec<Algorithm>,
    lifetimes: Lifetimes,
    log: LogKey,
    current: ArcSwap<Keys>,
    maintenance: Mutex<()>,
}

/// Why keys could not be loaded, made or rotated.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The database failed.
    #[error("storage: {0}")]
    Storage(#[from] StorageError),
    /// A key cannot be opened: another master key than it was sealed under, or damage.
    #[error("a signing key does not open; is this the master key it was sealed under? {0}")]
    Seal(#[from] SealError),
    /// A key is none.
    #[error("a signing key: {0}")]
    Key(#[from] KeyError),
    /// A key names an algorithm that this program does not know.
    #[error("a signing key has an algorithm that this program does not know")]
    Algorithm,
    /// The log key cannot sign notes.
    #[error("the key of the log: {0}")]
    Log(#[from] NoteError),
    /// A key cannot be archived.
    #[error("evidence of a key: {0}")]
    Evidence(#[from] LeafError),
    /// The key set does not serialize.
    #[error("the key set cannot be written")]
    Unwritable,
    /// The thread that makes keys was stopped.
    #[error("no key was made: the program is stopping")]
    Stopping,
    /// The database neither has the keys nor lets them be made.
    #[error("the keys of this issuer could not be made")]
    NotMade,
}

/// What a rotation did for one algorithm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// Which series.
    pub algorithm: Algorithm,
    /// The key that takes over.
    pub key_id: String,
    /// When it does. Until then it is published, so that nobody meets an unknown key (JWKS-03).
    pub signs_from: UnixTime,
}

impl KeyRing {
    /// Loads the keys of `issuer`; what is missing is made: one key for each algorithm of the settings, and the log's.
    ///
    /// # Errors
    /// [`KeyRingError`]; without its keys a server does not start.
    pub async fn open(
        store: Store,
        issuer: Issuer,
        sealer: Sealer,
        settings: &Settings,
        now: UnixTime,
    ) -> Result<Self, KeyRingError> {
        let maker = Maker { issuer: &issuer, store: &store, sealer: &sealer };
        let log = maker.log_key(now).await?;
        // At once: the first start waits for the slowest key, not for all of them.
        try_join_all(settings.signing_algorithms.iter().map(|algorithm| maker.begin(*algorithm, now)))
            .await?;
        let rows = signing_key::list(&store, &issuer).await?;
        let keys = Keys::of(rows, &[], &sealer, &issuer)?;
        let (algorithms, lifetimes) = (settings.signing_algorithms.clone(), settings.lifetimes);
        let (current, maintenance) = (ArcSwap::from_pointee(keys), Mutex::default());
        Ok(Self { issuer, store, sealer, algorithms, lifetimes, log, current, maintenance })
    }

    /// The key that signs with this algorithm now.
    ///
    /// # Errors
    /// The operator configured none.
    pub(crate) fn signer(&self, algorithm: Algorithm) -> Result<Arc<SigningKey>, Fault> {
        let keys = self.current.load();
        keys.signer(algorithm)
            .cloned()
            .ok_or(Fault::Internal("no signing key of the algorithm a client registered"))
    }

    /// The key set as published: keys about to sign, that sign, and that signed what can still live.
    pub fn published(&self) -> Arc<Published> {
        self.current.load().published.clone()
    }

    /// The key that checkpoints of the log are verified with. It stays the same: it is the log's identity.
    pub fn log_key(&self) -> &VerifierKey {
        &self.log.verifier
    }

    /// The private half of [`KeyRing::log_key`].
    pub(crate) fn log_signer(&self) -> &SigningKey {
        &self.log.signer
    }

    /// Does what is due by age and takes up what others did; to be called every few seconds.
    ///
    /// # Errors
    /// [`KeyRingError`]; the keys at hand stay in use.
    pub async fn maintain(&self, now: UnixTime) -> Result<(), KeyRingError> {
        let _turn = self.maintenance.lock().await;
        let rows = signing_key::list(&self.store, &self.issuer).await?;
        let steps = due(&rows, &self.algorithms, &self.lifetimes, now);
        for step in &steps {
            self.take(step, &rows, now).await?;
        }
        if steps.is_empty() { self.take_up(rows) } else { self.reload().await }
    }

    /// Rotates the series of one algorithm, or all. A key that is not published yet is published now and takes over
    /// once no cache lacks it; one that has been takes over at once.
    ///
    /// # Errors
    /// [`KeyRingError`]
    pub async fn rotate(
        &self,
        algorithm: Option<Algorithm>,
        now: UnixTime,
    ) -> Result<Vec<Rotation>, KeyRingError> {
        let _turn = self.maintenance.lock().await;
        let mut rotations = Vec::new();
        let wanted = self.algorithms.iter().filter(|own| algorithm.is_none_or(|only| only == **own));
        for algorithm in wanted.copied() {
            rotations.extend(self.rotate_series(algorithm, now).await?);
        }
        self.reload().await?;
        Ok(rotations)
    }

    async fn rotate_series(
        &self,
        algorithm: Algorithm,
        now: UnixTime,
    ) -> Result<Option<Rotation>, KeyRingError> {
        let mut rows = signing_key::list(&self.store, &self.issuer).await?;
        if in_state(&rows, algorithm, KeyState::Prepublished).is_none() {
            self.take(&Step::Prepublish(algorithm), &rows, now).await?;
            rows = signing_key::list(&self.store, &self.issuer).await?;
        }
        let Some(next) = in_state(&rows, algorithm, KeyState::Prepublished) else { return Ok(None) };
        let signs_from = takes_over(next).max(now);
        let active = in_state(&rows, algorithm, KeyState::Active);
        if let Some(active) = active.filter(|_| signs_from == now) {
            let step = Step::Promote { retire: active.key_id.clone(), promote: next.key_id.clone() };
            self.take(&step, &rows, now).await?;
        }
        Ok(Some(Rotation { algorithm, key_id: next.key_id.clone(), signs_from }))
    }

    /// One step. If it is refused, another node took it, and the next reading shows that.
    async fn take(
        &self,
        step: &Step,
        rows: &[signing_key::SigningKey],
        now: UnixTime,
    ) -> Result<(), KeyRingError> {
        let maker = Maker { issuer: &self.issuer, store: &self.store, sealer: &self.sealer };
        match step {
            Step::Begin(algorithm) => maker.begin(*algorithm, now).await,
            Step::Prepublish(algorithm) => maker.make(ANSWERS, *algorithm, KeyState::Prepublished, now).await,
            Step::Promote { retire, promote } => {
                let unit = Unit::new()
                    .then(signing_key::retire(&self.issuer, retire, now))
                    .then(signing_key::promote(&self.issuer, promote, published_before(now), now));
                log_outcome("a signing key takes over", promote, &unit.commit(&self.store).await?);
                Ok(())
            }
            Step::Archive(key_id) => {
                let row = rows.iter().find(|row| row.key_id == *key_id).ok_or(KeyRingError::NotMade)?;
                maker.archive(row, now).await
            }
        }
    }

    async fn reload(&self) -> Result<(), KeyRingError> {
        self.take_up(signing_key::list(&self.store, &self.issuer).await?)
    }

    fn take_up(&self, rows: Vec<signing_key::SigningKey>) -> Result<(), KeyRingError> {
        let current = self.current.load();
        if current.rows != rows {
            let keys = Keys::of(rows, &current.signing, &self.sealer, &self.issuer)?;
            self.current.store(Arc::new(keys));
        }
        Ok(())
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing")
            .field("issuer", &self.issuer)
            .field("log_key", self.log_key())
            .finish_non_exhaustive()
    }
}

/// Makes keys: seals, stores and archives them in one unit.
struct Maker<'a> {
    issuer: &'a Issuer,
    store: &'a Store,
    sealer: &'a Sealer,
}

impl Maker<'_> {
    /// The key of the log, made if there is none.
    async fn log_key(&self, now: UnixTime) -> Result<LogKey, KeyRingError> {
        let rows = signing_key::list(self.store, self.issuer).await?;
        if let Some(key) = LogKey::find(&rows, self.sealer, self.issuer)? {
            return Ok(key);
        }
        self.make(CHECKPOINTS, Algorithm::EdDSA, KeyState::Active, now).await?;
        let rows = signing_key::list(self.store, self.issuer).await?;
        LogKey::find(&rows, self.sealer, self.issuer)?.ok_or(KeyRingError::NotMade)
    }

    /// Makes the first key of a series, which signs at once; nothing happens where one signs already.
    async fn begin(&self, algorithm: Algorithm, now: UnixTime) -> Result<(), KeyRingError> {
        let rows = signing_key::list(self.store, self.issuer).await?;
        if in_state(&rows, algorithm, KeyState::Active).is_none() {
            self.make(ANSWERS, algorithm, KeyState::Active, now).await?;
        }
        Ok(())
    }

    async fn make(
        &self,
        purpose: &str,
        algorithm: Algorithm,
        state: KeyState,
        now: UnixTime,
    ) -> Result<(), KeyRingError> {
        // An RSA key takes a tenth of a second or more.
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
        let key = made.map_err(|_| KeyRingError::Stopping)??;
        let public = key.public_jwk();
        let row = signing_key::SigningKey {
            key_id: key.key_id().to_owned(),
            purpose: purpose.to_owned(),
            algorithm: algorithm.to_string(),
            state,
            public_jwk: serde_json::to_string(&public).map_err(|_| KeyRingError::Unwritable)?,
            sealed_private: Some(seal(&key, self.sealer, self.issuer)?),
            created_at: now,
            activated_at: (state == KeyState::Active).then_some(now),
            retired_at: None,
            archived_at: None,
        };
        let leaf = self.leaf(KeyEvent::Published, &row, &public, now)?;
        let archived = evidence_key::archive(self.issuer, new_record_id(now), &leaf)?;
        let unit = archived.then(signing_key::add(self.issuer, &row));
        log_outcome("a signing key was made", &row.key_id, &unit.commit(self.store).await?);
        Ok(())
    }

    async fn archive(&self, row: &signing_key::SigningKey, now: UnixTime) -> Result<(), KeyRingError> {
        let public = Jwk::parse(&row.public_jwk)?;
        let leaf = self.leaf(KeyEvent::Retired, row, &public, now)?;
        let archived = evidence_key::archive(self.issuer, new_record_id(now), &leaf)?;
        let unit = archived.then(signing_key::archive(self.issuer, &row.key_id, now));
        log_outcome("a signing key was archived", &row.key_id, &unit.commit(self.store).await?);
        Ok(())
    }

    /// A key counts from the moment it is published until it no longer is, so that what a node signs with it in the
    /// seconds before it hears of a rotation counts too.
    fn leaf(
        &self,
        event: KeyEvent,
        row: &signing_key::SigningKey,
        public: &Jwk,
        now: UnixTime,
    ) -> Result<ArchivedKey, KeyRingError> {
        Ok(ArchivedKey {
            issuer: self.issuer.clone(),
            event,
            at: now,
            owner: KeyOwner::Issuer(self.issuer.clone()),
            purpose: if row.purpose == CHECKPOINTS { KeyPurpose::Log } else { KeyPurpose::Signing },
            algorithm: row.algorithm.parse().map_err(|_| KeyRingError::Algorithm)?,
            valid_from: row.created_at,
            valid_to: (event == KeyEvent::Retired).then_some(now),
            jwk: ThumbprintMembers::of(public)?,
        })
    }
}

fn log_outcome(what: &'static str, key_id: &str, outcome: &Outcome) {
    match outcome {
        Outcome::Committed(_) => tracing::info!(key_id, "{what}"),
        Outcome::Refused(statement) => tracing::info!(key_id, statement, "another node was first"),
    }
}
