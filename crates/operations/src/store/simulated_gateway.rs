//! Checks of the simulated gateway: its own ledger matches those of our payments that name it. What holds for any
//! gateway is in `money.rs`.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

pub async fn charged_twice(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.simulated_gateway_authorizations' AS "place!", format('order %s', order_id) AS "row!",
                  'charged once at most' AS "expected!", format('charged %s times', sum(provider.charges)) AS "found!"
           FROM payments.operations operation
           JOIN payments.simulated_gateway_authorizations provider ON provider.key = operation.provider_key
           WHERE operation.gateway = 'simulated' AND operation.kind = 'authorize'
           GROUP BY order_id HAVING sum(provider.charges) > 1
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Compares payments with the gateway's ledger: those without an unfinished operation, and those that should be
/// finished by now.
pub async fn unlike_ledger(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', payment.order_id) AS "row!",
                  format('as in the gateway''s ledger: %s, captured %s, refunded %s', coalesce(provider.state, 'nothing'),
                         coalesce(provider.captured_minor, 0), coalesce(provider.refunded_minor, 0)) AS "expected!",
                  format('%s, captured %s, refunded %s', payment.status, payment.captured_minor,
                         payment.refunded_minor) AS "found!"
           FROM payments.payments payment
           JOIN payments.operations requested ON requested.order_id = payment.order_id AND requested.kind = 'authorize'
           LEFT JOIN payments.simulated_gateway_authorizations provider ON provider.key = requested.provider_key
           WHERE payment.gateway = 'simulated'
             AND (payment.updated_at < $2
                  OR NOT EXISTS (SELECT FROM payments.operations open
                                 WHERE open.order_id = payment.order_id AND open.status IN ('started', 'unknown')))
             AND ((payment.captured_minor, payment.refunded_minor)
                      <> (coalesce(provider.captured_minor, 0), coalesce(provider.refunded_minor, 0))
                  OR (payment.status IN ('authorized', 'partly_captured', 'captured', 'refunded')
                      AND (provider.state, provider.authorized_minor) IS DISTINCT FROM ('authorized', payment.amount_minor))
                  OR (payment.status IN ('declined', 'voided') AND provider.state = 'authorized'))
           ORDER BY payment.order_id LIMIT $1"#,
        scope.offenders_max,
        scope.consistent_by
    )
    .fetch_all(tx)
    .await
}

/// Finds authorizations and movements of the gateway that belong to none of our operations.
pub async fn unknown_operations(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", format('key %s', key) AS "row!", 'an operation of ours' AS "expected!",
                  format('%s %s', state, amount) AS "found!"
           FROM (SELECT 'payments.simulated_gateway_authorizations' AS place, key, state, authorized_minor AS amount
                 FROM payments.simulated_gateway_authorizations WHERE state = 'authorized'
                 UNION ALL
                 SELECT 'payments.simulated_gateway_movements', key, kind, amount_minor
                 FROM payments.simulated_gateway_movements WHERE state = 'done') AS provider
           WHERE NOT EXISTS (SELECT FROM payments.operations
                             WHERE provider_key = provider.key AND gateway = 'simulated')
           ORDER BY place, key LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// For a rejected or cancelled order the gateway may hold no money.
pub async fn held_for_closed_orders(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.simulated_gateway_authorizations' AS "place!", format('order %s', o.id) AS "row!",
                  format('nothing held: the order is %s', o.status) AS "expected!",
                  format('%s: authorized %s, captured %s, refunded %s, released %s', provider.state,
                         provider.authorized_minor, provider.captured_minor, provider.refunded_minor, provider.released_minor)
                      AS "found!"
           FROM orders.orders o
           JOIN payments.operations requested ON requested.order_id = o.id AND requested.kind = 'authorize'
           JOIN payments.simulated_gateway_authorizations provider ON provider.key = requested.provider_key
           WHERE requested.gateway = 'simulated' AND o.status IN ('rejected', 'cancelled')
             AND (provider.captured_minor <> provider.refunded_minor
                  OR (provider.state = 'authorized'
                      AND provider.authorized_minor > provider.captured_minor + provider.released_minor))
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// A capture or refund must belong to an authorization.
pub async fn movements_without_authorization(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.simulated_gateway_movements' AS "place!", format('key %s', key) AS "row!",
                  'a row in payments.simulated_gateway_authorizations' AS "expected!", 'none' AS "found!"
           FROM payments.simulated_gateway_movements movement
           WHERE NOT EXISTS (SELECT FROM payments.simulated_gateway_authorizations a
                             WHERE a.key = movement.authorization_key)
           ORDER BY key LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// What our ledger says must be what the simulated gateway's says, once no operation is open.
pub async fn unlike_entries(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.ledger_entries' AS "place!", format('order %s', payment.order_id) AS "row!",
                  format('authorized %s, captured %s, refunded %s, released %s: the gateway''s ledger',
                         coalesce(provider.authorized_minor, 0), coalesce(provider.captured_minor, 0),
                         coalesce(provider.refunded_minor, 0), coalesce(provider.released_minor, 0)) AS "expected!",
                  format('authorized %s, captured %s, refunded %s, voided %s', coalesce(authorized, 0),
                         coalesce(captured, 0), coalesce(refunded, 0), coalesce(voided, 0)) AS "found!"
           FROM payments.payments payment
           JOIN payments.operations requested ON requested.order_id = payment.order_id AND requested.kind = 'authorize'
           LEFT JOIN payments.simulated_gateway_authorizations provider ON provider.key = requested.provider_key
           LEFT JOIN (SELECT order_id, sum(amount_minor) FILTER (WHERE kind = 'authorized') AS authorized,
                             sum(amount_minor) FILTER (WHERE kind = 'captured') AS captured,
                             sum(amount_minor) FILTER (WHERE kind IN ('refunded', 'reversed')) AS refunded,
                             sum(amount_minor) FILTER (WHERE kind = 'voided') AS voided
                      FROM payments.ledger_entries WHERE gateway = 'simulated' GROUP BY order_id) AS entry
                  ON entry.order_id = payment.order_id
           WHERE payment.gateway = 'simulated'
             AND (payment.updated_at < $2
                  OR NOT EXISTS (SELECT FROM payments.operations open
                                 WHERE open.order_id = payment.order_id AND open.status IN ('started', 'unknown')))
             AND (coalesce(authorized, 0), coalesce(captured, 0), coalesce(refunded, 0), coalesce(voided, 0))
                 <> (coalesce(provider.authorized_minor, 0), coalesce(provider.captured_minor, 0),
                     coalesce(provider.refunded_minor, 0), coalesce(provider.released_minor, 0))
           ORDER BY payment.order_id LIMIT $1"#,
        scope.offenders_max,
        scope.consistent_by
    )
    .fetch_all(tx)
    .await
}
