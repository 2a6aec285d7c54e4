//! Replays: many failed jobs sent again at a pace, since one by one is slow, and all at once breaks what was just mended.
//! The scheduler drives them ([`run_replays`]); each can be watched, and cancelled.
//!
//! A replay takes the jobs that were open when it was asked for, each once: one that dies again is left to people.

mod cancel;
mod rate_ramp;
mod run;
mod start;

pub use cancel::{CancelReplayError, cancel_replay};
pub use rate_ramp::{BadPace, Pace, RAMP_SECONDS_MAX, RATE_MAX};
pub use run::run_replays;
pub(crate) use run::{Progress, Standing};
pub use start::{NewReplay, StartReplayError, start_replay};

use crate::store;
use crate::store::BadRow;
use domain::Timestamp;
use domain::messages::Queue;
use sqlx::PgPool;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    pub id: Uuid,
    /// Which jobs.
    pub filter: ReplayFilter,
    pub pace: Pace,
    pub status: ReplayStatus,
    /// Jobs that fitted when it was asked for.
    pub total: i64,
    pub replayed: i64,
    /// Those that can't be sent again.
    pub skipped: i64,
    /// Of those that it sent, how many are open again.
    pub died_again: i64,
    pub asked_at: Timestamp,
    pub asked_by: String,
    pub reason: String,
    pub ended_at: Option<Timestamp>,
}

/// Jobs of this queue, of this kind, or both; what is none is of no concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayFilter {
    queue: Option<Queue>,
    fingerprint: Option<String>,
}

impl ReplayFilter {
    /// None when it would let everything pass: what failed for many reasons is not mended by one cure.
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

/// At most `limit`, the newest first; only those before `before`, where the page before ended.
pub async fn list_replays(pool: &PgPool, before: Option<Uuid>, limit: u32) -> Result<Vec<Replay>, BadRow> {
    store::replays::list(&mut *pool.acquire().await?, before, limit).await
}

pub async fn find_replay(pool: &PgPool, id: Uuid) -> Result<Option<Replay>, BadRow> {
    store::replays::find(&mut *pool.acquire().await?, id).await
}
