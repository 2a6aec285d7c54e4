//! Messages on their way from a commit to the broker.

use crate::envelope::Outgoing;
use std::time::{Duration, Instant};

/// How long the rows of new messages are their writer's alone. Long enough that a relay under load carries them itself,
/// short enough that nobody misses those of a process that was killed.
pub(super) const LEASE: Duration = Duration::from_secs(5);

/// A message and its place in the outbox.
#[derive(Debug)]
pub(super) struct Row {
    pub seq: i64,
    pub message: Outgoing,
}

/// Messages that one transaction appended. Give it to [`super::Relay::carry`] after the commit; dropped, it costs its
/// messages the rest of the lease.
#[derive(Debug)]
#[must_use = "its messages wait until somebody carries them"]
pub struct Parcel {
    rows: Vec<Row>,
    leased_until: Instant,
}

impl Parcel {
    /// `appended_at` is before the rows were written, so that the lease runs out here before it does in the database.
    pub(super) fn new(rows: Vec<Row>, appended_at: Instant) -> Self {
        Self { rows, leased_until: appended_at + LEASE }
    }

    pub(super) fn messages(&self) -> usize {
        self.rows.len()
    }

    /// Its rows, unless they are anybody's by now.
    pub(super) fn open(self) -> Vec<Row> {
        if Instant::now() < self.leased_until { self.rows } else { Vec::new() }
    }
}
