//! Consistency checks between the payments and the simulated gateway's ledger, as in `orderctl verify`. Each query
//! returns the violations.

use domain::ids::OrderId;
use domain::payment::Operation;
use sqlx::{AssertSqlSafe, FromRow, PgPool};

/// The payments and the gateway's ledger must agree, except for payments with an operation of unknown outcome.
const LEDGERS_DIFFER: &str = "
    SELECT format('%s: %s, captured %s, refunded %s; the gateway: %s, captured %s, refunded %s',
                  COALESCE(ours.order_id, theirs.key), ours.status, ours.captured_minor, ours.refunded_minor,
                  theirs.state, theirs.captured_minor, theirs.refunded_minor)
    FROM (SELECT payment.*, operation.provider_key
          FROM payments.payments AS payment
          LEFT JOIN payments.operations AS operation
                 ON operation.order_id = payment.order_id AND operation.kind = 'authorize') AS ours
    FULL JOIN payments.simulated_gateway_authorizations AS theirs ON theirs.key = ours.provider_key
    WHERE NOT EXISTS (SELECT 1 FROM payments.operations AS open
                      WHERE open.order_id = ours.order_id AND open.status IN ('started', 'unknown'))
      AND (COALESCE(ours.captured_minor, 0) <> COALESCE(theirs.captured_minor, 0)
           OR COALESCE(ours.refunded_minor, 0) <> COALESCE(theirs.refunded_minor, 0)
           OR (COALESCE(ours.status, 'none') IN ('authorized', 'partly_captured', 'captured', 'refunded'))
              <> (COALESCE(theirs.state, 'none') = 'authorized')
           OR (ours.order_id IS NULL AND theirs.charges > 0))";

/// The sums of a payment must equal the sums of its succeeded operations.
const SUMS_DIFFER: &str = "
    SELECT format('%s: captured %s of %s, refunded %s of %s', payment.order_id, payment.captured_minor,
                  done.captured, payment.refunded_minor, done.refunded + payment.refunded_by_void_minor)
    FROM payments.payments AS payment
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'capture' AND status = 'succeeded'), 0) AS captured,
               COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'refund' AND status = 'succeeded'), 0) AS refunded,
               COUNT(*) FILTER (WHERE status IN ('started', 'unknown')) AS open
        FROM payments.operations AS operation WHERE operation.order_id = payment.order_id) AS done
    WHERE done.open = 0
      AND (payment.captured_minor <> done.captured
           OR payment.refunded_minor <> done.refunded + payment.refunded_by_void_minor)";

/// The sums of an authorization must equal the sums of its captures and refunds.
const GATEWAY_SUMS_DIFFER: &str = "
    SELECT format('%s: captured %s of %s, refunded %s of %s', page.key, page.captured_minor, done.captured,
                  page.refunded_minor, done.refunded + page.refunded_by_void_minor)
    FROM payments.simulated_gateway_authorizations AS page
    LEFT JOIN (SELECT authorization_key,
                      SUM(CASE WHEN kind = 'capture' THEN amount_minor ELSE 0 END) AS captured,
                      SUM(CASE WHEN kind = 'refund' THEN amount_minor ELSE 0 END) AS refunded
               FROM payments.simulated_gateway_movements WHERE state = 'done' GROUP BY authorization_key) AS done
           ON done.authorization_key = page.key
    WHERE page.captured_minor <> COALESCE(done.captured, 0)
       OR page.refunded_minor <> COALESCE(done.refunded, 0) + page.refunded_by_void_minor";

/// The amounts of a payment must be the sums of its ledger entries.
const ENTRIES_DIFFER: &str = "
    SELECT format('%s: %s of %s, captured %s, refunded %s; the entries: %s', payment.order_id, payment.status,
                  payment.amount_minor, payment.captured_minor, payment.refunded_minor, entries.*)
    FROM payments.payments AS payment
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'authorized'), 0) AS authorized,
               COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'captured'), 0) AS captured,
               COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'voided'), 0) AS voided,
               COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'refunded'), 0) AS refunded,
               COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'reversed'), 0) AS reversed,
               COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'written_off'), 0) AS written_off
        FROM payments.ledger_entries AS entry WHERE entry.order_id = payment.order_id) AS entries
    WHERE written_off <> (SELECT COALESCE(SUM(operation.amount_minor), 0) FROM payments.operations AS operation
                          WHERE operation.order_id = payment.order_id AND written_off_at IS NOT NULL
                            AND operation.status = 'declined')
       OR captured <> captured_minor OR refunded + reversed <> refunded_minor OR reversed <> refunded_by_void_minor
       OR (status IN ('authorized', 'partly_captured', 'captured', 'refunded')
           AND (authorized, voided) IS DISTINCT FROM (amount_minor::numeric, 0::numeric))
       OR (status IN ('authorizing', 'declined') AND authorized + captured + voided + refunded + reversed <> 0)
       OR (status = 'voided' AND authorized <> captured + voided)";

/// No operation may have an unknown outcome.
const UNSETTLED: &str = "
    SELECT format('%s: %s %s is %s', order_id, kind, subject, status)
    FROM payments.operations WHERE status IN ('started', 'unknown')";

/// An authorization in the gateway's ledger.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub struct LedgerRow {
    pub state: String,
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub released_minor: i64,
    pub charges: i32,
    pub authorize_calls: i32,
}

pub async fn ledger_row(pool: &PgPool, order: OrderId) -> Option<LedgerRow> {
    let query =
        "SELECT state, authorized_minor, captured_minor, refunded_minor, released_minor, charges, authorize_calls
                FROM payments.simulated_gateway_authorizations WHERE key = $1";
    let key = Operation::Authorize.key(order).as_uuid();
    sqlx::query_as(query).bind(key).fetch_optional(pool).await.expect("a ledger")
}

/// The payments and the gateway's ledger agree, apart from operations of unknown outcome.
pub async fn assert_consistent(pool: &PgPool) {
    for query in [LEDGERS_DIFFER, SUMS_DIFFER, GATEWAY_SUMS_DIFFER, ENTRIES_DIFFER] {
        assert_no_violations(pool, query).await;
    }
}

/// The payments and the gateway's ledger agree, and no operation has an unknown outcome.
pub async fn assert_settled(pool: &PgPool) {
    assert_no_violations(pool, UNSETTLED).await;
    assert_consistent(pool).await;
}

async fn assert_no_violations(pool: &PgPool, query: &'static str) {
    let violations: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(pool).await.expect("rows");
    assert!(violations.is_empty(), "{violations:#?}");
}
