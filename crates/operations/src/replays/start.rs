//! Requests a replay: stores it, and the scheduler runs it (see `run.rs`).

use crate::model::justification::Justification;
use crate::model::rate_ramp::RateRamp;
use crate::model::replays::{Replay, ReplayFilter, ReplayStatus};
use crate::store;
use crate::store::StoreError;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

/// The request for a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReplay {
    pub filter: ReplayFilter,
    pub rate_ramp: RateRamp,
    pub justification: Justification,
}

#[derive(Debug, thiserror::Error)]
pub enum StartReplayError {
    #[error("another replay is running; cancel it, or wait until it is done")]
    AlreadyRunning,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores the replay for the scheduler to run; if no open failed job matches the filter, it is stored as done.
pub async fn start_replay(
    pool: &PgPool,
    new: NewReplay,
    recorder: &(impl AuditSink + ResponseSink<Replay>),
) -> Result<Replay, StartReplayError> {
    let NewReplay { filter, rate_ramp, justification } = new;
    let mut tx = platform::postgres::begin(pool).await?;
    let total = store::replays::count_open(&mut tx, &filter, justification.at).await?;
    let (status, ended_at) =
        if total == 0 { (ReplayStatus::Done, Some(justification.at)) } else { (ReplayStatus::Running, None) };
    let replay = Replay {
        id: Uuid::now_v7(),
        filter,
        rate_ramp,
        status,
        total,
        replayed: 0,
        skipped: 0,
        failed_again: 0,
        requested_at: justification.at,
        requested_by: justification.by,
        reason: justification.reason,
        ended_at,
    };
    let queue: Option<&str> = replay.filter.queue().map(Into::into);
    let after = json!({
        "queue": queue, "fingerprint": replay.filter.fingerprint(), "total": total,
        "rate_per_s": rate_ramp.rate_per_s(), "ramp_s": rate_ramp.ramp_s(),
    });
    let (subject, reason) = (format!("replay:{}", replay.id), Some(replay.reason.clone()));
    recorder
        .record(&mut tx, AuditRecord { action: "replay.start", subject, reason, before: None, after: Some(after) })
        .await?;
    if !store::replays::insert_unless_running(&mut tx, &replay).await? {
        // Dropping the transaction also discards the audit record.
        return Err(StartReplayError::AlreadyRunning);
    }
    recorder.store_response(&mut tx, &replay).await?;
    tx.commit().await?;
    Ok(replay)
}

impl From<sqlx::Error> for StartReplayError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
