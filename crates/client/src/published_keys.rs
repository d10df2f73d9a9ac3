use std::sync::Arc;

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
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    keys: Arc<JwkSet>,
    /// No refetch before this.
    rests_until: UnixTime,
}

impl PublishedKeys {
    /// Fetches them for the first time, from the `jwks_uri` of verified metadata.
    ///
    /// # Errors
    /// As [`fetch_keys`].
    pub async fn fetch(http: &HttpClient, url: &str) -> Result<Self, ClientError> {
        let keys = Arc::new(fetch_keys(http, url).await?);
        let known = Mutex::new(Known { keys, rests_until: UnixTime::from_secs(0) });
        Ok(Self { url: url.to_owned(), known })
    }

    /// The keys as they are known.
    pub async fn current(&self) -> Arc<JwkSet> {
        self.known.lock().await.keys.clone()
    }

    /// The keys after another look, if one is due; `None` if nothing newer can be had now. Whoever comes while another
    /// looks waits for what that one finds.
    pub async fn look_again(
        &self,
        http: &HttpClient,
        seen: &Arc<JwkSet>,
        now: UnixTime,
    ) -> Option<Arc<JwkSet>> {
        let mut known = self.known.lock().await;
        if !Arc::ptr_eq(&known.keys, seen) {
            return Some(known.keys.clone());
        }
        if now < known.rests_until {
            return None;
        }
        known.rests_until = now.plus(COOLDOWN);
        match fetch_keys(http, &self.url).await {
            Ok(keys) => known.keys = Arc::new(keys),
            Err(error) => {
                tracing::warn!(%error, "the keys of the issuer cannot be fetched again");
                return None;
            }
        }
        Some(known.keys.clone())
    }
}
