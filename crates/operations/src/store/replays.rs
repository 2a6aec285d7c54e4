//! `operations.replays`.

use super::{REPLAYS, StoreError};
use crate::model::justification::Justification;
use crate::model::rate_ramp::RateRamp;
use crate::model::replays::{Progress, Replay, ReplayFilter, ReplayStatus, RunningReplay};
use domain::Timestamp;
use domain::messages::Queue;
use platform::consistency::{Inconsistency, StoredRow};
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

const COLUMNS: &str = "SELECT id, queue, fingerprint, rate_per_s, ramp_s, status, total, replayed, skipped, requested_at, requested_by, reason, ended_at,
    (SELECT count(*) FROM operations.failed_jobs AS job WHERE job.replay_id = replay.id AND job.status = 'open') AS failed_again
    FROM operations.replays AS replay WHERE true";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    queue: Option<String>,
    fingerprint: Option<String>,
    rate_per_s: i32,
    ramp_s: i32,
    status: String,
    total: i64,
    replayed: i64,
    skipped: i64,
    failed_again: i64,
    requested_at: Timestamp,
    requested_by: String,
    reason: String,
    ended_at: Option<Timestamp>,
}

/// Counts the matching jobs that were open at that time; later failures are not part of the replay.
pub async fn count_open(tx: &mut PgConnection, filter: &ReplayFilter, last_seen_until: Timestamp) -> sqlx::Result<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM operations.failed_jobs WHERE status = 'open'");
    query.push(" AND last_seen_at <= ").push_bind(last_seen_until);
    if let Some(queue) = filter.queue() {
        query.push(" AND queue = ").push_bind::<&str>(queue.into());
    }
    if let Some(fingerprint) = filter.fingerprint() {
        query.push(" AND fingerprint = ").push_bind(fingerprint);
    }
    query.build_query_scalar().fetch_one(tx).await
}

/// Returns false when another replay is running.
pub async fn insert_unless_running(tx: &mut PgConnection, replay: &Replay) -> sqlx::Result<bool> {
    let (status, queue): (&str, Option<&str>) = (replay.status.into(), replay.filter.queue().map(Into::into));
    let inserted = sqlx::query!(
        "INSERT INTO operations.replays
             (id, queue, fingerprint, rate_per_s, ramp_s, status, total, credited_at, requested_at, requested_by, reason, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)
         ON CONFLICT (status) WHERE status = 'running' DO NOTHING",
        replay.id,
        queue,
        replay.filter.fingerprint(),
        i32::try_from(replay.rate_ramp.rate_per_s()).expect("a rate is small"),
        i32::try_from(replay.rate_ramp.ramp_s()).expect("a ramp is short"),
        status,
        replay.total,
        replay.requested_at,
        replay.requested_by,
        replay.reason,
        replay.ended_at,
    )
    .execute(tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub async fn list(connection: &mut PgConnection, before: Option<Uuid>, limit: u32) -> Result<Vec<Replay>, StoreError> {
    let mut query = QueryBuilder::new(COLUMNS);
    if let Some(before) = before {
        query.push(" AND id < ").push_bind(before);
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<Row> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(Replay::try_from).collect()
}

pub async fn find(connection: &mut PgConnection, id: Uuid) -> Result<Option<Replay>, StoreError> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push(" AND id = ").push_bind(id);
    let row: Option<Row> = query.build_query_as().fetch_optional(connection).await?;
    row.map(Replay::try_from).transpose()
}

/// Locks the running replay until the transaction ends. `None` when none runs, or another transaction has locked it.
pub async fn lock_running(tx: &mut PgConnection) -> Result<Option<RunningReplay>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, queue, fingerprint, rate_per_s, ramp_s, after_job, credited_at, credit, requested_at, requested_by, reason
         FROM operations.replays WHERE status = 'running' FOR NO KEY UPDATE SKIP LOCKED"
    )
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let stored = StoredRow::new(REPLAYS, row.id);
    Ok(Some(RunningReplay {
        id: row.id,
        filter: filter(&stored, row.queue.as_deref(), row.fingerprint)?,
        rate_ramp: rate_ramp(&stored, row.rate_per_s, row.ramp_s)?,
        requested: Justification { by: row.requested_by, reason: row.reason, at: row.requested_at },
        after_job: row.after_job,
        credited_at: row.credited_at,
        credit: stored.read_column("credit", u64::try_from(row.credit))?,
    }))
}

/// Locks the replay until the transaction ends; waits for other transactions that have locked it.
pub async fn lock_status(tx: &mut PgConnection, id: Uuid) -> Result<Option<ReplayStatus>, StoreError> {
    let lock = sqlx::query_scalar!("SELECT status FROM operations.replays WHERE id = $1 FOR NO KEY UPDATE", id);
    let stored = StoredRow::new(REPLAYS, id);
    let status = lock.fetch_optional(tx).await?.map(|status| stored.read_column("status", status.parse()));
    Ok(status.transpose()?)
}

pub async fn save(tx: &mut PgConnection, id: Uuid, progress: &Progress, now: Timestamp) -> sqlx::Result<()> {
    let count = |jobs: usize| i64::try_from(jobs).unwrap_or(i64::MAX);
    sqlx::query!(
        "UPDATE operations.replays
         SET replayed = replayed + $2, skipped = skipped + $3, after_job = $4, credit = $5, credited_at = GREATEST(credited_at, $6::timestamptz),
             status = CASE WHEN $7::boolean THEN 'done' ELSE status END,
             ended_at = CASE WHEN $7::boolean THEN $6::timestamptz END
         WHERE id = $1",
        id,
        count(progress.replayed),
        count(progress.skipped),
        progress.after_job,
        i64::try_from(progress.credit).unwrap_or(i64::MAX),
        now,
        progress.is_done,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn cancel(tx: &mut PgConnection, id: Uuid, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!("UPDATE operations.replays SET status = 'cancelled', ended_at = $2 WHERE id = $1", id, now)
        .execute(tx)
        .await?;
    Ok(())
}

impl TryFrom<Row> for Replay {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let stored = StoredRow::new(REPLAYS, row.id);
        Ok(Self {
            id: row.id,
            filter: filter(&stored, row.queue.as_deref(), row.fingerprint)?,
            rate_ramp: rate_ramp(&stored, row.rate_per_s, row.ramp_s)?,
            status: stored.read_column("status", row.status.parse())?,
            total: row.total,
            replayed: row.replayed,
            skipped: row.skipped,
            failed_again: row.failed_again,
            requested_at: row.requested_at,
            requested_by: row.requested_by,
            reason: row.reason,
            ended_at: row.ended_at,
        })
    }
}

fn filter(
    stored: &StoredRow<Uuid>,
    queue: Option<&str>,
    fingerprint: Option<String>,
) -> Result<ReplayFilter, Inconsistency> {
    let queue: Option<Queue> = stored.read_column("queue", queue.map(str::parse).transpose())?;
    let filter = ReplayFilter::new(queue, fingerprint);
    filter.ok_or_else(|| stored.inconsistent("queue", "it is missing, and so is the fingerprint"))
}

fn rate_ramp(stored: &StoredRow<Uuid>, rate_per_s: i32, ramp_s: i32) -> Result<RateRamp, Inconsistency> {
    stored.read_column("rate_per_s", RateRamp::new(rate_per_s.into(), ramp_s.into()))
}
