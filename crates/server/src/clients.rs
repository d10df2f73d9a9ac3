use std::sync::Arc;

use countersign_protocol::metadata::ClientMetadata;
use countersign_protocol::parameter::{ClientId, Issuer};
use countersign_protocol::policy::ProfileName;
use countersign_protocol::registration::Client;
use countersign_storage::{StorageError, Store, client};
use quick_cache::sync::Cache;

/// The registered clients: read from the store each time, parsed once a revision.
///
/// The row is asked for at every use, so that a client disabled on any node is refused at once (PAR-13); its keys
/// are parsed only when the row changed.
pub(crate) struct Clients {
    parsed: Cache<ClientId, (u64, Arc<Client>)>,
    floor: ProfileName,
}

impl Clients {
    /// Room for the clients in use; the others are parsed again when they come. None counts whose profile is weaker
    /// than `floor`: the metadata says that everybody must do what that demands (META-05).
    pub(crate) fn new(floor: ProfileName) -> Self {
        Self { parsed: Cache::new(10_000), floor }
    }

    /// The active client of this name, if there is one.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn find(
        &self,
        store: &Store,
        issuer: &Issuer,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, StorageError> {
        let Some(row) = client::find(store, issuer, id).await? else { return Ok(None) };
        if row.disabled_at.is_some() {
            return Ok(None);
        }
        match self.parsed.get(id) {
            Some((revision, parsed)) if revision == row.revision => Ok(Some(parsed)),
            _ => Ok(self.parse(&row)),
        }
    }

    /// A stored registration that does not hold any more, under stricter rules perhaps, is no client.
    fn parse(&self, row: &client::Client) -> Option<Arc<Client>> {
        let metadata: ClientMetadata = serde_json::from_str(&row.metadata).ok()?;
        if !metadata.profile.is_at_least(self.floor) {
            tracing::warn!(client_id = %row.client_id, "a stored client is below the minimum profile");
            return None;
        }
        match Client::register(metadata) {
            Ok(parsed) => {
                let parsed = Arc::new(parsed);
                self.parsed.insert(row.client_id.clone(), (row.revision, parsed.clone()));
                Some(parsed)
            }
            Err(error) => {
                tracing::warn!(client_id = %row.client_id, %error, "a stored client does not hold");
                None
            }
        }
    }
}
