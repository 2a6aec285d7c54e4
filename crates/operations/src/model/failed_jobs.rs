//! Failed jobs, the decisions about them, and what selects them.

use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use domain::messages::Queue;
use serde_json::Value;
use uuid::Uuid;

/// A dead-lettered message and the decision about it.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedJob {
    pub id: Uuid,
    /// The work queue in which it failed.
    pub queue: String,
    pub message_id: MessageId,
    /// Empty when the message has no type.
    pub type_name: String,
    pub order_id: Option<OrderId>,
    pub correlation_id: Option<String>,
    pub payload: Vec<u8>,
    pub headers: Value,
    /// The error of the latest failure.
    pub error: String,
    /// The same for failures with the same cause.
    pub fingerprint: String,
    /// Total number of attempts, replays included.
    pub attempts: i32,
    /// How often the message was dead-lettered.
    pub dead_letter_count: i32,
    /// How often the message was replayed.
    pub replays: i32,
    pub status: JobStatus,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// When, by whom and why it was last replayed or discarded; kept when the job is reopened.
    pub decided_at: Option<Timestamp>,
    pub decided_by: Option<String>,
    pub reason: Option<String>,
}

domain::string_enum! {
    pub enum JobStatus {
        /// Needs a decision.
        Open,
        /// Replayed, and not dead-lettered since.
        Replayed,
        Discarded,
    }
}

/// A decision: by whom, why and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
}

/// Filter for the list; `None` matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedJobFilter {
    pub status: Option<JobStatus>,
    pub queue: Option<Queue>,
    pub fingerprint: Option<String>,
    pub order_id: Option<Uuid>,
    /// Only jobs first seen before the one with this id, the last of the previous page.
    pub before: Option<Uuid>,
}

/// A dead letter as a row.
pub(crate) struct NewJob {
    pub id: Uuid,
    pub queue: String,
    pub message_id: Uuid,
    pub payload_digest: Vec<u8>,
    pub type_name: String,
    pub order_id: Option<Uuid>,
    pub correlation_id: Option<String>,
    pub payload: Vec<u8>,
    pub headers: Value,
    pub error: String,
    pub fingerprint: String,
    pub attempts: i32,
}
