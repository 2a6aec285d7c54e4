//! Replays: publish the messages of many failed jobs again at a limited rate. One by one would be slow; all at once
//! could break what was just fixed. The scheduler runs them ([`run_replays`]); each can be monitored and cancelled.
//!
//! A replay processes the jobs that were open when it was requested, each once: a job that fails again needs a decision
//! by a person.

mod cancel;
mod rate_ramp;
mod run;
mod start;

pub use cancel::{CancelReplayError, cancel_replay};
pub use rate_ramp::{InvalidRateRamp, RAMP_SECONDS_MAX, RATE_MAX, RateRamp};
pub use run::run_replays;
pub(crate) use run::{Progress, RunningReplay};
pub use start::{NewReplay, StartReplayError, start_replay};

use crate::store;
use crate::store::BadRow;
use domain::Timestamp;
use domain::messages::Queue;
use sqlx::PgPool;
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

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::Display, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReplayStatus {
    Running,
    Done,
    Cancelled,
}

/// Lists at most `limit` replays, newest first; with `before`, only those before that one.
pub async fn list_replays(pool: &PgPool, before: Option<Uuid>, limit: u32) -> Result<Vec<Replay>, BadRow> {
    store::replays::list(&mut *pool.acquire().await?, before, limit).await
}

pub async fn find_replay(pool: &PgPool, id: Uuid) -> Result<Option<Replay>, BadRow> {
    store::replays::find(&mut *pool.acquire().await?, id).await
}
