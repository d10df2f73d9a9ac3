use std::sync::Arc;

use countersign_jose::{SystemEntropy, Thumbprint};
use countersign_protocol::parameter::{InteractionId, RequestReference, TransactionId};
use countersign_protocol::reason::Reason;
use countersign_protocol::registration::Client;
use countersign_protocol::rejection::{Rejection, ReturnAddress};
use countersign_protocol::replay::ReplayKey;
use countersign_protocol::request::{AuthorizationRequest, RawParameters};
use countersign_protocol::server::{self, Reference};
use countersign_storage::{Digest, pushed_request, replay};

use super::Stop;
use super::browser::Browser;
use crate::AuthorizationServer;
use crate::refusal::Fault;

/// A request that holds, and how it will be made single use.
pub(super) struct Resolved {
    /// Who asks.
    pub(super) client: Arc<Client>,
    /// What is asked.
    pub(super) request: AuthorizationRequest,
    /// The flow it belongs to.
    pub(super) transaction: TransactionId,
    /// The interaction this browser has about it.
    pub(super) interaction: InteractionId,
    /// The pushed reference, to be consumed with the answer (PAR-10).
    pub(super) pushed: Option<Digest>,
    /// The identifier of an object by value, to be spent with the answer (JAR-105).
    pub(super) replay: Option<ReplayKey>,
}

/// A request that does not hold, but whose sender can be told in the way it asked for.
pub(super) struct Refused {
    pub(super) client: Arc<Client>,
    pub(super) address: ReturnAddress,
    pub(super) reason: Reason,
    /// The request object, which held although what it asks for does not; for evidence.
    pub(super) presented: Option<SignedObject>,
}

/// A request object with the key that signed it, to be spent with the answer.
pub(super) struct SignedObject {
    pub(super) object: String,
    pub(super) key: Thumbprint,
    pub(super) replay: ReplayKey,
}

/// Why there is nothing to interact about.
pub(super) enum Unanswerable {
    /// A page, and no redirect.
    Stop(Stop),
    /// An error for the client, through the one encoder.
    Refused(Box<Refused>),
}

impl<T: Into<Stop>> From<T> for Unanswerable {
    fn from(stop: T) -> Self {
        Self::Stop(stop.into())
    }
}

/// Finds the client and its request: pushed, by value, or plain; verified and validated (JAR-41..61).
///
/// # Errors
/// A page until client, redirect URI and response mode are established; an error answer after.
pub(super) async fn resolve(
    server: &AuthorizationServer,
    raw: &RawParameters,
    browser: &Browser,
) -> Result<Resolved, Unanswerable> {
    let id = server::named_client(raw)?;
    let client = server.client(&id).await?.ok_or(Reason::ClientUnknown)?;
    match server::resolve(raw, &client)? {
        Reference::Pushed(reference) => pushed(server, client, &reference, browser).await,
        Reference::ByValue(object) => by_value(server, client, object, browser).await,
        Reference::Plain => plain(server, client, raw),
    }
}

/// PAR-08, PAR-10, PAR-13: bound to the client that pushed it, and still allowed.
async fn pushed(
    server: &AuthorizationServer,
    client: Arc<Client>,
    reference: &RequestReference,
    browser: &Browser,
) -> Result<Resolved, Unanswerable> {
    let hash = Digest::from(reference.hash());
    let found =
        pushed_request::find(server.store(), server.issuer(), client.id(), hash, server.now()).await?;
    let row = found.ok_or(Reason::RequestUriUnknown)?;
    let request: AuthorizationRequest = serde_json::from_slice(&row.request)
        .map_err(|_| Fault::Internal("a stored request does not read"))?;
    ReturnAddress::of(&request, &client)?;
    let interaction = InteractionId::derive(browser.key(), hash.as_bytes());
    let transaction = row.transaction_id;
    Ok(Resolved { client, request, transaction, interaction, pushed: Some(hash), replay: None })
}

/// JAR-58: verified each time it is loaded, spent when it is answered.
async fn by_value(
    server: &AuthorizationServer,
    client: Arc<Client>,
    object: &str,
    browser: &Browser,
) -> Result<Resolved, Unanswerable> {
    let now = server.now();
    let (verified, spends) = server::verify_by_value(object, &client, server.issuer(), now)?.into_parts();
    let replay = spends.keys().first().cloned().ok_or(Fault::Internal("an object without identifier"))?;
    if replay::is_spent(server.store(), server.issuer(), &replay, now).await? {
        return Err(Reason::RequestObjectReplayed.into());
    }
    let (key, algorithm) = (verified.key(), verified.algorithm());
    server.evidence().client_key(&client, key, algorithm, now).await?;
    let request = server::validate_signed(verified, &client, now).map_err(|rejection| {
        let signed = SignedObject { object: object.to_owned(), key, replay: replay.clone() };
        refused(rejection, &client, Some(signed))
    })?;
    let presented = [client.id().as_str().as_bytes(), b"\n", &replay.digest].concat();
    let interaction = InteractionId::derive(browser.key(), &presented);
    let transaction = TransactionId::generate(now, &mut SystemEntropy);
    Ok(Resolved { client, request, transaction, interaction, pushed: None, replay: Some(replay) })
}

fn plain(
    server: &AuthorizationServer,
    client: Arc<Client>,
    raw: &RawParameters,
) -> Result<Resolved, Unanswerable> {
    let request = server::validate_plain(raw, &client, server.now())
        .map_err(|rejection| refused(rejection, &client, None))?;
    let interaction = InteractionId::generate(&mut SystemEntropy);
    let transaction = TransactionId::generate(server.now(), &mut SystemEntropy);
    Ok(Resolved { client, request, transaction, interaction, pushed: None, replay: None })
}

fn refused(rejection: Rejection, client: &Arc<Client>, presented: Option<SignedObject>) -> Unanswerable {
    match rejection {
        Rejection::Page(reason) => Unanswerable::Stop(Stop(reason)),
        Rejection::Return(address, reason) => {
            Unanswerable::Refused(Box::new(Refused { client: client.clone(), address, reason, presented }))
        }
    }
}
