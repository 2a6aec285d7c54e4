//! Checks of the money ledger: its sums are the amounts of the payments, and those of the simulated gateway's ledger.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

/// The amounts of a payment must be the sums of its entries, which are written in the same statement. A voided payment
/// holds nothing.
pub async fn unlike_payments(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', coalesce(payment.order_id, entry.order_id)) AS "row!",
                  format('authorized %s, captured %s, voided %s, refunded %s, reversed %s: the sums of its entries',
                         coalesce(authorized, 0), coalesce(captured, 0), coalesce(voided, 0), coalesce(refunded, 0),
                         coalesce(reversed, 0)) AS "expected!",
                  coalesce(format('%s of %s, captured %s, refunded %s, %s of it by its void', payment.status,
                                  payment.amount_minor, payment.captured_minor, payment.refunded_minor,
                                  payment.refunded_by_void_minor), 'no payment') AS "found!"
           FROM payments.payments payment
           FULL JOIN (SELECT order_id, sum(amount_minor) FILTER (WHERE kind = 'authorized') AS authorized,
                             sum(amount_minor) FILTER (WHERE kind = 'captured') AS captured,
                             sum(amount_minor) FILTER (WHERE kind = 'voided') AS voided,
                             sum(amount_minor) FILTER (WHERE kind = 'refunded') AS refunded,
                             sum(amount_minor) FILTER (WHERE kind = 'reversed') AS reversed
                      FROM payments.ledger_entries GROUP BY order_id) AS entry USING (order_id)
           WHERE payment.order_id IS NULL
              OR (coalesce(captured, 0), coalesce(refunded, 0) + coalesce(reversed, 0), coalesce(reversed, 0))
                 <> (payment.captured_minor, payment.refunded_minor, payment.refunded_by_void_minor)
              OR CASE WHEN payment.status IN ('authorized', 'partly_captured', 'captured', 'refunded')
                          THEN (coalesce(authorized, 0), coalesce(voided, 0)) <> (payment.amount_minor, 0)
                      WHEN payment.status = 'voided' THEN coalesce(authorized, 0) <> coalesce(captured, 0) + coalesce(voided, 0)
                      WHEN payment.status = 'voiding' THEN coalesce(voided, 0) <> 0
                      ELSE coalesce(authorized, 0) <> 0 OR coalesce(voided, 0) <> 0 END
           ORDER BY 2 LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// What our ledger says must be what the simulated gateway's says, once no operation is open.
pub async fn unlike_simulated_gateway(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
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
