use std::sync::{Arc, PoisonError, RwLock};

use countersign_jose::JwkSet;
use countersign_protocol::time::UnixTime;
use tokio::sync::Mutex;

use crate::{ClientError, HttpClient, fetch_keys};

/// Seconds between two fetches that unknown key ids ask for (JARM-63).
const COOLDOWN: u64 = 30;

/// The keys of one issuer: fetched once, and again when a message names a key that is not among them.
///
/// Anybody can invent key ids, so asking again happens at most once for a message and once in thirty seconds.
#[derive(Debug)]
pub struct PublishedKeys {
    url: String,
    known: RwLock<Arc<JwkSet>>,
    /// Before this moment nobody looks again; held by the one who looks.
    rests_until: Mutex<UnixTime>,
}

impl PublishedKeys {
    /// Fetches them for the first time, from the `jwks_uri` of verified metadata.
    ///
    /// # Errors
    /// As [`fetch_keys`].
    pub async fn fetch(http: &HttpClient, url: &str) -> Result<Self, ClientError> {
        let keys = fetch_keys(http, url).await?;
        let (known, rests_until) = (RwLock::new(Arc::new(keys)), Mutex::new(UnixTime::from_secs(0)));
        Ok(Self { url: url.to_owned(), known, rests_until })
    }

    /// The keys as they are known; at once, also while somebody looks again.
    pub fn current(&self) -> Arc<JwkSet> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys after another look, by a message that none of `seen` fits; `None` if nothing newer can be had now.
    /// Whoever comes while another looks waits for what that one finds.
    pub async fn look_again(
        &self,
        http: &HttpClient,
        seen: &Arc<JwkSet>,
        now: UnixTime,
    ) -> Option<Arc<JwkSet>> {
        let mut rests_until = self.rests_until.lock().await;
        let known = self.current();
        if !Arc::ptr_eq(&known, seen) {
            return Some(known);
        }
        if now < *rests_until {
            return None;
        }
        *rests_until = now.plus(COOLDOWN);
        let fetched = fetch_keys(http, &self.url).await;
        let told =
            |error: &ClientError| tracing::warn!(%error, "the keys of the issuer cannot be fetched again");
        let keys = Arc::new(fetched.inspect_err(told).ok()?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = keys.clone();
        Some(keys)
    }
}
