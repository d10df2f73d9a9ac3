use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one host has for itself: an IPv4 address, or the /64 network of an IPv6 address.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & (u128::MAX << 64)).into(),
    }
}

/// How many connections each network holds, so that none of them takes every place (ATK-DOS-10).
#[derive(Clone)]
pub(super) struct Peers {
    most: usize,
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// One connection among those of its network, until it is dropped.
pub(super) struct Held {
    peers: Peers,
    network: IpAddr,
}

impl Peers {
    /// At most so many connections for each.
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: Arc::default() }
    }

    /// A further connection from this address, or nothing if its network holds as many as it may.
    pub(super) fn hold(&self, address: IpAddr) -> Option<Held> {
        let network = network(address);
        let mut held = self.held();
        let count = held.entry(network).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Held { peers: self.clone(), network })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.peers.held();
        if let Some(count) = held.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn atk_dos_10_a_network_holds_so_many_and_forgets_them() {
        let peers = Peers::new(2);
        let first = peers.hold(address("2001:db8::1"));
        let second = peers.hold(address("2001:db8::2"));
        assert!(first.is_some() && second.is_some());
        assert!(peers.hold(address("2001:db8::3")).is_none(), "the same /64");
        let others = [peers.hold(address("2001:db8:0:1::1")), peers.hold(address("192.0.2.1"))];
        assert!(others.iter().all(Option::is_some));
        drop(first);
        assert!(peers.hold(address("2001:db8::3")).is_some(), "a place was given back");
        drop((second, others));
        assert!(peers.held().is_empty(), "nothing is kept of those who left");
    }

    #[test]
    fn atk_dos_10_an_ipv4_address_counts_once_however_it_is_written() {
        let peers = Peers::new(1);
        let _held = peers.hold(address("192.0.2.1")).unwrap();
        assert!(peers.hold(address("::ffff:192.0.2.1")).is_none());
    }
}
