use std::sync::Arc;

use countersign_protocol::parameter::{ClientId, Issuer};
use countersign_protocol::registration::Client;
use countersign_protocol::time::UnixTime;
use countersign_storage::{StorageError, Store};

use crate::clients::Clients;
use crate::evidence::EvidenceKeeper;
use crate::key_ring::KeyRing;
use crate::observe::client_is;
use crate::{Clock, Settings};

/// One issuer at work: its settings, its store, its keys and its clock. Clones share it.
///
/// No state that matters lives here: everything that must survive or be seen by another node is in the store.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Inner>);

struct Inner {
    settings: Settings,
    store: Store,
    clients: Clients,
    keys: KeyRing,
    evidence: EvidenceKeeper,
    clock: Arc<dyn Clock>,
}

impl AuthorizationServer {
    /// Puts the parts together.
    pub fn new(
        settings: Settings,
        store: Store,
        keys: KeyRing,
        evidence: EvidenceKeeper,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let clients = Clients::new(settings.minimum_profile);
        Self(Arc::new(Inner { settings, store, clients, keys, evidence, clock }))
    }

    /// Who this server is.
    pub fn issuer(&self) -> &Issuer {
        &self.0.settings.issuer
    }

    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Where everything is kept.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The keys it signs with.
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// What it remembers for others to verify.
    pub fn evidence(&self) -> &EvidenceKeeper {
        &self.0.evidence
    }

    /// What time it is.
    pub fn now(&self) -> UnixTime {
        self.0.clock.now()
    }

    /// The active client of this name, if there is one; from here on the log names it with the request.
    ///
    /// # Errors
    /// The database failed.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StorageError> {
        let found = self.0.clients.find(&self.0.store, self.issuer(), id).await?;
        if found.is_some() {
            client_is(id);
        }
        Ok(found)
    }
}
