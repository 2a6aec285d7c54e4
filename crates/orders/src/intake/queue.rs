//! The queue of orders that wait for a committer.

use super::in_flight::KeyGuard;
use crate::error::PlaceOrderError;
use crate::new_order::{Accepted, NewOrder};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};
use tokio::time::Instant;

/// An order in the queue to the committers.
#[derive(Debug)]
pub(super) struct Request {
    pub new_order: NewOrder,
    pub key_guard: KeyGuard,
    pub enqueued_at: Instant,
}

/// All committers receive from one queue.
pub(super) type Queue = Arc<Mutex<mpsc::Receiver<Request>>>;

/// Held while a committer receives and inserts a batch; released just before COMMIT. One batch is flushed to disk while
/// the next is inserted, and two committers never compete for the same requests.
pub(super) type ReceiverGuard = OwnedMutexGuard<mpsc::Receiver<Request>>;

impl Request {
    pub fn new(new_order: NewOrder, key_guard: KeyGuard) -> Self {
        Self { new_order, key_guard, enqueued_at: Instant::now() }
    }

    pub fn complete(self, result: Result<Accepted, PlaceOrderError>) {
        self.key_guard.complete(result);
    }
}
