//! The messages of a transaction between its commit and their publication.

use crate::envelope::Outgoing;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// How long only the process that appended the rows may publish them. Long enough for a relay under load, short enough
/// that the messages of a killed process are not delayed much.
pub(super) const LEASE: Duration = Duration::from_secs(5);

/// A message and its `seq` in the outbox.
#[derive(Debug)]
pub(super) struct Row {
    pub seq: i64,
    pub message: Outgoing,
}

/// Messages that one transaction appended, with the right to publish them until the lease ends. Pass them to
/// [`super::RelayHandle::publish`] after the commit. If they are dropped instead, they are published only after the
/// lease has ended.
#[derive(Debug)]
#[must_use = "the messages are delayed until their lease ends unless they are passed to the relay"]
pub struct LeasedMessages {
    pub(super) rows: Vec<Row>,
    pub(super) leased_until: Instant,
    /// The share of the relay's capacity that the messages use.
    pub(super) capacity: Option<OwnedSemaphorePermit>,
}
