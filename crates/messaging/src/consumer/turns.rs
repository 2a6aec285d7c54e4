//! Who may be at work in the database. Batches that share too few cores are each slower for it, while what could have
//! come with them waits: taken in turns they are larger, and an order costs less.

use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of a process; cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Semaphore>);

/// One batch's turn.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// As many as there are cores.
    pub fn of_this_machine() -> Self {
        Self(Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))))
    }

    pub(super) async fn next(&self) -> Turn {
        Turn { turns: self.clone(), permit: self.permit().await }
    }

    /// Never closed.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

impl Turn {
    /// Awaits what is none of our database's work, and lets others have their turn meanwhile.
    pub(super) async fn away<T>(&mut self, elsewhere: impl Future<Output = T>) -> T {
        self.permit = None;
        let answer = elsewhere.await;
        self.permit = self.turns.permit().await;
        answer
    }
}
