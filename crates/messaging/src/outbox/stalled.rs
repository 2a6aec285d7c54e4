//! Whether the relays carry anything at all.

use sqlx::PgConnection;

/// A message that waits longer than this for its first try, waits for a broker.
const WAIT_MAX_SECONDS: f64 = 10.0;

/// How long the oldest message has waited, if that is longer than it should be: the broker is away, or refuses it.
pub async fn undrained_seconds(connection: &mut PgConnection) -> sqlx::Result<Option<f64>> {
    sqlx::query_scalar!(
        r#"SELECT extract(epoch FROM now() - oldest.created_at)::float8 AS "waited!"
             FROM (SELECT created_at FROM messaging.outbox ORDER BY seq LIMIT 1) AS oldest
            WHERE oldest.created_at < now() - make_interval(secs => $1)"#,
        WAIT_MAX_SECONDS
    )
    .fetch_optional(connection)
    .await
}

/// True while messages pile up: asking anything again would only make the pile higher. A message that the broker
/// refused by itself does not count.
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
