//! Checks of the money ledger: its sums are the amounts of the payments.

use crate::model::offender::{Offender, Scope};
use sqlx::PgConnection;

/// The amounts of a payment must be the sums of its entries, which are written in the same statement. A voided payment
/// holds nothing.
pub async fn unlike_payments(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'payments.payments' AS "place!", format('order %s', order_id) AS "row!",
                  format('authorized %s, captured %s, voided %s, refunded %s, reversed %s, written off %s: the sums of its entries',
                         coalesce(authorized, 0), coalesce(captured, 0), coalesce(voided, 0), coalesce(refunded, 0),
                         coalesce(reversed, 0), coalesce(written_off, 0)) AS "expected!",
                  CASE WHEN payment.id IS NULL THEN 'no payment'
                       ELSE format('%s of %s, captured %s, refunded %s, %s of it by its void, given up %s', payment.status,
                                   payment.amount_minor, payment.captured_minor, payment.refunded_minor,
                                   payment.refunded_by_void_minor, coalesce(given_up, 0)) END AS "found!"
           FROM payments.payments payment
           FULL JOIN (SELECT order_id, sum(amount_minor) FILTER (WHERE kind = 'authorized') AS authorized,
                             sum(amount_minor) FILTER (WHERE kind = 'captured') AS captured,
                             sum(amount_minor) FILTER (WHERE kind = 'voided') AS voided,
                             sum(amount_minor) FILTER (WHERE kind = 'refunded') AS refunded,
                             sum(amount_minor) FILTER (WHERE kind = 'reversed') AS reversed,
                             sum(amount_minor) FILTER (WHERE kind = 'written_off') AS written_off
                      FROM payments.ledger_entries GROUP BY order_id) AS entry USING (order_id)
           LEFT JOIN (SELECT order_id, sum(amount_minor) AS given_up FROM payments.operations
                       WHERE status = 'declined' AND written_off_at IS NOT NULL GROUP BY order_id) AS given_up
                  USING (order_id)
           WHERE payment.id IS NULL OR coalesce(written_off, 0) <> coalesce(given_up, 0)
              OR (coalesce(captured, 0), coalesce(refunded, 0) + coalesce(reversed, 0), coalesce(reversed, 0))
                 <> (payment.captured_minor, payment.refunded_minor, payment.refunded_by_void_minor)
              OR CASE WHEN payment.status IN ('authorized', 'partly_captured', 'captured', 'refunded')
                          THEN (coalesce(authorized, 0), coalesce(voided, 0)) <> (payment.amount_minor, 0)
                      WHEN payment.status = 'voided' THEN coalesce(authorized, 0) <> coalesce(captured, 0) + coalesce(voided, 0)
                      WHEN payment.status = 'voiding' THEN coalesce(voided, 0) <> 0
                      ELSE coalesce(authorized, 0) <> 0 OR coalesce(voided, 0) <> 0 END
           ORDER BY order_id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}
