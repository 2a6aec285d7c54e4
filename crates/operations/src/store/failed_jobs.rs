//! `operations.failed_jobs`.

use super::{BadRow, FAILED_JOBS};
use crate::model::failed_jobs::{Decision, FailedJob, FailedJobFilter, JobStatus, NewJob};
use crate::model::replays::RunningReplay;
use domain::Timestamp;
use domain::ids::{MessageId, OrderId};
use platform::consistency::StoredRow;
use serde_json::Value;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

const COLUMNS: &str =
    "SELECT id, queue, message_id, type, order_id, correlation_id, payload, headers, error, fingerprint,
    attempts, dead_letter_count, replays, status, first_seen_at, last_seen_at, decided_at, decided_by, reason
    FROM operations.failed_jobs WHERE true";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    queue: String,
    message_id: Uuid,
    r#type: String,
    order_id: Option<Uuid>,
    correlation_id: Option<String>,
    payload: Vec<u8>,
    headers: Value,
    error: String,
    fingerprint: String,
    attempts: i32,
    dead_letter_count: i32,
    replays: i32,
    status: String,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
    decided_at: Option<Timestamp>,
    decided_by: Option<String>,
    reason: Option<String>,
}

/// Upserts dead letters. An open job keeps its counters: the same delivery may be stored repeatedly. A replayed or
/// discarded job is reopened: its message failed again. (After a crash between this insert and the ack it may be the
/// same delivery. The two cases can't be distinguished, and reopening is the safe choice.)
pub async fn upsert(tx: &mut PgConnection, jobs: &[NewJob], now: Timestamp) -> sqlx::Result<()> {
    let id: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let queue: Vec<_> = jobs.iter().map(|job| job.queue.as_str()).collect();
    let message_id: Vec<_> = jobs.iter().map(|job| job.message_id).collect();
    let payload_digest: Vec<_> = jobs.iter().map(|job| job.payload_digest.as_slice()).collect();
    let r#type: Vec<_> = jobs.iter().map(|job| job.type_name.as_str()).collect();
    let order_id: Vec<_> = jobs.iter().map(|job| job.order_id).collect();
    let correlation_id: Vec<_> = jobs.iter().map(|job| job.correlation_id.as_deref()).collect();
    let payload: Vec<_> = jobs.iter().map(|job| job.payload.as_slice()).collect();
    let headers: Vec<_> = jobs.iter().map(|job| job.headers.clone()).collect();
    let error: Vec<_> = jobs.iter().map(|job| job.error.as_str()).collect();
    let fingerprint: Vec<_> = jobs.iter().map(|job| job.fingerprint.as_str()).collect();
    let attempts: Vec<_> = jobs.iter().map(|job| job.attempts).collect();
    sqlx::query!(
        "INSERT INTO operations.failed_jobs AS job
             (id, queue, message_id, payload_digest, type, order_id, correlation_id, payload, headers, error, fingerprint,
              attempts, status, first_seen_at, last_seen_at)
         SELECT unnest($1::uuid[]) AS id, unnest($2::text[]) AS queue, unnest($3::uuid[]) AS message_id,
                unnest($4::bytea[]) AS payload_digest, unnest($5::text[]) AS type, unnest($6::uuid[]) AS order_id,
                unnest($7::text[]) AS correlation_id, unnest($8::bytea[]) AS payload, unnest($9::jsonb[]) AS headers,
                unnest($10::text[]) AS error, unnest($11::text[]) AS fingerprint, unnest($12::integer[]) AS attempts,
                'open' AS status, $13 AS first_seen_at, $13 AS last_seen_at
         ON CONFLICT (queue, message_id, payload_digest) DO UPDATE SET
             last_seen_at = $13,
             error = excluded.error,
             fingerprint = excluded.fingerprint,
             headers = excluded.headers,
             attempts = job.attempts + CASE job.status WHEN 'open' THEN 0 ELSE excluded.attempts END,
             dead_letter_count = job.dead_letter_count + CASE job.status WHEN 'open' THEN 0 ELSE 1 END,
             status = 'open'",
        &id,
        &queue as &[&str],
        &message_id,
        &payload_digest as &[&[u8]],
        &r#type as &[&str],
        &order_id as &[Option<Uuid>],
        &correlation_id as &[Option<&str>],
        &payload as &[&[u8]],
        &headers,
        &error as &[&str],
        &fingerprint as &[&str],
        &attempts,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn list(
    connection: &mut PgConnection,
    filter: &FailedJobFilter,
    limit: u32,
) -> Result<Vec<FailedJob>, BadRow> {
    let mut query = QueryBuilder::new(COLUMNS);
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind::<&str>(status.into());
    }
    if let Some(queue) = filter.queue {
        query.push(" AND queue = ").push_bind::<&str>(queue.into());
    }
    if let Some(fingerprint) = &filter.fingerprint {
        query.push(" AND fingerprint = ").push_bind(fingerprint);
    }
    if let Some(order) = filter.order_id {
        query.push(" AND order_id = ").push_bind(order);
    }
    if let Some(before) = filter.before {
        query.push(" AND id < ").push_bind(before);
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
    let rows: Vec<Row> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(FailedJob::try_from).collect()
}

pub async fn find(connection: &mut PgConnection, id: Uuid) -> Result<Option<FailedJob>, BadRow> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push(" AND id = ").push_bind(id);
    let row: Option<Row> = query.build_query_as().fetch_optional(connection).await?;
    row.map(FailedJob::try_from).transpose()
}

/// Like [`find`], and locks the row until the transaction ends: of two concurrent decisions, the second sees the first.
pub async fn lock(tx: &mut PgConnection, id: Uuid) -> Result<Option<FailedJob>, BadRow> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push(" AND id = ").push_bind(id).push(" FOR NO KEY UPDATE");
    let row: Option<Row> = query.build_query_as().fetch_optional(tx).await?;
    row.map(FailedJob::try_from).transpose()
}

/// Locks the next jobs of a replay, at most `limit`: those that were open when it was requested, and still are.
pub async fn lock_next(tx: &mut PgConnection, replay: &RunningReplay, limit: usize) -> Result<Vec<FailedJob>, BadRow> {
    let mut query = QueryBuilder::new(COLUMNS);
    query.push(" AND status = 'open' AND last_seen_at <= ").push_bind(replay.requested.at);
    if let Some(queue) = replay.filter.queue() {
        query.push(" AND queue = ").push_bind::<&str>(queue.into());
    }
    if let Some(fingerprint) = replay.filter.fingerprint() {
        query.push(" AND fingerprint = ").push_bind(fingerprint);
    }
    if let Some(after) = replay.after_job {
        query.push(" AND id > ").push_bind(after);
    }
    query.push(" ORDER BY id LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX)).push(" FOR NO KEY UPDATE");
    let rows: Vec<Row> = query.build_query_as().fetch_all(tx).await?;
    rows.into_iter().map(FailedJob::try_from).collect()
}

/// Marks the jobs `ids` as replayed by `replay`.
pub async fn mark_replayed(
    tx: &mut PgConnection,
    replay: &RunningReplay,
    ids: &[Uuid],
    now: Timestamp,
) -> sqlx::Result<()> {
    let RunningReplay { id: replay_id, requested: Decision { by: decided_by, reason, .. }, .. } = replay;
    sqlx::query!(
        "UPDATE operations.failed_jobs
         SET status = 'replayed', replays = replays + 1, decided_at = $2, decided_by = $3, reason = $4, replay_id = $5
         WHERE id = ANY($1)",
        ids,
        now,
        decided_by,
        reason,
        replay_id,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn decide(tx: &mut PgConnection, id: Uuid, status: JobStatus, decision: &Decision) -> sqlx::Result<()> {
    let status: &str = status.into();
    let Decision { by: decided_by, reason, at: decided_at } = decision;
    sqlx::query!(
        "UPDATE operations.failed_jobs
         SET status = $2, replays = replays + CASE $2 WHEN 'replayed' THEN 1 ELSE 0 END, decided_at = $3,
             decided_by = $4, reason = $5, replay_id = NULL
         WHERE id = $1",
        id,
        status,
        decided_at,
        decided_by,
        reason,
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl TryFrom<Row> for FailedJob {
    type Error = BadRow;

    fn try_from(row: Row) -> Result<Self, BadRow> {
        Ok(Self {
            status: StoredRow::new(FAILED_JOBS, row.id).read_column("status", row.status.parse())?,
            id: row.id,
            queue: row.queue,
            message_id: MessageId::from_uuid(row.message_id),
            type_name: row.r#type,
            order_id: row.order_id.map(OrderId::from_uuid),
            correlation_id: row.correlation_id,
            payload: row.payload,
            headers: row.headers,
            error: row.error,
            fingerprint: row.fingerprint,
            attempts: row.attempts,
            dead_letter_count: row.dead_letter_count,
            replays: row.replays,
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            reason: row.reason,
        })
    }
}
