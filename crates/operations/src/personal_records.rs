//! What this slice knows of a person: audit entries about them, responses to their requests, and failed jobs of their
//! orders.

use crate::model::audit::AuditEntry;
use crate::store;
use domain::ids::{OrderId, PrincipalId};
use sqlx::{PgConnection, PgPool};

/// At most `limit` entries about any of `subjects` or by any of `actors`, newest first.
pub async fn audit_entries(
    pool: &PgPool,
    subjects: &[String],
    actors: &[String],
    limit: u32,
) -> sqlx::Result<Vec<AuditEntry>> {
    store::personal_records::audit_entries(&mut *platform::postgres::reader(pool).await?, subjects, actors, limit).await
}

/// Replaces the free texts of all entries about `subjects`: who changed what, and when, stays.
pub async fn erase_audit_texts(tx: &mut PgConnection, subjects: &[String]) -> sqlx::Result<()> {
    store::personal_records::erase_audit_texts(tx, subjects).await
}

/// Erases what this slice has of erased orders: the texts of the entries about `subjects`, and their closed failed jobs.
pub async fn erase_orders(pool: &PgPool, orders: &[OrderId], subjects: &[String]) -> sqlx::Result<()> {
    let mut tx = platform::postgres::begin(pool).await?;
    store::personal_records::erase_audit_texts(&mut tx, subjects).await?;
    store::prune::delete_jobs_of_orders(&mut tx, orders).await?;
    tx.commit().await
}

/// Deletes the stored responses to requests of these principals.
pub async fn delete_responses(tx: &mut PgConnection, principals: &[PrincipalId]) -> sqlx::Result<()> {
    store::personal_records::delete_responses(tx, principals).await
}
