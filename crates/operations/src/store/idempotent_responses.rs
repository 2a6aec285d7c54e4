//! `operations.idempotent_responses`: stored responses.

use crate::model::idempotent_responses::{EarlierUse, RequestKey, StoredResponse};
use domain::Timestamp;
use sqlx::PgConnection;

pub async fn find(
    connection: &mut PgConnection,
    request: &RequestKey,
    kept_since: Timestamp,
) -> sqlx::Result<Option<EarlierUse>> {
    let row = sqlx::query!(
        "SELECT fingerprint, status, location, body FROM operations.idempotent_responses
          WHERE principal = $1 AND route = $2 AND key = $3 AND created_at >= $4",
        request.principal.as_uuid(),
        request.route,
        request.key,
        kept_since,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        if row.fingerprint != request.fingerprint {
            return EarlierUse::Other;
        }
        let status = u16::try_from(row.status).unwrap_or_default();
        EarlierUse::Same(StoredResponse { status, location: row.location, body: row.body })
    }))
}

pub async fn insert(
    tx: &mut PgConnection,
    request: &RequestKey,
    response: &StoredResponse,
    kept_since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let stored = sqlx::query!(
        "INSERT INTO operations.idempotent_responses AS kept (principal, route, key, fingerprint, status, location, body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (principal, route, key) DO UPDATE
            SET fingerprint = EXCLUDED.fingerprint, status = EXCLUDED.status, location = EXCLUDED.location,
                body = EXCLUDED.body, created_at = EXCLUDED.created_at
          WHERE kept.created_at < $9",
        request.principal.as_uuid(),
        request.route,
        request.key,
        request.fingerprint.as_slice(),
        i16::try_from(response.status).unwrap_or_default(),
        response.location,
        response.body,
        now,
        kept_since,
    )
    .execute(tx)
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// A key that is used again at the same time is not deleted: its row is locked, or no longer old enough.
pub async fn delete(connection: &mut PgConnection, older_than: Timestamp, limit: u32) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM operations.idempotent_responses
          WHERE ctid = ANY (ARRAY (SELECT ctid FROM operations.idempotent_responses
                                    WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
        older_than,
        i64::from(limit),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
