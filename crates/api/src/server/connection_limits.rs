//! Limits connections in total and per client address. The last slots are reserved for addresses with few connections.

use super::ServerLimits;
use platform::network::counted_as;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One slot in this many is reserved for addresses with fewer than [`FEW`] connections, above all for health checks.
const RESERVED_ONE_IN: usize = 16;
/// An address with at least this many connections can't use the reserved slots.
const FEW: usize = 4;

#[derive(Debug)]
pub(super) struct ConnectionLimits {
    slots: Arc<Semaphore>,
    reserved: usize,
    connections_per_address_max: Option<usize>,
    counts: SlotCounts,
}

/// Open connections per address.
type SlotCounts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// The slot of a connection; dropping it frees the slot.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    _permit: OwnedSemaphorePermit,
    address: IpAddr,
    counts: SlotCounts,
}

impl ConnectionLimits {
    pub fn new(limits: &ServerLimits) -> Self {
        let ServerLimits { connections_max, connections_per_address_max, .. } = *limits;
        let reserved = connections_max / RESERVED_ONE_IN;
        let slots = Arc::new(Semaphore::new(connections_max));
        Self { slots, reserved, connections_per_address_max, counts: SlotCounts::default() }
    }

    /// Waits for a free slot.
    pub async fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    /// `None` when the address has reached its limit.
    pub fn admit(&self, permit: OwnedSemaphorePermit, peer: IpAddr) -> Option<ConnectionSlot> {
        let address = counted_as(peer);
        let mut counts = lock(&self.counts);
        let count = counts.entry(address).or_default();
        let is_reserved = self.slots.available_permits() < self.reserved;
        if self.connections_per_address_max.is_some_and(|max| *count >= max) || (is_reserved && *count >= FEW) {
            return None;
        }
        *count += 1;
        Some(ConnectionSlot { _permit: permit, address, counts: Arc::clone(&self.counts) })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

fn lock(counts: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections_max: usize, connections_per_address_max: Option<usize>) -> ConnectionLimits {
        ConnectionLimits::new(&ServerLimits { connections_max, connections_per_address_max, ..ServerLimits::default() })
    }

    async fn connect(limits: &ConnectionLimits, address: &str) -> Option<ConnectionSlot> {
        let permit = limits.acquire().await.expect("a permit");
        limits.admit(permit, address.parse().expect("an address"))
    }

    #[tokio::test]
    async fn connections_per_address_are_limited_and_slots_are_freed() {
        let limits = limits(64, Some(2));
        let first = connect(&limits, "10.0.0.1").await;
        let second = connect(&limits, "::ffff:10.0.0.1").await;

        assert!(first.is_some() && second.is_some());
        assert!(connect(&limits, "10.0.0.1").await.is_none());
        assert!(connect(&limits, "10.0.0.2").await.is_some());
        drop(first);
        assert!(connect(&limits, "10.0.0.1").await.is_some());
        drop(second);
        assert!(lock(&limits.counts).is_empty());
    }

    #[tokio::test]
    async fn the_last_slots_are_for_addresses_with_few_connections() {
        let limits = limits(32, None);
        let mut open = Vec::new();
        for _ in 0..32 {
            open.extend(connect(&limits, "10.0.0.1").await);
        }

        assert_eq!(open.len(), 30);
        assert!(connect(&limits, "10.0.0.2").await.is_some());
    }

    #[tokio::test]
    async fn an_ipv6_network_counts_as_one_address() {
        let limits = limits(64, Some(1));
        let _first = connect(&limits, "2001:db8::1").await.expect("a slot");

        assert!(connect(&limits, "2001:db8::2:3").await.is_none());
        assert!(connect(&limits, "2001:db8:0:1::1").await.is_some());
    }
}
