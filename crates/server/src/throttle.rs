//! Guessing passwords costs time: attempts are counted, per account and per address, before they are judged, and taken
//! back when they turn out to be right (ATK-DOS-11). The counts are in the store, so that all nodes share them.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use countersign_jose::sha256;
use countersign_storage::throttle::Attempts;
use countersign_storage::{StorageError, Unit, throttle};

use crate::AuthorizationServer;
use crate::listen::{Peer, network};
use crate::refusal::Fault;

/// Seconds in which attempts are counted together.
const WINDOW: u64 = 15 * 60;

/// Wrong passwords for one account from one address.
const PAIR: u64 = 10;

/// Wrong passwords for one account from anywhere. Once there are so many, an address may be wrong about this account
/// once: however many strangers guess, a person at an address of their own is not locked out.
const ACCOUNT: u64 = 50;

/// Wrong passwords for any account from one address.
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

/// Counts an attempt to log in and says whether it may be judged. What an address has used up does not count against
/// the account any more, nor what a pair has used up against the address: nobody is delayed by guesses that nobody
/// heard the answer to.
///
/// # Errors
/// The count could not be kept; the attempt must then not be judged.
pub(crate) async fn admit(
    server: &AuthorizationServer,
    username: &str,
    address: ClientAddress,
) -> Result<Result<(), Throttled>, Fault> {
    let username = username.to_lowercase();
    let pair = count(server, pair_bucket(&username, address)).await?;
    if pair.count > PAIR {
        return Ok(Err(wait_for(server, pair)));
    }
    let from_address = count(server, address_bucket(address)).await?;
    if from_address.count > ADDRESS {
        return Ok(Err(wait_for(server, from_address)));
    }
    let account = count(server, account_bucket(&username)).await?;
    let first_from_there = pair.count <= 1;
    if account.count > ACCOUNT && !first_from_there {
        return Ok(Err(wait_for(server, account)));
    }
    Ok(Ok(()))
}

/// Takes an admitted attempt back, after the right password, and forgets what this address got wrong about this
/// account.
///
/// Of the wider counts only this attempt goes: otherwise an attacker would clear them by logging in to an account of
/// their own.
///
/// # Errors
/// The database failed.
pub(crate) async fn forgive(
    server: &AuthorizationServer,
    username: &str,
    address: ClientAddress,
) -> Result<(), Fault> {
    let (username, issuer, now) = (username.to_lowercase(), server.issuer(), server.now());
    let outcome = Unit::from(throttle::forget(issuer, pair_bucket(&username, address)))
        .then(throttle::uncount(issuer, address_bucket(address), now))
        .then(throttle::uncount(issuer, account_bucket(&username), now))
        .commit(server.store())
        .await?;
    tracing::trace!(committed = outcome.is_committed(), "an attempt taken back");
    Ok(())
}

async fn count(server: &AuthorizationServer, bucket: [u8; 32]) -> Result<Attempts, StorageError> {
    throttle::count(server.store(), server.issuer(), bucket, WINDOW, server.now()).await
}

fn wait_for(server: &AuthorizationServer, attempts: Attempts) -> Throttled {
    let wait_seconds = attempts.window_ends.as_secs().saturating_sub(server.now().as_secs()).max(1);
    Throttled { wait_seconds }
}

fn account_bucket(username: &str) -> [u8; 32] {
    bucket(&["account", username])
}

fn address_bucket(address: ClientAddress) -> [u8; 32] {
    bucket(&["address", &address.to_string()])
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
        Self(network(address))
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
    use std::path::Path;
    use std::sync::Arc;

    use countersign_jose::Algorithm;
    use countersign_jose::seal::Sealer;
    use countersign_protocol::parameter::Issuer;
    use countersign_protocol::time::UnixTime;
    use countersign_storage::Store;
    use zeroize::Zeroizing;

    use super::*;
    use crate::{Clock, EvidenceKeeper, KeyRing, Settings};

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

    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> UnixTime {
            UnixTime::from_secs(1_800_000_000)
        }
    }

    /// A server on a database in `folder`, and the clock that it reads stands still.
    async fn server(folder: &Path) -> AuthorizationServer {
        let issuer: Issuer = "https://as.example".parse().unwrap();
        let path = folder.join("store.sqlite");
        let store = Store::open(countersign_storage::Settings::Sqlite { path }).await.unwrap();
        let mut settings = Settings::new(issuer.clone());
        settings.signing_algorithms = vec![Algorithm::ES256];
        let sealer = Sealer::new(Zeroizing::new([7; 32]));
        let opened = KeyRing::open(store.clone(), issuer.clone(), sealer.clone(), &settings, Standing.now());
        let keys = opened.await.unwrap();
        let evidence = EvidenceKeeper::new(store.clone(), issuer, sealer);
        AuthorizationServer::new(settings, store, keys, evidence, Arc::new(Standing))
    }

    async fn attempts(server: &AuthorizationServer, count: u64, username: &str, from: &str) -> u64 {
        let mut admitted = 0;
        for _ in 0..count {
            match admit(server, username, address(from)).await.unwrap() {
                Ok(()) => admitted += 1,
                Err(throttled) => assert_eq!(throttled.wait_seconds, WINDOW),
            }
        }
        admitted
    }

    #[tokio::test]
    async fn atk_dos_11_guessing_at_one_account_is_throttled() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(folder.path()).await;
        assert_eq!(attempts(&server, 12, "alice", "192.0.2.1").await, PAIR);
        assert_eq!(attempts(&server, 1, "ALICE", "192.0.2.1").await, 0, "no other account");
        assert_eq!(
            attempts(&server, 1, "alice", "192.0.2.2").await,
            1,
            "the person elsewhere is not locked out"
        );
        forgive(&server, "alice", address("192.0.2.1")).await.unwrap();
        assert_eq!(attempts(&server, 1, "alice", "192.0.2.1").await, 1, "forgiven");
    }

    #[tokio::test]
    async fn atk_dos_11_guessing_from_many_addresses_is_throttled() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(folder.path()).await;
        let mut admitted = 0;
        for host in 0..12 {
            admitted += attempts(&server, 5, "alice", &format!("192.0.2.{host}")).await;
        }
        assert_eq!(admitted, ACCOUNT + 2, "then once from each address");
    }

    #[tokio::test]
    async fn atk_dos_11_guesses_from_many_addresses_lock_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(folder.path()).await;
        for host in 0..5 {
            assert_eq!(attempts(&server, 20, "alice", &format!("192.0.2.{host}")).await, PAIR);
        }
        assert_eq!(attempts(&server, 1, "alice", "192.0.2.0").await, 0, "the strangers are");
        for _ in 0..3 {
            assert_eq!(attempts(&server, 1, "alice", "198.51.100.1").await, 1, "the person is not");
            forgive(&server, "alice", address("198.51.100.1")).await.unwrap();
        }
    }

    #[tokio::test]
    async fn atk_dos_11_guessing_at_many_accounts_is_throttled() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(folder.path()).await;
        let mut guesses = 0;
        for name in 0..30 {
            guesses += attempts(&server, 5, &format!("user{name}"), "2001:db8::1").await;
            if attempts(&server, 1, "mallory", "2001:db8::1").await == 1 {
                forgive(&server, "mallory", address("2001:db8::1")).await.unwrap();
            }
        }
        assert_eq!(guesses, ADDRESS, "however often they logged in to an account of their own in between");
    }

    #[tokio::test]
    async fn atk_dos_11_who_is_right_is_never_throttled() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(folder.path()).await;
        for time in 0..200 {
            assert_eq!(attempts(&server, 1, "alice", "192.0.2.1").await, 1, "login {time}");
            forgive(&server, "alice", address("192.0.2.1")).await.unwrap();
        }
        assert_eq!(attempts(&server, 20, "alice", "192.0.2.1").await, PAIR, "and wrong ones count as ever");
    }

    #[test]
    fn atk_dos_11_no_user_name_reaches_another_bucket() {
        let here = address("192.0.2.1");
        assert_ne!(pair_bucket("a", here), bucket(&["account", "192.0.2.1:a"]));
        assert_ne!(pair_bucket("a:b", here), pair_bucket("b", here));
        assert_ne!(bucket(&["account", "x"]), bucket(&["address", "x"]));
    }
}
