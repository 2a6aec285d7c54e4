//! Somebody asks for a replay.

use super::{Pace, Replay, ReplayFilter, ReplayStatus};
use crate::failed_jobs::Decided;
use crate::store;
use crate::store::BadRow;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReplay {
    pub filter: ReplayFilter,
    pub pace: Pace,
    pub decided: Decided,
}

#[derive(Debug, thiserror::Error)]
pub enum StartReplayError {
    #[error("another replay is running; cancel it, or wait until it is done")]
    OneRuns,
    #[error(transparent)]
    Store(#[from] BadRow),
}

/// Notes what is to be sent again. When no open job fits, it is done at once.
pub async fn start_replay(
    pool: &PgPool,
    new: NewReplay,
    witness: &(impl AuditSink + ResponseSink<Replay>),
) -> Result<Replay, StartReplayError> {
    let NewReplay { filter, pace, decided } = new;
    let mut tx = platform::postgres::begin(pool).await?;
    let total = store::replays::count_open(&mut tx, &filter, decided.at).await?;
    let (status, ended_at) =
        if total == 0 { (ReplayStatus::Done, Some(decided.at)) } else { (ReplayStatus::Running, None) };
    let replay = Replay {
        id: Uuid::now_v7(),
        filter,
        pace,
        status,
        total,
        replayed: 0,
        skipped: 0,
        died_again: 0,
        asked_at: decided.at,
        asked_by: decided.by,
        reason: decided.reason,
        ended_at,
    };
    let queue: Option<&str> = replay.filter.queue().map(Into::into);
    let after = json!({
        "queue": queue, "fingerprint": replay.filter.fingerprint(), "total": total,
        "rate_per_s": pace.rate_per_s(), "ramp_s": pace.ramp_s(),
    });
    let (subject, reason) = (format!("replay:{}", replay.id), Some(replay.reason.clone()));
    witness
        .record(&mut tx, AuditRecord { action: "replay.start", subject, reason, before: None, after: Some(after) })
        .await?;
    if !store::replays::insert(&mut tx, &replay).await? {
        return Err(StartReplayError::OneRuns);
    }
    witness.store_response(&mut tx, &replay).await?;
    tx.commit().await?;
    Ok(replay)
}

impl From<sqlx::Error> for StartReplayError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
