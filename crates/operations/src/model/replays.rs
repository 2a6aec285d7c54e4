//! Replays and their progress.

use super::failed_jobs::Decision;
use super::rate_ramp::RateRamp;
use domain::Timestamp;
use domain::messages::Queue;
use uuid::Uuid;

/// A replay and its progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    pub id: Uuid,
    pub filter: ReplayFilter,
    pub rate_ramp: RateRamp,
    pub status: ReplayStatus,
    /// Matching open jobs when it was requested.
    pub total: i64,
    pub replayed: i64,
    /// Jobs that can't be replayed.
    pub skipped: i64,
    /// Replayed jobs that are open again.
    pub failed_again: i64,
    pub requested_at: Timestamp,
    pub requested_by: String,
    pub reason: String,
    pub ended_at: Option<Timestamp>,
}

/// Selects jobs by queue, fingerprint or both; `None` matches everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayFilter {
    queue: Option<Queue>,
    fingerprint: Option<String>,
}

impl ReplayFilter {
    /// `None` when it would match all jobs: they failed for different reasons, which one fix does not remove.
    pub fn new(queue: Option<Queue>, fingerprint: Option<String>) -> Option<Self> {
        (queue.is_some() || fingerprint.is_some()).then_some(Self { queue, fingerprint })
    }

    pub fn queue(&self) -> Option<Queue> {
        self.queue
    }

    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }
}

domain::string_enum! {
    pub enum ReplayStatus {
        Running,
        Done,
        Cancelled,
    }
}

/// A running replay, locked.
pub(crate) struct RunningReplay {
    pub id: Uuid,
    pub filter: ReplayFilter,
    pub rate_ramp: RateRamp,
    /// The request: by whom, why and when.
    pub requested: Decision,
    /// The last job that was processed.
    pub after_job: Option<Uuid>,
    /// When the send budget was last computed.
    pub credited_at: Timestamp,
    /// The fractional send budget that is left over for the next call, in 1/1000 of a job.
    pub credit: u64,
}

/// The result of one call.
pub(crate) struct Progress {
    pub replayed: usize,
    pub skipped: usize,
    pub after_job: Option<Uuid>,
    pub credit: u64,
    /// No job is left.
    pub is_done: bool,
}
