//! Messages on their way from a commit to the broker.

use crate::envelope::Outgoing;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// How long the rows of new messages are their writer's alone. Long enough that a relay under load carries them itself,
/// short enough that nobody misses those of a process that was killed.
pub(super) const LEASE: Duration = Duration::from_secs(5);

/// A message and its place in the outbox.
#[derive(Debug)]
pub(super) struct Row {
    pub seq: i64,
    pub message: Outgoing,
}

/// Messages that one transaction appended, and the right to publish them for as long as their lease runs. Give it to
/// [`super::Relay::carry`] after the commit; dropped, it costs its messages the rest of the lease.
#[derive(Debug)]
#[must_use = "its messages wait until somebody carries them"]
pub struct Parcel {
    pub(super) rows: Vec<Row>,
    pub(super) leased_until: Instant,
    /// What its messages take of the relay's memory.
    pub(super) room: Option<OwnedSemaphorePermit>,
}
