//! What `orderctl verify` asks of our books and the simulated gateway's: each query names offenders.

use domain::ids::OrderId;
use domain::payment::Operation;
use sqlx::{AssertSqlSafe, FromRow, PgPool};

/// Two sets of books, one truth. What is still being asked is no offence yet.
const BOOKS_DIFFER: &str = "
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

/// Counters are the sums of what was done.
const SUMS_DIFFER: &str = "
    SELECT format('%s: captured %s of %s, refunded %s of %s', payment.order_id, payment.captured_minor,
                  done.captured, payment.refunded_minor, done.refunded + payment.given_back_minor)
    FROM payments.payments AS payment
    CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'capture' AND status = 'succeeded'), 0) AS captured,
               COALESCE(SUM(amount_minor) FILTER (WHERE kind = 'refund' AND status = 'succeeded'), 0) AS refunded,
               COUNT(*) FILTER (WHERE status IN ('started', 'unknown')) AS open
        FROM payments.operations AS operation WHERE operation.order_id = payment.order_id) AS done
    WHERE done.open = 0
      AND (payment.captured_minor <> done.captured
           OR payment.refunded_minor <> done.refunded + payment.given_back_minor)";

/// The gateway's own counters are the sums of its own entries.
const GATEWAY_SUMS_DIFFER: &str = "
    SELECT format('%s: captured %s of %s, refunded %s of %s', page.key, page.captured_minor, done.captured,
                  page.refunded_minor, done.refunded + page.given_back_minor)
    FROM payments.simulated_gateway_authorizations AS page
    LEFT JOIN (SELECT authorization_key,
                      SUM(CASE WHEN kind = 'capture' THEN amount_minor ELSE 0 END) AS captured,
                      SUM(CASE WHEN kind = 'refund' THEN amount_minor ELSE 0 END) AS refunded
               FROM payments.simulated_gateway_movements WHERE state = 'done' GROUP BY authorization_key) AS done
           ON done.authorization_key = page.key
    WHERE page.captured_minor <> COALESCE(done.captured, 0)
       OR page.refunded_minor <> COALESCE(done.refunded, 0) + page.given_back_minor";

/// Nothing is left in doubt.
const UNSETTLED: &str = "
    SELECT format('%s: %s %s is %s', order_id, kind, subject, status)
    FROM payments.operations WHERE status IN ('started', 'unknown')";

/// What the gateway's books hold under one authorization.
#[derive(Debug, PartialEq, Eq, FromRow)]
pub struct Page {
    pub state: String,
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub released_minor: i64,
    pub charges: i32,
    pub authorize_calls: i32,
}

pub async fn page(pool: &PgPool, order: OrderId) -> Option<Page> {
    let page =
        "SELECT state, authorized_minor, captured_minor, refunded_minor, released_minor, charges, authorize_calls
                FROM payments.simulated_gateway_authorizations WHERE key = $1";
    let key = Operation::Authorize.key(order).as_uuid();
    sqlx::query_as(page).bind(key).fetch_optional(pool).await.expect("books")
}

/// Our books and the gateway's agree wherever nothing is in doubt.
pub async fn check(pool: &PgPool) {
    for query in [BOOKS_DIFFER, SUMS_DIFFER, GATEWAY_SUMS_DIFFER] {
        assert_no_offenders(pool, query).await;
    }
}

/// The books agree, and nothing is in doubt.
pub async fn check_settled(pool: &PgPool) {
    assert_no_offenders(pool, UNSETTLED).await;
    check(pool).await;
}

async fn assert_no_offenders(pool: &PgPool, query: &'static str) {
    let offenders: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(pool).await.expect("an answer");
    assert!(offenders.is_empty(), "{offenders:#?}");
}
