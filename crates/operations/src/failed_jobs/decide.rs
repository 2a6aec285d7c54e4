//! Somebody decides on a failed job: once more, or never again. Saying the same twice is saying it once.

use super::{FailedJob, JobStatus};
use crate::store;
use crate::store::BadRow;
use domain::Timestamp;
use domain::messages::Queue;
use messaging::dead_letters::{self, NotText};
use messaging::{Outgoing, RelayHandle, outbox};
use platform::audit::{AuditRecord, AuditSink};
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

/// How often one job is sent again at most: what dies so often needs another cure.
const REPLAYS_MAX: i32 = 20;

/// Who decided, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    #[error("no such failed job")]
    NotFound,
    #[error("a failed job that is `{0}` can't be {1}; only `open` ones can")]
    Refused(JobStatus, JobStatus),
    #[error("this failed job was replayed {REPLAYS_MAX} times, the most that is allowed; discard it")]
    TooOften,
    #[error(transparent)]
    Unreadable(#[from] NotText),
    #[error(transparent)]
    Store(#[from] BadRow),
}

/// Sends the message again, with the id that it had, to the queue that it died in and no other.
pub async fn replay(
    pool: &PgPool,
    relay: &RelayHandle,
    id: Uuid,
    decided: &Decided,
    witness: &(impl AuditSink + ResponseSink<FailedJob>),
) -> Result<FailedJob, DecideError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let job = match find(&mut tx, id, JobStatus::Replayed).await? {
        Standing::Open(job) => job,
        Standing::Already(job) => return again(tx, job, witness).await,
    };
    let message = message_of(&job)?;
    let parcel = outbox::append(&mut tx, vec![message], relay).await?;
    let job = conclude(&mut tx, job, JobStatus::Replayed, decided, witness).await?;
    witness.store_response(&mut tx, &job).await?;
    tx.commit().await?;
    relay.publish(parcel);
    Ok(job)
}

/// What is sent when the job is replayed.
pub(crate) fn message_of(job: &FailedJob) -> Result<Outgoing, DecideError> {
    if job.replays >= REPLAYS_MAX {
        return Err(DecideError::TooOften);
    }
    let queue: Queue = job.queue.parse().map_err(|_unknown| BadRow::Inconsistent("failed_jobs.queue"))?;
    Ok(dead_letters::replay(queue, job.message_id, job.type_name.clone(), job.payload.clone())?)
}

/// Leaves it at that.
pub async fn discard(
    pool: &PgPool,
    id: Uuid,
    decided: &Decided,
    witness: &(impl AuditSink + ResponseSink<FailedJob>),
) -> Result<FailedJob, DecideError> {
    let mut tx = platform::postgres::begin(pool).await?;
    let job = match find(&mut tx, id, JobStatus::Discarded).await? {
        Standing::Open(job) => job,
        Standing::Already(job) => return again(tx, job, witness).await,
    };
    let job = conclude(&mut tx, job, JobStatus::Discarded, decided, witness).await?;
    witness.store_response(&mut tx, &job).await?;
    tx.commit().await?;
    Ok(job)
}

/// The same was decided before; the request may still have a key of its own.
async fn again(
    mut tx: Transaction<'static, Postgres>,
    job: FailedJob,
    answers: &impl ResponseSink<FailedJob>,
) -> Result<FailedJob, DecideError> {
    answers.store_response(&mut tx, &job).await?;
    tx.commit().await?;
    Ok(job)
}

/// A job that somebody decides on, locked.
enum Standing {
    Open(FailedJob),
    /// The same was decided before.
    Already(FailedJob),
}

async fn find(tx: &mut PgConnection, id: Uuid, decision: JobStatus) -> Result<Standing, DecideError> {
    let job = store::failed_jobs::lock(tx, id).await?.ok_or(DecideError::NotFound)?;
    match job.status {
        JobStatus::Open => Ok(Standing::Open(job)),
        decided if decided == decision => Ok(Standing::Already(job)),
        decided => Err(DecideError::Refused(decided, decision)),
    }
}

async fn conclude(
    tx: &mut PgConnection,
    job: FailedJob,
    status: JobStatus,
    decided: &Decided,
    witness: &impl AuditSink,
) -> Result<FailedJob, DecideError> {
    let action = if status == JobStatus::Replayed { "failed_job.replay" } else { "failed_job.discard" };
    let (before, after) = (json!({ "status": job.status }), json!({ "status": status }));
    let (subject, reason) = (format!("failed_job:{}", job.id), Some(decided.reason.clone()));
    witness.record(tx, AuditRecord { action, subject, reason, before: Some(before), after: Some(after) }).await?;
    store::failed_jobs::decide(tx, job.id, status, decided).await?;
    Ok(FailedJob {
        status,
        replays: job.replays + i32::from(status == JobStatus::Replayed),
        decided_at: Some(decided.at),
        decided_by: Some(decided.by.clone()),
        reason: Some(decided.reason.clone()),
        ..job
    })
}

impl From<sqlx::Error> for DecideError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
