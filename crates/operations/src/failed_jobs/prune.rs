//! Deletes failed jobs that a person has closed. An open job is never deleted.

use crate::store;
use domain::Timestamp;
use domain::ids::OrderId;
use sqlx::PgPool;
use std::collections::HashSet;

/// Those of `orders` that have an open failed job.
pub async fn orders_with_open_jobs(pool: &PgPool, orders: &[OrderId]) -> sqlx::Result<HashSet<OrderId>> {
    store::prune::orders_with_open_jobs(&mut *platform::postgres::reader(pool).await?, orders).await
}

/// Deletes the closed failed jobs of removed orders.
pub async fn delete_jobs_of_orders(pool: &PgPool, orders: &[OrderId]) -> sqlx::Result<()> {
    let mut connection = platform::postgres::writer(pool).await?;
    store::prune::delete_jobs_of_orders(&mut connection, orders).await?;
    connection.commit().await
}

/// Deletes at most `limit` jobs that were closed before `before` and have not failed since, and as many replays that
/// have no jobs any more. Returns the number of jobs.
pub async fn prune_failed_jobs(pool: &PgPool, before: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let mut tx = platform::postgres::begin(pool).await?;
    let jobs = store::prune::delete_closed_jobs(&mut tx, before, limit).await?;
    store::prune::delete_ended_replays(&mut tx, before, limit).await?;
    tx.commit().await?;
    Ok(jobs)
}
