//! Cancels a replay: jobs that it has not replayed yet stay open.

use crate::model::justification::Justification;
use crate::model::replays::{Replay, ReplayStatus};
use crate::store;
use crate::store::StoreError;
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum CancelReplayError {
    #[error("no such replay")]
    NotFound,
    #[error("a replay that is `done` can't be cancelled")]
    Done,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Repeating it has no further effect.
pub async fn cancel_replay(
    pool: &PgPool,
    id: Uuid,
    justification: &Justification,
    recorder: &(impl AuditSink + ResponseSink<Replay>),
) -> Result<Replay, CancelReplayError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let status = store::replays::lock_status(&mut tx, id).await?.ok_or(CancelReplayError::NotFound)?;
    match status {
        ReplayStatus::Done => return Err(CancelReplayError::Done),
        ReplayStatus::Cancelled => {}
        ReplayStatus::Running => {
            let (subject, reason) = (format!("replay:{id}"), Some(justification.reason.clone()));
            let (before, after) =
                (Some(json!({ "status": status })), Some(json!({ "status": ReplayStatus::Cancelled })));
            recorder.record(&mut tx, AuditRecord { action: "replay.cancel", subject, reason, before, after }).await?;
            store::replays::cancel(&mut tx, id, justification.at).await?;
        }
    }
    let replay = store::replays::find(&mut tx, id).await?.ok_or(CancelReplayError::NotFound)?;
    recorder.store_response(&mut tx, &replay).await?;
    tx.commit().await?;
    Ok(replay)
}

impl From<sqlx::Error> for CancelReplayError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
