//! Who may be at work in the database. Batches that share too few cores are each slower for it, while what could have
//! come with them waits: taken in turns they are larger, and an order costs less.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of a process; cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Semaphore>);

/// One batch's turn.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    permit: Option<OwnedSemaphorePermit>,
    /// How long it was waited for.
    pub(super) waited: Duration,
}

/// One batch may wait for an answer while another works.
const TURNS_MIN: usize = 2;

impl Turns {
    /// So many, or as many as there are cores.
    pub fn new(turns: Option<usize>) -> Self {
        let cores = || available_parallelism().map_or(TURNS_MIN, usize::from).max(TURNS_MIN);
        Self(Arc::new(Semaphore::new(turns.unwrap_or_else(cores))))
    }

    pub(super) async fn next(&self) -> Turn {
        let came = Instant::now();
        let permit = self.permit().await;
        Turn { turns: self.clone(), permit, waited: came.elapsed() }
    }

    /// Never closed.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

impl Turn {
    /// Lets others have their turn.
    pub(super) fn leave(&mut self) {
        self.permit = None;
    }

    /// Waits for a turn, unless this is one.
    pub(super) async fn resume(&mut self) {
        if self.permit.is_none() {
            self.permit = self.turns.permit().await;
        }
    }

    /// Awaits what is none of our database's work, and lets others have their turn meanwhile.
    pub(super) async fn away<T>(&mut self, elsewhere: impl Future<Output = T>) -> T {
        self.leave();
        let answer = elsewhere.await;
        self.resume().await;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn there_is_one_turn_at_a_time_and_another_when_it_is_over() {
        let turns = Turns::new(Some(1));
        let turn = turns.next().await;

        assert!(turns.next().now_or_never().is_none());
        drop(turn);
        assert!(turns.next().now_or_never().is_some());
    }

    #[tokio::test]
    async fn while_one_is_away_another_has_its_turn_and_the_first_waits_for_it() {
        let turns = Turns::new(Some(1));
        let mut first = turns.next().await;

        let second = first.away(async { turns.next().now_or_never() });
        let mut second = std::pin::pin!(second);
        // It went away and came back, and the other one is still at it: held by the answer that it brings.
        assert!(second.as_mut().now_or_never().is_none());
    }

    #[tokio::test]
    async fn who_never_came_back_takes_a_turn_before_it_goes_on() {
        let turns = Turns::new(Some(1));
        let mut turn = turns.next().await;
        assert!(turn.away(std::future::pending::<()>()).now_or_never().is_none());

        turn.resume().await;

        assert!(turns.next().now_or_never().is_none());
    }
}
