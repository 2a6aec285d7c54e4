//! Liveness checks: messages get published, sagas meet their deadlines, sagas of closed orders are not active, and what
//! is removed from one slice is soon removed from all.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

pub async fn unpublished_messages(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'messaging.outbox' AS "place!", format('seq %s (%s)', seq, type) AS "row!",
                  'sent' AS "expected!",
                  format('waiting since %s, tried %s times, last error: %s', created_at, attempts,
                         coalesce(last_error, 'none')) AS "found!"
           FROM messaging.outbox WHERE created_at < $1
           ORDER BY seq LIMIT $2"#,
        scope.published_by,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn overdue_sagas(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.sagas' AS "place!", format('order %s', order_id) AS "row!",
                  'advanced by its deadline' AS "expected!",
                  format('%s at %s, due at %s', phase, coalesce(step, 'no step'), deadline_at) AS "found!"
           FROM orders.sagas WHERE active AND deadline_at < $1
           ORDER BY deadline_at LIMIT $2"#,
        scope.due_by,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn active_sagas_of_closed_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.sagas' AS "place!", format('order %s', s.order_id) AS "row!",
                  'ended' AS "expected!", format('%s, though the order is %s', s.phase, o.status) AS "found!"
           FROM orders.sagas s JOIN orders.orders o ON o.id = s.order_id
           WHERE s.active AND o.status IN ('rejected', 'cancelled')
           ORDER BY s.order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn unfinished_removals(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.removals' AS "place!", format('order %s', order_id) AS "row!",
                  'removed from every schema' AS "expected!", format('in progress since %s', removed_at) AS "found!"
           FROM orders.removals WHERE removed_at < $1
           ORDER BY order_id LIMIT $2"#,
        scope.removed_by,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}
