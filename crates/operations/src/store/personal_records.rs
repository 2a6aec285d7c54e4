//! SQL that finds and erases what `operations` has of a person.

use crate::model::audit::AuditEntry;
use domain::ids::PrincipalId;
use sqlx::PgConnection;

/// Each condition has its index. One statement with both and a LIMIT would read the table from its end.
pub async fn audit_entries(
    connection: &mut PgConnection,
    subjects: &[String],
    actors: &[String],
    limit: u32,
) -> sqlx::Result<Vec<AuditEntry>> {
    sqlx::query_as!(
        AuditEntry,
        "SELECT id, at, actor, action, subject, reason, before, after, request_id FROM operations.audit_log
          WHERE id = ANY (ARRAY(SELECT id FROM (SELECT id FROM operations.audit_log WHERE subject = ANY($1)
                                                UNION SELECT id FROM operations.audit_log WHERE actor = ANY($2)) AS found
                                ORDER BY id DESC LIMIT $3))
          ORDER BY id DESC",
        subjects,
        actors,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await
}

/// The trigger of the table lets only a transaction with this setting change entries. The values before and after hold
/// states and settings; the only free text in them is the name of an API key.
pub async fn erase_audit_texts(tx: &mut PgConnection, subjects: &[String]) -> sqlx::Result<()> {
    sqlx::query!("SELECT set_config('operations.audit_change', 'erase', true)").fetch_one(&mut *tx).await?;
    sqlx::query!(
        r#"UPDATE operations.audit_log
              SET reason = CASE WHEN reason IS NOT NULL THEN 'erased' END,
                  before = before || CASE WHEN before ? 'name' THEN '{"name": "erased"}'::jsonb ELSE '{}' END,
                  after = after || CASE WHEN after ? 'name' THEN '{"name": "erased"}'::jsonb ELSE '{}' END
            WHERE subject = ANY($1)"#,
        subjects,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn delete_responses(tx: &mut PgConnection, principals: &[PrincipalId]) -> sqlx::Result<()> {
    let principal: Vec<_> = principals.iter().map(PrincipalId::as_uuid).collect();
    sqlx::query!("DELETE FROM operations.idempotent_responses WHERE principal = ANY($1)", &principal)
        .execute(tx)
        .await?;
    Ok(())
}
