//! Failed jobs: what ended in a dead queue, kept until somebody decides on it. Replaying sends it back to the queue
//! that it died in; discarding leaves it at that. What dies again is open again, in the same row.

mod decide;
mod fingerprint;
mod list;
mod store_dead_letters;

pub(crate) use decide::message_of;
pub use decide::{DecideError, Decided, discard, replay};
pub(crate) use fingerprint::fingerprint;
pub use list::{FailedJobFilter, find_failed_job, list_failed_jobs};
pub use store_dead_letters::FailedJobs;
pub(crate) use store_dead_letters::NewJob;

use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use serde_json::Value;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq)]
pub struct FailedJob {
    pub id: Uuid,
    /// The queue that it was for.
    pub queue: String,
    pub message_id: MessageId,
    /// Empty when the message does not say.
    pub type_name: String,
    pub order_id: Option<OrderId>,
    pub correlation_id: Option<String>,
    pub payload: Vec<u8>,
    pub headers: Value,
    /// Why it failed the last time.
    pub error: String,
    /// The same for failures of one kind.
    pub fingerprint: String,
    /// How often it was tried, over all its lives.
    pub attempts: i32,
    /// How often it ended in a dead queue.
    pub deaths: i32,
    /// How often it was sent again.
    pub replays: i32,
    pub status: JobStatus,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// When, by whom and why it was last replayed or discarded.
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
    /// Somebody has to decide on it.
    Open,
    /// Sent again, and not seen dead since.
    Replayed,
    Discarded,
}
