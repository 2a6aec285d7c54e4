//! `operations.audit_log`.

use crate::audit::{AuditEntry, AuditFilter, Auditor};
use platform::witness::Change;
use sqlx::PgConnection;

pub async fn insert(tx: &mut PgConnection, auditor: &Auditor, change: &Change) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO operations.audit_log (at, actor, action, subject, reason, before, after, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        auditor.at,
        auditor.actor,
        change.action,
        change.subject,
        change.reason,
        change.before,
        change.after,
        auditor.request_id,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn list(connection: &mut PgConnection, filter: &AuditFilter, limit: u32) -> sqlx::Result<Vec<AuditEntry>> {
    sqlx::query_as!(
        AuditEntry,
        "SELECT id, at, actor, action, subject, reason, before, after, request_id
         FROM operations.audit_log
         WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR action = $2)
           AND ($3::text IS NULL OR subject = $3) AND id < coalesce($4, 9223372036854775807)
         ORDER BY id DESC LIMIT $5",
        filter.actor,
        filter.action,
        filter.subject,
        filter.before,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await
}
