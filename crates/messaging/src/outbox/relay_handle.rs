//! The relay as those see it who have something to say.

use super::leased_messages::{Parcel, Row};
use crate::envelope::Outgoing;
use crate::topology::NEW_ORDER;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore, mpsc};

/// Messages that may be on their way out of one process, a few megabytes of them.
const MESSAGES_MAX: usize = 8 * 1024;

/// Takes parcels and has them carried by [`super::run`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct Relay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    room: Arc<Semaphore>,
    parcels: mpsc::UnboundedSender<Parcel>,
    /// All carriers take from one queue; each holds it only while it waits and takes.
    waiting: Mutex<mpsc::UnboundedReceiver<Parcel>>,
    /// Rows were written that anybody may claim.
    left_behind: Notify,
    readers_are_behind: AtomicBool,
}

/// What a carrier has in hand; dropped, it makes room.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub rows: Vec<Row>,
    room: Vec<OwnedSemaphorePermit>,
}

impl Default for Relay {
    fn default() -> Self {
        let (parcels, waiting) = mpsc::unbounded_channel();
        Self(Arc::new(Inner {
            room: Arc::new(Semaphore::new(MESSAGES_MAX)),
            parcels,
            waiting: Mutex::new(waiting),
            left_behind: Notify::new(),
            readers_are_behind: AtomicBool::new(false),
        }))
    }
}

impl Relay {
    /// Has the parcel's messages published soon. To be called after the commit.
    pub fn carry(&self, parcel: Parcel) {
        if parcel.room.is_none() {
            self.0.left_behind.notify_one();
        } else if !parcel.rows.is_empty() {
            // The other end is in `self`.
            let _sent = self.0.parcels.send(parcel);
        }
    }

    /// Waits until there is room again: who consumes queues should not take more than can be carried on.
    pub async fn room(&self) {
        // Never closed.
        drop(self.0.room.acquire().await);
    }

    /// None when there is none: nobody is held up by the broker who does not consume from it.
    pub(super) fn room_for(&self, messages: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.room).try_acquire_many_owned(u32::try_from(messages).ok()?).ok()
    }

    pub(super) fn holds_back(&self, message: &Outgoing) -> bool {
        self.readers_are_behind() && NEW_ORDER.contains(&message.routing_key.as_str())
    }

    pub(super) fn readers_are_behind(&self) -> bool {
        self.0.readers_are_behind.load(Ordering::Relaxed)
    }

    pub(super) fn note_readers(&self, are_behind: bool) {
        if self.0.readers_are_behind.swap(are_behind, Ordering::Relaxed) && !are_behind {
            // What was held back is free.
            self.0.left_behind.notify_one();
        }
    }

    pub(super) async fn left_behind(&self) {
        self.0.left_behind.notified().await;
    }

    /// Waits for a parcel and takes those behind it, until there are `enough` messages. Nothing is lost when it is
    /// cancelled.
    pub(super) async fn next(&self, enough: usize) -> Load {
        let mut waiting = self.0.waiting.lock().await;
        let mut load = Load::default();
        let mut next = waiting.recv().await;
        while let Some(parcel) = next.take() {
            load.add(parcel);
            if load.rows.len() < enough {
                next = waiting.try_recv().ok();
            }
        }
        load
    }
}

impl Load {
    /// A parcel whose lease has ended is anybody's, and left to them.
    fn add(&mut self, parcel: Parcel) {
        if Instant::now() < parcel.leased_until {
            self.rows.extend(parcel.rows);
            self.room.extend(parcel.room);
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
    fn while_readers_are_behind_what_is_said_of_new_orders_is_held_back_and_nothing_else_is() {
        let relay = Relay::default();
        let [first, told] = NEW_ORDER.map(message);
        let later = message("inventory.inventory.release");
        assert!(!relay.holds_back(&first));

        relay.note_readers(true);
        assert!(relay.holds_back(&first) && relay.holds_back(&told));
        assert!(!relay.holds_back(&later));

        relay.note_readers(false);
        assert!(!relay.holds_back(&first));
    }

    #[test]
    fn there_is_room_for_so_many_messages_and_again_when_they_are_gone() {
        let relay = Relay::default();
        let taken = relay.room_for(MESSAGES_MAX);

        assert!(taken.is_some());
        assert!(relay.room_for(1).is_none());
        drop(taken);
        assert!(relay.room_for(1).is_some());
    }
}
