//! Failed jobs: dead-lettered messages, kept until a person decides about them. A replay publishes the message to the
//! queue in which it failed; discarding closes the job. A job whose message fails again is open again, in the same row.

mod decide;
mod fingerprint;
mod list;
mod store_dead_letters;

pub(crate) use decide::message_of;
pub use decide::{DecideError, Decision, discard, replay};
pub(crate) use fingerprint::fingerprint;
pub use list::{FailedJobFilter, find_failed_job, list_failed_jobs};
pub use store_dead_letters::FailedJobs;
pub(crate) use store_dead_letters::NewJob;

use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
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

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum JobStatus {
    /// Needs a decision.
    Open,
    /// Replayed, and not dead-lettered since.
    Replayed,
    Discarded,
}
