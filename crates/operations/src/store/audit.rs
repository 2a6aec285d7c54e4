//! `operations.audit_log`.

use crate::model::audit::{AuditEntry, AuditFilter, Auditor};
use platform::audit::AuditRecord;
use sqlx::{PgConnection, QueryBuilder};

pub async fn insert(tx: &mut PgConnection, auditor: &Auditor, change: &AuditRecord) -> sqlx::Result<()> {
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

/// The query contains only the conditions of the filter, so that each combination gets its own plan.
pub async fn list(connection: &mut PgConnection, filter: &AuditFilter, limit: u32) -> sqlx::Result<Vec<AuditEntry>> {
    let mut query = QueryBuilder::new(
        "SELECT id, at, actor, action, subject, reason, before, after, request_id FROM operations.audit_log WHERE true",
    );
    for (column, wanted) in [("actor", &filter.actor), ("action", &filter.action), ("subject", &filter.subject)] {
        if let Some(wanted) = wanted {
            query.push(" AND ").push(column).push(" = ").push_bind(wanted);
        }
    }
    if let Some(before) = filter.before {
        query.push(" AND id < ").push_bind(before);
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
    query.build_query_as().fetch_all(connection).await
}
