//! Which connections are accepted while few places are left: not those of the address that has most of them already.

use super::ServerLimits;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Of all places, one in so many is kept for addresses that hold hardly any: for probes above all.
const ONE_KEPT_IN: usize = 16;
/// So many of the places that are kept an address may hold.
const FEW: usize = 4;

#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    kept: usize,
    of_one_address_max: Option<usize>,
    held: Held,
}

/// How many places each address holds.
type Held = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    address: IpAddr,
    held: Held,
}

impl Places {
    pub fn new(limits: &ServerLimits) -> Self {
        let ServerLimits { connections_max, of_one_address_max, .. } = *limits;
        let kept = connections_max / ONE_KEPT_IN;
        Self { free: Arc::new(Semaphore::new(connections_max)), kept, of_one_address_max, held: Held::default() }
    }

    /// Waits until a place is free.
    pub async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// None when this address has as many places as it may.
    pub fn admit(&self, permit: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let address = counted_as(peer);
        let mut all = lock(&self.held);
        let held = all.entry(address).or_default();
        let is_kept_place = self.free.available_permits() < self.kept;
        if self.of_one_address_max.is_some_and(|max| *held >= max) || (is_kept_place && *held >= FEW) {
            return None;
        }
        *held += 1;
        Some(Place { _permit: permit, address, held: Arc::clone(&self.held) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = lock(&self.held);
        if let Some(held) = all.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                all.remove(&self.address);
            }
        }
    }
}

/// A client with an IPv6 network has 2^64 addresses.
fn counted_as(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn lock(held: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections_max: usize, of_one_address_max: Option<usize>) -> Places {
        Places::new(&ServerLimits { connections_max, of_one_address_max, ..ServerLimits::default() })
    }

    async fn enter(places: &Places, address: &str) -> Option<Place> {
        let permit = places.wait().await.expect("a permit");
        places.admit(permit, address.parse().expect("an address"))
    }

    #[tokio::test]
    async fn an_address_has_so_many_places_and_gives_them_back() {
        let places = places(64, Some(2));
        let first = enter(&places, "10.0.0.1").await;
        let second = enter(&places, "::ffff:10.0.0.1").await;

        assert!(first.is_some() && second.is_some());
        assert!(enter(&places, "10.0.0.1").await.is_none());
        assert!(enter(&places, "10.0.0.2").await.is_some());
        drop(first);
        assert!(enter(&places, "10.0.0.1").await.is_some());
        drop(second);
        assert!(lock(&places.held).is_empty());
    }

    #[tokio::test]
    async fn the_last_places_are_for_those_who_have_hardly_any() {
        let places = places(32, None);
        let mut taken = Vec::new();
        while let Some(place) = enter(&places, "10.0.0.1").await {
            taken.push(place);
        }

        assert_eq!(taken.len(), 30);
        assert!(enter(&places, "10.0.0.2").await.is_some());
    }

    #[tokio::test]
    async fn a_network_of_ipv6_counts_as_one_address() {
        let places = places(64, Some(1));
        let _first = enter(&places, "2001:db8::1").await.expect("a place");

        assert!(enter(&places, "2001:db8::2:3").await.is_none());
        assert!(enter(&places, "2001:db8:0:1::1").await.is_some());
    }
}
