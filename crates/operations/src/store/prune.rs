//! SQL that deletes failed jobs and audit records whose time has passed.

use domain::Timestamp;
use domain::ids::OrderId;
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

pub async fn orders_with_open_jobs(
    connection: &mut PgConnection,
    orders: &[OrderId],
) -> sqlx::Result<HashSet<OrderId>> {
    let open = sqlx::query_scalar!(
        r#"SELECT DISTINCT order_id AS "order_id!" FROM operations.failed_jobs
           WHERE order_id = ANY($1) AND status = 'open'"#,
        &uuids(orders),
    )
    .fetch_all(connection)
    .await?;
    Ok(open.into_iter().map(OrderId::from_uuid).collect())
}

pub async fn delete_jobs_of_orders(connection: &mut PgConnection, orders: &[OrderId]) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM operations.failed_jobs WHERE order_id = ANY($1) AND status <> 'open'", &uuids(orders))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ids begin with the time when a job was first seen.
pub async fn delete_closed_jobs(tx: &mut PgConnection, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM operations.failed_jobs WHERE id IN
             (SELECT id FROM operations.failed_jobs
              WHERE id < $1 AND status <> 'open' AND decided_at < $2 AND last_seen_at < $2
              ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)",
        OrderId::lower_bound(before).as_uuid(),
        before,
        i64::from(limit),
    )
    .execute(tx)
    .await?;
    Ok(deleted.rows_affected())
}

pub async fn delete_ended_replays(tx: &mut PgConnection, before: Timestamp, limit: u32) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM operations.replays WHERE id IN
             (SELECT id FROM operations.replays AS replay
              WHERE ended_at < $1
                AND NOT EXISTS (SELECT FROM operations.failed_jobs AS job WHERE job.replay_id = replay.id)
              ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        i64::from(limit),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The trigger of the table lets only a transaction with this setting delete entries.
pub async fn delete_audit_records(tx: &mut PgConnection, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    sqlx::query!("SELECT set_config('operations.audit_change', 'prune', true)").fetch_one(&mut *tx).await?;
    let deleted = sqlx::query!(
        "DELETE FROM operations.audit_log WHERE id IN
             (SELECT id FROM (SELECT id, at FROM operations.audit_log ORDER BY id LIMIT $2) AS oldest
              WHERE at < $1)",
        before,
        i64::from(limit),
    )
    .execute(tx)
    .await?;
    Ok(deleted.rows_affected())
}

fn uuids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(OrderId::as_uuid).collect()
}
