//! Where parcels are handed in.

use super::parcel::{Parcel, Row};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc};

/// Messages that may be on their way out of one process, a few megabytes of them.
const MESSAGES_MAX: usize = 8 * 1024;

/// The relay of this process, as those see it who have something to say; cheap to clone.
#[derive(Debug, Clone)]
pub struct Relay {
    room: Arc<Semaphore>,
    parcels: mpsc::UnboundedSender<Held>,
    /// All carriers take from one queue; each holds it only while it waits and takes.
    waiting: Arc<Mutex<mpsc::UnboundedReceiver<Held>>>,
}

/// A parcel and the room that it takes.
type Held = (Parcel, OwnedSemaphorePermit);

/// What a carrier has in hand; dropped, it makes room.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub rows: Vec<Row>,
    room: Option<OwnedSemaphorePermit>,
}

impl Default for Relay {
    fn default() -> Self {
        let (parcels, waiting) = mpsc::unbounded_channel();
        Self { room: Arc::new(Semaphore::new(MESSAGES_MAX)), parcels, waiting: Arc::new(Mutex::new(waiting)) }
    }
}

impl Relay {
    /// Has the parcel's messages published soon. To be called after the commit. When there is no room for it, its rows
    /// are left behind, to be claimed when their lease has run out: a request is not held up by the broker.
    pub fn carry(&self, parcel: Parcel) {
        let room = u32::try_from(parcel.messages()).ok().filter(|messages| *messages > 0);
        if let Some(Ok(room)) = room.map(|messages| Arc::clone(&self.room).try_acquire_many_owned(messages)) {
            // The other end is in `self`.
            let _sent = self.parcels.send((parcel, room));
        }
    }

    /// Waits until there is room again: who consumes queues should not take more than can be carried on.
    pub async fn room(&self) {
        // Never closed.
        drop(self.room.acquire().await);
    }

    /// Waits for a parcel and takes those behind it, until there are `enough` messages. Nothing is lost when it is
    /// cancelled.
    pub(super) async fn next(&self, enough: usize) -> Load {
        let mut waiting = self.waiting.lock().await;
        let mut load = Load::default();
        let mut next = waiting.recv().await;
        while let Some(held) = next.take() {
            load.add(held);
            if load.rows.len() < enough {
                next = waiting.try_recv().ok();
            }
        }
        load
    }
}

impl Load {
    fn add(&mut self, (parcel, room): Held) {
        self.rows.extend(parcel.open());
        match &mut self.room {
            Some(taken) => taken.merge(room),
            None => self.room = Some(room),
        }
    }
}
