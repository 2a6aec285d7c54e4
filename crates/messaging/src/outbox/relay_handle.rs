//! The handle on the relay that the rest of the process uses.

use super::leased_messages::{LeasedMessages, Row};
use crate::envelope::Outgoing;
use crate::topology::DEFERRABLE_ROUTING_KEYS;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore, mpsc};

/// Messages that the relay of a process holds in memory at most, a few megabytes.
const MESSAGES_MAX: usize = 8 * 1024;

/// Passes leased messages to the relay ([`super::run`]); cheap to clone.
#[derive(Debug, Clone)]
pub struct RelayHandle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    capacity: Arc<Semaphore>,
    sender: mpsc::UnboundedSender<LeasedMessages>,
    /// All publish workers receive from one channel; each holds the lock only while it receives.
    receiver: Mutex<mpsc::UnboundedReceiver<LeasedMessages>>,
    /// Rows without a lease were appended, or are no longer deferred.
    unleased_rows: Notify,
    is_backpressured: AtomicBool,
}

/// The messages that a publish worker publishes together. Dropping it gives their capacity back.
#[derive(Debug, Default)]
pub(super) struct LeasedBatch {
    pub rows: Vec<Row>,
    capacity: Vec<OwnedSemaphorePermit>,
}

impl Default for RelayHandle {
    fn default() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self(Arc::new(Inner {
            capacity: Arc::new(Semaphore::new(MESSAGES_MAX)),
            sender,
            receiver: Mutex::new(receiver),
            unleased_rows: Notify::new(),
            is_backpressured: AtomicBool::new(false),
        }))
    }
}

impl RelayHandle {
    /// Has the messages published soon. Must be called after the commit.
    pub fn publish(&self, messages: LeasedMessages) {
        if messages.capacity.is_none() {
            self.0.unleased_rows.notify_one();
        } else if !messages.rows.is_empty() {
            // Never fails: `self` owns the receiver.
            let _sent = self.0.sender.send(messages);
        }
    }

    /// Waits until the relay has capacity: a consumer should not receive more messages than the relay can publish
    /// replies for.
    pub async fn wait_for_capacity(&self) {
        // The semaphore is never closed.
        drop(self.0.capacity.acquire().await);
    }

    /// `None` when the relay has not enough capacity. Never waits: only consumers are slowed down by the broker.
    pub(super) fn reserve(&self, messages: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.capacity).try_acquire_many_owned(u32::try_from(messages).ok()?).ok()
    }

    /// Whether `message` must wait in the outbox for now.
    pub(super) fn defers(&self, message: &Outgoing) -> bool {
        self.is_backpressured() && DEFERRABLE_ROUTING_KEYS.contains(&message.routing_key.as_str())
    }

    pub(super) fn is_backpressured(&self) -> bool {
        self.0.is_backpressured.load(Ordering::Relaxed)
    }

    pub(super) fn set_backpressure(&self, is_backpressured: bool) {
        if self.0.is_backpressured.swap(is_backpressured, Ordering::Relaxed) && !is_backpressured {
            // The deferred rows may be claimed now.
            self.0.unleased_rows.notify_one();
        }
    }

    pub(super) async fn wait_for_unleased_rows(&self) {
        self.0.unleased_rows.notified().await;
    }

    /// Waits for leased messages, and collects those that are ready until there are at least `enough`. Cancel-safe.
    pub(super) async fn next(&self, enough: usize) -> LeasedBatch {
        let mut receiver = self.0.receiver.lock().await;
        let mut batch = LeasedBatch::default();
        let mut next = receiver.recv().await;
        while let Some(messages) = next.take() {
            batch.add(messages);
            if batch.rows.len() < enough {
                next = receiver.try_recv().ok();
            }
        }
        batch
    }
}

impl LeasedBatch {
    /// Skips messages whose lease has ended: another process may have claimed them.
    fn add(&mut self, messages: LeasedMessages) {
        if Instant::now() < messages.leased_until {
            self.rows.extend(messages.rows);
            self.capacity.extend(messages.capacity);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Trace;
    use domain::ids::OrderId;
    use domain::messages::{InventoryCommand, ReleaseStock};
    use uuid::Uuid;

    fn message(routing_key: &str) -> Outgoing {
        let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
        let order_id = OrderId::from_uuid(Uuid::nil());
        let command = InventoryCommand::Release(ReleaseStock { order_id });
        Outgoing {
            routing_key: routing_key.to_owned(),
            ..Outgoing::new(order_id, &command, 1, trace, chrono::DateTime::UNIX_EPOCH)
        }
    }

    #[test]
    fn under_backpressure_the_messages_of_new_orders_are_deferred_and_no_others() {
        let relay = RelayHandle::default();
        let [first_command, event] = DEFERRABLE_ROUTING_KEYS.map(message);
        let release = message("inventory.inventory.release");
        assert!(!relay.defers(&first_command));

        relay.set_backpressure(true);
        assert!(relay.defers(&first_command) && relay.defers(&event));
        assert!(!relay.defers(&release));

        relay.set_backpressure(false);
        assert!(!relay.defers(&first_command));
    }

    #[test]
    fn capacity_is_limited_and_is_given_back() {
        let relay = RelayHandle::default();
        let reserved = relay.reserve(MESSAGES_MAX);

        assert!(reserved.is_some());
        assert!(relay.reserve(1).is_none());
        drop(reserved);
        assert!(relay.reserve(1).is_some());
    }
}
