//! Replays: publish the messages of many failed jobs again at a limited rate. One by one would be slow; all at once
//! could break what was just fixed. The scheduler runs them ([`run_replays`]); each can be monitored and cancelled.
//!
//! A replay processes the jobs that were open when it was requested, each once: a job that fails again needs a decision
//! by a person.

mod cancel;
mod run;
mod start;

pub use crate::model::rate_ramp::{InvalidRateRamp, RAMP_SECONDS_MAX, RATE_MAX, RateRamp};
pub use crate::model::replays::{Replay, ReplayFilter, ReplayStatus};
pub use cancel::{CancelReplayError, cancel_replay};
pub use run::run_replays;
pub use start::{NewReplay, StartReplayError, start_replay};

use crate::store;
use crate::store::StoreError;
use sqlx::PgPool;
use uuid::Uuid;

/// Lists at most `limit` replays, newest first; with `before`, only those before that one.
pub async fn list_replays(pool: &PgPool, before: Option<Uuid>, limit: u32) -> Result<Vec<Replay>, StoreError> {
    store::replays::list(&mut *platform::postgres::reader(pool).await?, before, limit).await
}

pub async fn find_replay(pool: &PgPool, id: Uuid) -> Result<Option<Replay>, StoreError> {
    store::replays::find(&mut *platform::postgres::reader(pool).await?, id).await
}
