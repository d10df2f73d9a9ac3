//! Guessing passwords costs time: attempts are counted, per account and per address, before they are judged
//! (ATK-DOS-11). The counts are in the store, so that all nodes share them.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use countersign_jose::sha256;
use countersign_storage::{StorageError, throttle};
use tokio::try_join;

use crate::AuthorizationServer;
use crate::listen::Peer;
use crate::refusal::Fault;

/// Seconds in which attempts are counted together.
const WINDOW: u64 = 15 * 60;

/// Attempts at one account from one address.
const PAIR: u64 = 10;

/// Attempts at one account from anywhere. Above [`PAIR`], so that a stranger alone cannot lock a person out.
const ACCOUNT: u64 = 50;

/// Attempts at any account from one address.
const ADDRESS: u64 = 100;

/// Where an attempt comes from: an IPv4 address, or the /64 network of an IPv6 address, which one host has for itself.
///
/// Taken from the connection; no header has a say in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ClientAddress(IpAddr);

/// Too many attempts: nothing was judged. Says the same of accounts that exist and of those that do not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Throttled {
    /// Seconds after which an attempt will be judged again.
    pub(crate) wait_seconds: u64,
}

/// Counts an attempt to log in and says whether it may be judged.
///
/// # Errors
/// The count could not be kept; the attempt must then not be judged.
pub(crate) async fn admit(
    server: &AuthorizationServer,
    username: &str,
    address: ClientAddress,
) -> Result<Result<(), Throttled>, Fault> {
    let username = username.to_lowercase();
    let (pair, account, address) = try_join!(
        exceeded(server, pair_bucket(&username, address), PAIR),
        exceeded(server, bucket(&["account", &username]), ACCOUNT),
        exceeded(server, bucket(&["address", &address.to_string()]), ADDRESS),
    )?;
    Ok(match [pair, account, address].into_iter().flatten().max() {
        None => Ok(()),
        Some(wait_seconds) => Err(Throttled { wait_seconds }),
    })
}

/// Forgets the attempts at this account from this address, after the right password.
///
/// The wider counts stay: otherwise an attacker would clear them by logging in to an account of their own.
///
/// # Errors
/// The database failed.
pub(crate) async fn forgive(
    server: &AuthorizationServer,
    username: &str,
    address: ClientAddress,
) -> Result<(), Fault> {
    let bucket = pair_bucket(&username.to_lowercase(), address);
    let outcome = throttle::forget(server.issuer(), bucket).commit(server.store()).await?;
    tracing::trace!(committed = outcome.is_committed(), "attempts forgotten");
    Ok(())
}

/// Counts in one bucket; gives the seconds to wait if it is over its limit.
async fn exceeded(
    server: &AuthorizationServer,
    bucket: [u8; 32],
    limit: u64,
) -> Result<Option<u64>, StorageError> {
    let now = server.now();
    let attempts = throttle::count(server.store(), server.issuer(), bucket, WINDOW, now).await?;
    let wait = attempts.window_ends.as_secs().saturating_sub(now.as_secs()).max(1);
    Ok((attempts.count > limit).then_some(wait))
}

fn pair_bucket(username: &str, address: ClientAddress) -> [u8; 32] {
    bucket(&["pair", &address.to_string(), username])
}

/// The user name comes last: it alone is free text, and could otherwise spell out another bucket.
fn bucket(parts: &[&str]) -> [u8; 32] {
    sha256(format!("login:{}", parts.join(":")).as_bytes())
}

impl ClientAddress {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => {
                let network = u128::from(address) & (u128::MAX << 64);
                Self(Ipv6Addr::from(network).into())
            }
        }
    }
}

impl std::fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A request that came through no listener of ours shares one address with all of its kind.
impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map(|Peer(address)| address.ip());
        Ok(Self::of(peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> ClientAddress {
        ClientAddress::of(text.parse().unwrap())
    }

    #[test]
    fn atk_dos_11_one_host_is_one_address() {
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }

    #[test]
    fn atk_dos_11_no_user_name_reaches_another_bucket() {
        let here = address("192.0.2.1");
        assert_ne!(pair_bucket("a", here), bucket(&["account", "192.0.2.1:a"]));
        assert_ne!(pair_bucket("a:b", here), pair_bucket("b", here));
        assert_ne!(bucket(&["account", "x"]), bucket(&["address", "x"]));
    }
}
