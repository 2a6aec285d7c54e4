//! Where parcels are handed in.

use super::parcel::{Parcel, Row};
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};

/// Parcels that may wait in memory. Under a flood the rest is left to the outbox, and claimed from there later.
const PARCELS_MAX: usize = 64;

/// The relay of this process, as those see it who have something to say; cheap to clone.
#[derive(Debug, Clone)]
pub struct Relay {
    parcels: mpsc::Sender<Parcel>,
    /// All carriers take from one queue; each holds it only while it waits and takes.
    waiting: Arc<Mutex<mpsc::Receiver<Parcel>>>,
}

impl Default for Relay {
    fn default() -> Self {
        let (parcels, waiting) = mpsc::channel(PARCELS_MAX);
        Self { parcels, waiting: Arc::new(Mutex::new(waiting)) }
    }
}

impl Relay {
    /// Has the parcel's messages published soon. To be called after the commit.
    pub fn carry(&self, parcel: Parcel) {
        if parcel.messages() > 0 {
            // No room: its rows are claimed when the lease has run out.
            let _no_room = self.parcels.try_send(parcel);
        }
    }

    /// Waits for a parcel and takes those behind it, until there are `enough` messages. Nothing is lost when it is
    /// cancelled.
    pub(super) async fn next(&self, enough: usize) -> Vec<Row> {
        let mut waiting = self.waiting.lock().await;
        // None comes only after the last sender is gone, and `self` holds one.
        let mut rows = waiting.recv().await.map(Parcel::open).unwrap_or_default();
        while rows.len() < enough {
            match waiting.try_recv() {
                Ok(parcel) => rows.extend(parcel.open()),
                Err(_none_waits) => break,
            }
        }
        rows
    }
}
