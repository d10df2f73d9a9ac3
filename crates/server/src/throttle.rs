//! temp
use crate::AuthorizationServer;
use crate::refusal::Fault;
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress;
impl<S: Send + Sync> axum::extract::FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(_: &mut axum::http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}
pub(crate) struct Throttled {
    pub(crate) wait_seconds: u64,
}
pub(crate) async fn admit(
    _: &AuthorizationServer,
    _: &str,
    _: ClientAddress,
) -> Result<Result<(), Throttled>, Fault> {
    Ok(Ok(()))
}
pub(crate) async fn forgive(_: &AuthorizationServer, _: &str, _: ClientAddress) -> Result<(), Fault> {
    Ok(())
}
