//! What intake has done since it began; the metrics count it over the whole process.

use super::Accepted;
use crate::error::PlaceOrderError;
use crate::metrics;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Counters {
    batches: AtomicU64,
    orders: AtomicU64,
    replays: AtomicU64,
    refusals: AtomicU64,
    largest_batch: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeStats {
    /// Orders that wait to be taken.
    pub waiting: usize,
    /// Batches that were taken; the mean batch is (orders + replays + refusals) / batches.
    pub batches: u64,
    pub orders: u64,
    /// Requests that were answered from the key of an earlier one; twins that waited in the process are not among them.
    pub replays: u64,
    /// Requests that got an error for an answer.
    pub refusals: u64,
    pub largest_batch: u64,
}

impl Counters {
    pub fn batch(&self, size: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.largest_batch.fetch_max(size as u64, Ordering::Relaxed);
    }

    pub fn answered(&self, answer: Result<Accepted, PlaceOrderError>) {
        let counter = match answer {
            Ok(Accepted { replayed: false, .. }) => &self.orders,
            Ok(Accepted { replayed: true, .. }) => &self.replays,
            Err(_) => &self.refusals,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        metrics::intake_answered(answer);
    }

    pub fn read(&self, waiting: usize) -> IntakeStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        IntakeStats {
            waiting,
            batches: read(&self.batches),
            orders: read(&self.orders),
            replays: read(&self.replays),
            refusals: read(&self.refusals),
            largest_batch: read(&self.largest_batch),
        }
    }
}
