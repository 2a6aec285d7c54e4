//! Whether the relays publish at all.

use sqlx::PgConnection;

/// A message that waits longer than this for its first attempt is delayed by an unavailable broker.
const WAIT_MAX_SECONDS: f64 = 10.0;

/// The age of the oldest unpublished message, if it is older than [`WAIT_MAX_SECONDS`]: the broker is unavailable, or
/// refuses it.
pub async fn unpublished_seconds(connection: &mut PgConnection) -> sqlx::Result<Option<f64>> {
    sqlx::query_scalar!(
        r#"SELECT extract(epoch FROM now() - oldest.created_at)::float8 AS "waited!"
             FROM (SELECT created_at FROM messaging.outbox ORDER BY seq LIMIT 1) AS oldest
            WHERE oldest.created_at < now() - make_interval(secs => $1)"#,
        WAIT_MAX_SECONDS
    )
    .fetch_optional(connection)
    .await
}

/// True while the outbox grows because messages are not published. Retrying commands would then only make it longer. A
/// single message that the broker refused does not count.
pub async fn is_stalled(tx: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM (SELECT created_at FROM messaging.outbox WHERE attempts = 0 ORDER BY seq LIMIT 1) oldest
               WHERE oldest.created_at < now() - make_interval(secs => $1)
           ) AS "stalled!""#,
        WAIT_MAX_SECONDS
    )
    .fetch_one(tx)
    .await
}
