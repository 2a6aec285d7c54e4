//! Money: nobody pays twice, nobody pays for nothing, and our books are the gateway's.

use crate::verify::{Offender, Scope};
use sqlx::PgConnection;

pub async fn out_of_bounds(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', order_id) AS "row!",
                  '0 <= refunded <= captured <= authorized' AS "expected!",
                  format('refunded %s, captured %s, authorized %s', refunded_minor, captured_minor, amount_minor)
                      AS "found!"
           FROM payments.payments
           WHERE refunded_minor < 0 OR refunded_minor > captured_minor OR captured_minor > amount_minor
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Asked under two keys, a gateway would charge twice.
pub async fn authorized_twice(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.operations' AS "place!", format('order %s', order_id) AS "row!",
                  'one authorization, charged once at most' AS "expected!",
                  format('%s authorizations, charged %s times', count(*), coalesce(sum(books.charges), 0)) AS "found!"
           FROM payments.operations operation
           LEFT JOIN payments.simulated_gateway_authorizations books ON books.key = operation.provider_key
           WHERE operation.kind = 'authorize'
           GROUP BY order_id HAVING count(*) > 1 OR sum(books.charges) > 1
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// What a payment says was taken and given back is what its operations did.
pub async fn sums_without_operations(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', order_id) AS "row!",
                  format('captured %s, refunded %s: the sums of its operations', coalesce(done.captured, 0),
                         coalesce(done.refunded, 0)) AS "expected!",
                  format('captured %s, refunded %s', payment.captured_minor, payment.refunded_minor) AS "found!"
           FROM payments.payments payment
           LEFT JOIN (SELECT order_id, sum(amount_minor) FILTER (WHERE kind = 'capture') AS captured,
                             sum(amount_minor) FILTER (WHERE kind IN ('refund', 'void')) AS refunded
                      FROM payments.operations WHERE status = 'succeeded' GROUP BY order_id) AS done USING (order_id)
           WHERE (payment.captured_minor, payment.refunded_minor)
                 <> (coalesce(done.captured, 0), coalesce(done.refunded, 0))
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Each payment that nobody works on, or that should be settled by now, against the books of the gateway.
pub async fn unlike_the_gateways_books(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', payment.order_id) AS "row!",
                  format('as the gateway''s books: %s, captured %s, refunded %s', coalesce(books.state, 'nothing'),
                         coalesce(books.captured_minor, 0), coalesce(books.refunded_minor, 0)) AS "expected!",
                  format('%s, captured %s, refunded %s', payment.status, payment.captured_minor,
                         payment.refunded_minor) AS "found!"
           FROM payments.payments payment
           JOIN payments.operations asked ON asked.order_id = payment.order_id AND asked.kind = 'authorize'
           LEFT JOIN payments.simulated_gateway_authorizations books ON books.key = asked.provider_key
           WHERE (payment.updated_at < $2
                  OR NOT EXISTS (SELECT FROM payments.operations open
                                 WHERE open.order_id = payment.order_id AND open.status IN ('started', 'unknown')))
             AND ((payment.captured_minor, payment.refunded_minor)
                      <> (coalesce(books.captured_minor, 0), coalesce(books.refunded_minor, 0))
                  OR (payment.status IN ('authorized', 'partly_captured', 'captured', 'refunded')
                      AND (books.state, books.authorized_minor) IS DISTINCT FROM ('authorized', payment.amount_minor))
                  OR (payment.status IN ('declined', 'voided') AND books.state = 'authorized'))
           ORDER BY payment.order_id LIMIT $1"#,
        scope.offenders_max,
        scope.settled_by
    )
    .fetch_all(tx)
    .await
}

/// Money that the gateway holds or took, which none of our operations asked for.
pub async fn unknown_to_us(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT place AS "place!", format('key %s', key) AS "row!", 'an operation of ours' AS "expected!",
                  format('%s %s', state, amount) AS "found!"
           FROM (SELECT 'payments.simulated_gateway_authorizations' AS place, key, state, authorized_minor AS amount
                 FROM payments.simulated_gateway_authorizations WHERE state = 'authorized'
                 UNION ALL
                 SELECT 'payments.simulated_gateway_movements', key, kind, amount_minor
                 FROM payments.simulated_gateway_movements WHERE state = 'done') AS books
           WHERE NOT EXISTS (SELECT FROM payments.operations WHERE provider_key = books.key)
           ORDER BY place, key LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// Whoever got nothing pays nothing: in our books ...
pub async fn kept_from_the_undone(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', o.id) AS "row!",
                  format('nothing set aside, nothing kept: the order is %s', o.status) AS "expected!",
                  format('%s, captured %s, refunded %s', payment.status, payment.captured_minor,
                         payment.refunded_minor) AS "found!"
           FROM orders.orders o JOIN payments.payments payment ON payment.order_id = o.id
           WHERE o.status IN ('rejected', 'cancelled')
             AND (payment.captured_minor <> payment.refunded_minor
                  OR payment.status NOT IN ('declined', 'voided', 'refunded'))
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// ... and in the gateway's.
pub async fn held_from_the_undone(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.simulated_gateway_authorizations' AS "place!", format('order %s', o.id) AS "row!",
                  format('nothing held: the order is %s', o.status) AS "expected!",
                  format('%s: authorized %s, captured %s, refunded %s, released %s', books.state,
                         books.authorized_minor, books.captured_minor, books.refunded_minor, books.released_minor)
                      AS "found!"
           FROM orders.orders o
           JOIN payments.operations asked ON asked.order_id = o.id AND asked.kind = 'authorize'
           JOIN payments.simulated_gateway_authorizations books ON books.key = asked.provider_key
           WHERE o.status IN ('rejected', 'cancelled')
             AND (books.captured_minor <> books.refunded_minor
                  OR (books.state = 'authorized'
                      AND books.authorized_minor > books.captured_minor + books.released_minor))
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// A confirmed order's total is set aside or taken; of a delivered one all of it is taken.
pub async fn orders_without_money(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', o.id) AS "row!",
                  format('%s %s %s', o.total_minor, o.currency,
                         CASE o.status WHEN 'delivered' THEN 'captured' ELSE 'authorized or captured' END) AS "expected!",
                  coalesce(format('%s: authorized %s %s, captured %s', payment.status, payment.amount_minor,
                                  payment.currency, payment.captured_minor), 'no payment') AS "found!"
           FROM orders.orders o LEFT JOIN payments.payments payment ON payment.order_id = o.id
           WHERE (o.status IN ('confirmed', 'shipped', 'delivered')
                  AND ((payment.amount_minor, payment.currency) IS DISTINCT FROM (o.total_minor, o.currency)
                       OR payment.status NOT IN ('authorized', 'partly_captured', 'captured', 'refunded')))
              OR (o.status = 'delivered' AND payment.captured_minor <> o.total_minor AND o.updated_at < $2)
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max,
        scope.settled_by
    )
    .fetch_all(tx)
    .await
}
