//! Decisions of a person about a failed job: replay or discard it. Repeating a decision has no further effect.

use crate::model::failed_jobs::{FailedJob, JobStatus};
use crate::model::justification::Justification;
use crate::store;
use crate::store::StoreError;
use domain::messages::Queue;
use messaging::dead_letters::{self, NotText};
use messaging::{NoChanges, Outgoing, UnitOfWork, WriteContext};
use platform::audit::{AuditRecord, AuditSink};
use platform::consistency::StoredRow;
use platform::response::ResponseSink;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// How often a job can be replayed: one that fails so often has a cause that a replay can't remove.
const REPLAYS_MAX: i32 = 20;

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
    Store(#[from] StoreError),
}

/// Publishes the message again, with its original id, only to the queue in which it failed.
pub async fn replay(
    context: &WriteContext,
    id: Uuid,
    justification: &Justification,
    recorder: &(impl AuditSink + ResponseSink<FailedJob>),
) -> Result<FailedJob, DecideError> {
    let mut work = UnitOfWork::begin(context).await?;
    let job = match lock(&mut work, id, JobStatus::Replayed).await? {
        LockedJob::Open(job) => job,
        LockedJob::AlreadyDecided(job) => return repeated(work, job, justification, recorder).await,
    };
    work.send([message_of(&job)?]);
    let job = save(&mut work, job, JobStatus::Replayed, justification, recorder).await?;
    recorder.store_response(&mut work, &job).await?;
    work.commit(NoChanges, justification.at).await?;
    Ok(job)
}

/// The message that a replay of the job publishes.
pub(crate) fn message_of(job: &FailedJob) -> Result<Outgoing, DecideError> {
    if job.replays >= REPLAYS_MAX {
        return Err(DecideError::TooOften);
    }
    let stored = StoredRow::new(store::FAILED_JOBS, job.id);
    let queue: Queue = stored.read_column("queue", job.queue.parse()).map_err(StoreError::from)?;
    Ok(dead_letters::replay(queue, job.message_id, job.type_name.clone(), job.payload.clone())?)
}

/// Closes the job without a replay.
pub async fn discard(
    context: &WriteContext,
    id: Uuid,
    justification: &Justification,
    recorder: &(impl AuditSink + ResponseSink<FailedJob>),
) -> Result<FailedJob, DecideError> {
    let mut work = UnitOfWork::begin(context).await?;
    let job = match lock(&mut work, id, JobStatus::Discarded).await? {
        LockedJob::Open(job) => job,
        LockedJob::AlreadyDecided(job) => return repeated(work, job, justification, recorder).await,
    };
    let job = save(&mut work, job, JobStatus::Discarded, justification, recorder).await?;
    recorder.store_response(&mut work, &job).await?;
    work.commit(NoChanges, justification.at).await?;
    Ok(job)
}

/// The same decision was made before; the repeated request may still have an idempotency key of its own.
async fn repeated(
    mut work: UnitOfWork,
    job: FailedJob,
    justification: &Justification,
    responses: &impl ResponseSink<FailedJob>,
) -> Result<FailedJob, DecideError> {
    responses.store_response(&mut work, &job).await?;
    work.commit(NoChanges, justification.at).await?;
    Ok(job)
}

/// A job, locked for a decision.
enum LockedJob {
    Open(FailedJob),
    /// The same decision was made before.
    AlreadyDecided(FailedJob),
}

async fn lock(tx: &mut PgConnection, id: Uuid, wanted: JobStatus) -> Result<LockedJob, DecideError> {
    let job = store::failed_jobs::lock(tx, id).await?.ok_or(DecideError::NotFound)?;
    match job.status {
        JobStatus::Open => Ok(LockedJob::Open(job)),
        decided if decided == wanted => Ok(LockedJob::AlreadyDecided(job)),
        decided => Err(DecideError::Refused(decided, wanted)),
    }
}

async fn save(
    tx: &mut PgConnection,
    job: FailedJob,
    status: JobStatus,
    justification: &Justification,
    audit: &impl AuditSink,
) -> Result<FailedJob, DecideError> {
    let action = if status == JobStatus::Replayed { "failed_job.replay" } else { "failed_job.discard" };
    let (before, after) = (json!({ "status": job.status }), json!({ "status": status }));
    let (subject, reason) = (format!("failed_job:{}", job.id), Some(justification.reason.clone()));
    audit.record(tx, AuditRecord { action, subject, reason, before: Some(before), after: Some(after) }).await?;
    store::failed_jobs::decide(tx, job.id, status, justification).await?;
    Ok(FailedJob {
        status,
        replays: job.replays + i32::from(status == JobStatus::Replayed),
        decided_at: Some(justification.at),
        decided_by: Some(justification.by.clone()),
        reason: Some(justification.reason.clone()),
        ..job
    })
}

impl From<sqlx::Error> for DecideError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
