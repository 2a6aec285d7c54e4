//! Old rows go in batches, in any schema, and the checks of `verify` find nothing at any moment.

use super::orders_batch::{self, Slice};
use super::settings::KeptDays;
use super::{ROWS_MAX, Removed, Retention, RetentionArgs};
use domain::Timestamp;
use domain::ids::OrderId;
use operations::verify::{VerifyLimits, verify};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use strum::IntoEnumIterator as _;

const OLD_ORDERS: &str = include_str!("old_orders.sql");
/// Every table with rows of orders, and the condition for those of orders.
const TABLES: &[&str] = &[
    "orders.orders",
    "orders.items",
    "orders.recipients",
    "orders.metadata",
    "orders.events",
    "orders.sagas",
    "orders.idempotency_keys",
    "orders.returns",
    "orders.return_lines",
    "orders.return_counts",
    "orders.return_events",
    "orders.exchanges",
    "orders.removals",
    "inventory.restocks",
    "inventory.reservations",
    "inventory.reservation_lines",
    "inventory.ledger WHERE order_id IS NOT NULL",
    "payments.payments",
    "payments.operations",
    "payments.simulated_gateway_authorizations",
    "payments.simulated_gateway_movements",
    "shipping.bookings",
    "shipping.shipments",
    "shipping.shipment_events",
    "shipping.delays",
    "operations.failed_jobs",
];

fn now() -> Timestamp {
    platform::clock::now()
}

fn orders_after(days: u32) -> Retention {
    Retention::new(RetentionArgs { retention_orders_days: KeptDays::days(days), ..nothing() })
}

fn nothing() -> RetentionArgs {
    let [retention_orders_days, retention_audit_days, retention_failed_jobs_days] = [KeptDays::default(); 3];
    RetentionArgs { retention_orders_days, retention_audit_days, retention_failed_jobs_days }
}

async fn count(pool: &PgPool, rows: &str) -> i64 {
    let query = format!("SELECT count(*) FROM {rows}");
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(pool).await.unwrap_or_else(|error| panic!("{rows}: {error}"))
}

async fn assert_consistent(pool: &PgPool, when: &str) {
    let report = verify(pool, now(), VerifyLimits::default()).await.expect("the checks ran");
    assert!(report.is_clean(), "{when}: {report}");
}

async fn assert_no_order_is_left(pool: &PgPool) {
    for table in TABLES {
        assert_eq!(count(pool, table).await, 0, "{table}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn ended_orders_are_removed_in_batches_and_verify_finds_nothing_before_between_and_after(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let retention = orders_after(30);
    assert_consistent(&pool, "before").await;

    for left in [600 - 256, 600 - 512, 0] {
        retention.remove(&pool, now()).await.expect("removed");
        assert_eq!(count(&pool, "orders.orders").await, left);
        assert_consistent(&pool, &format!("with {left} orders left")).await;
    }

    assert_no_order_is_left(&pool).await;
    assert_eq!(retention.remove(&pool, now()).await.expect("removed"), Removed::default());
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_ledger_keeps_one_sum_per_sku_and_warehouse_and_nobody_else_can_change_it(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let sums = "SELECT sum(on_hand_delta), sum(reserved_delta) FROM inventory.ledger";
    let before: (i64, i64) = sqlx::query_as(sums).fetch_one(&pool).await.expect("sums");

    let retention = orders_after(30);
    for _batch in 0..3 {
        retention.remove(&pool, now()).await.expect("removed");
    }

    let after: (i64, i64) = sqlx::query_as(sums).fetch_one(&pool).await.expect("sums");
    assert_eq!(after, before);
    assert_eq!(count(&pool, "inventory.ledger WHERE kind = 'compacted'").await, 10, "5 SKUs in 2 warehouses");
    assert_eq!(count(&pool, "inventory.ledger WHERE kind = 'received'").await, 10);
    for change in ["DELETE FROM inventory.ledger", "UPDATE inventory.ledger SET on_hand_delta = 0"] {
        let refused = pool.execute(change).await.expect_err(change);
        assert!(refused.to_string().contains("only ever added to"), "{refused}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_kill_between_two_slices_leaves_nothing_to_find_and_is_completed_by_the_next_run(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let before = now() - chrono::TimeDelta::days(30);
    let mut after = None;
    // The process is killed after the removal from the schema of the orders and from so many others.
    for slices in 0..=Slice::iter().count() {
        let ended = orders::ended_orders(&pool, before, after, 50).await.expect("a page");
        after = ended.last().copied();
        let removed = orders::remove_orders(&pool, &ended, before, now()).await.expect("removed");
        assert_eq!(removed, ended);
        for slice in Slice::iter().take(slices) {
            assert!(slice.remove_orders(&pool, &removed).await.expect("removed").is_empty());
        }
        assert_consistent(&pool, &format!("killed after {slices} slices")).await;
    }

    // Whatever the settings are now.
    let completed = Retention::new(nothing()).remove(&pool, now()).await.expect("completed");

    assert_eq!(completed, Removed { orders: 250, ..Removed::default() });
    assert_eq!(count(&pool, "orders.removals").await, 0);
    assert_eq!(count(&pool, "orders.orders").await, 350);
    for table in ["inventory.reservations", "payments.payments"] {
        assert_eq!(count(&pool, table).await, 350, "{table}");
    }
    assert_consistent(&pool, "completed").await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_with_anything_open_or_recent_is_never_removed(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let one = |number: u32| format!("(SELECT id FROM orders.orders ORDER BY id OFFSET {number} LIMIT 1)");
    let open = [
        format!("UPDATE orders.orders SET attention = 'lost' WHERE id = {}", one(0)),
        format!("UPDATE orders.sagas SET phase = 'stuck', active = true WHERE order_id = {}", one(1)),
        format!("UPDATE orders.orders SET updated_at = now() WHERE id = {}", one(2)),
        format!("UPDATE orders.orders SET status = 'shipped' WHERE id = {}", one(5)),
        format!("UPDATE payments.operations SET status = 'unknown' WHERE kind = 'capture' AND order_id = {}", one(8)),
        format!("UPDATE payments.payments SET status = 'voiding' WHERE order_id = {}", one(10)),
        format!("UPDATE inventory.reservation_lines SET state = 'active' WHERE order_id = {}", one(11)),
        format!("UPDATE shipping.shipments SET status = 'in_transit' WHERE order_id = {}", one(14)),
        format!("UPDATE shipping.bookings SET status = 'cancelling' WHERE order_id = {}", one(16)),
        format!(
            "INSERT INTO operations.failed_jobs (id, queue, message_id, payload_digest, type, order_id, payload, headers,
                                                 error, fingerprint, attempts, status, first_seen_at, last_seen_at)
             VALUES (gen_random_uuid(), 'orders', gen_random_uuid(), '', '', {}, '', '{{}}', '', '', 1, 'open', now(), now())",
            one(19)
        ),
        format!(
            "UPDATE orders.returns SET active = true, status = 'approved', deadline_at = now() WHERE order_id = {}",
            one(29)
        ),
    ];
    for change in &open {
        pool.execute(AssertSqlSafe(change.clone())).await.unwrap_or_else(|error| panic!("{change}: {error}"));
    }
    let expected: Vec<_> = [0, 1, 2, 5, 8, 10, 11, 14, 16, 19, 29].into_iter().map(|at| at + 1).collect::<Vec<i64>>();

    let retention = orders_after(30);
    for _batch in 0..4 {
        retention.remove(&pool, now()).await.expect("removed");
    }

    let kept = "SELECT ('x' || right(id::text, 12))::bit(48)::bigint FROM orders.orders ORDER BY id";
    let kept: Vec<i64> = sqlx::query_scalar(kept).fetch_all(&pool).await.expect("rows");
    assert_eq!(kept, expected);
    for table in
        ["payments.payments", "inventory.reservations", "orders.idempotency_keys", "orders.events WHERE version = 1"]
    {
        assert_eq!(count(&pool, table).await, 11, "{table}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_schedulers_at_once_remove_each_order_once(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let (first, second) = (orders_after(30), orders_after(30));

    for _batch in 0..4 {
        let (first, second) = tokio::join!(first.remove(&pool, now()), second.remove(&pool, now()));
        first.expect("removed");
        second.expect("removed");
        assert_consistent(&pool, "two at once").await;
    }

    assert_no_order_is_left(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn without_settings_nothing_is_removed_and_orders_younger_than_the_setting_stay(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let february = "2026-02-01T00:00:00Z".parse().expect("a time");

    assert_eq!(Retention::new(nothing()).remove(&pool, now()).await.expect("removed"), Removed::default());
    assert_eq!(orders_after(40).remove(&pool, february).await.expect("removed"), Removed::default());
    assert_eq!(count(&pool, "orders.orders").await, 600);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_changes_while_it_is_considered_stays(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let before = now() - chrono::TimeDelta::days(30);
    let ended = orders::ended_orders(&pool, before, None, 3).await.expect("a page");
    let mut other = platform::postgres::begin(&pool).await.expect("a transaction");
    let change = "UPDATE orders.orders SET attention = 'refund' WHERE id = $1";
    sqlx::query(change).bind(ended[1].as_uuid()).execute(&mut *other).await.expect("changed");

    let removed = orders::remove_orders(&pool, &ended, before, now()).await.expect("removed");

    assert_eq!(removed, [ended[0], ended[2]]);
    other.rollback().await.expect("rolled back");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_a_slice_still_holds_stays_on_the_list_until_verify_names_it(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let before = now() - chrono::TimeDelta::days(30);
    let ended = orders::ended_orders(&pool, before, None, 3).await.expect("a page");
    let two_hours_ago = now() - chrono::TimeDelta::hours(2);
    let removed = orders::remove_orders(&pool, &ended, before, two_hours_ago).await.expect("removed");
    let hold = "UPDATE payments.payments SET status = 'voiding', decline_reason = NULL WHERE order_id = $1";
    sqlx::query(hold).bind(removed[0].as_uuid()).execute(&pool).await.expect("held");

    let completed = orders_batch::complete(&pool, ROWS_MAX).await.expect("completed");

    assert_eq!(completed, 2);
    assert_eq!(orders::unfinished_removals(&pool, 10).await.expect("a list"), [removed[0]] as [OrderId; 1]);
    let report = verify(&pool, now(), VerifyLimits::default()).await.expect("the checks ran");
    let (check, offender) = report.first_offender().expect("the removal is not finished");
    assert_eq!(check, "flow.removals", "{offender}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn audit_records_and_closed_failed_jobs_go_after_their_time_and_open_jobs_never(pool: PgPool) {
    let job = "INSERT INTO operations.failed_jobs (id, queue, message_id, payload_digest, type, payload, headers, error,
                   fingerprint, attempts, status, first_seen_at, last_seen_at, decided_at, decided_by, reason)
               SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008' || '000000000000000')::uuid,
                      'orders', gen_random_uuid(), '', '', '', '{}', '', '', 1, status, at, at, at, 'admin:1', 'test'
               FROM (VALUES ('2026-01-01'::timestamptz, 'open'), ('2026-01-02', 'replayed'), ('2026-01-03', 'discarded'),
                            (now(), 'discarded')) AS job (at, status)";
    let audit = "INSERT INTO operations.audit_log (at, actor, action, subject, request_id)
                 SELECT at, 'admin:1', 'test', 'test', 'test' FROM (VALUES ('2026-01-01'::timestamptz), (now())) AS a (at)";
    for insert in [job, audit] {
        pool.execute(insert).await.unwrap_or_else(|error| panic!("{insert}: {error}"));
    }
    let days = KeptDays::days(30);
    let retention = RetentionArgs { retention_audit_days: days, retention_failed_jobs_days: days, ..nothing() };

    let removed = Retention::new(retention).remove(&pool, now()).await.expect("removed");

    assert_eq!(removed, Removed { audit_records: 1, failed_jobs: 2, ..Removed::default() });
    assert_eq!(count(&pool, "operations.failed_jobs WHERE status = 'open'").await, 1);
    assert_eq!(count(&pool, "operations.failed_jobs").await, 2);
    assert_eq!(count(&pool, "operations.audit_log").await, 1);
    let refused = pool.execute("DELETE FROM operations.audit_log").await.expect_err("refused");
    assert!(refused.to_string().contains("only ever added to"), "{refused}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn texts_about_removed_orders_do_not_outlive_them_in_the_audit_log(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let texts = "INSERT INTO operations.audit_log (at, actor, action, subject, reason, request_id)
                 SELECT now(), 'vendor:1', 'order.cancel', 'order:' || id, 'Jane called', 'test' FROM orders.orders
                 UNION ALL
                 SELECT now(), 'vendor:1', 'shipment.report', 'shipment:' || coalesce(tracking_number, id::text), 'at Jane''s',
                        'test' FROM shipping.shipments";
    pool.execute(texts).await.expect("inserted");

    for _batch in 0..3 {
        orders_after(30).remove(&pool, now()).await.expect("removed");
    }

    assert_eq!(count(&pool, "operations.audit_log WHERE reason = 'erased'").await, 1_000);
    assert_eq!(count(&pool, "operations.audit_log WHERE reason <> 'erased'").await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_that_can_not_be_removed_do_not_keep_other_rows_from_it(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let obstacle = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
                    CREATE TRIGGER refuse BEFORE DELETE ON payments.payments EXECUTE FUNCTION refuse();
                    INSERT INTO operations.audit_log (at, actor, action, subject, request_id)
                    VALUES ('2026-01-02', 'admin:1', 'user.disable', 'user:1', 'test')";
    pool.execute(obstacle).await.expect("created");
    let days = KeptDays::days(30);
    let retention =
        Retention::new(RetentionArgs { retention_orders_days: days, retention_audit_days: days, ..nothing() });

    for _run in 0..2 {
        retention.remove(&pool, now()).await.expect_err("refused");
    }

    assert_eq!(count(&pool, "operations.audit_log").await, 0);
    pool.execute("DROP TRIGGER refuse ON payments.payments").await.expect("dropped");
    while retention.remove(&pool, now()).await.expect("removed") != Removed::default() {}
    assert_no_order_is_left(&pool).await;
    assert_consistent(&pool, "after").await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_payment_of_a_free_order_is_not_open_after_its_end(pool: PgPool) {
    pool.execute(OLD_ORDERS).await.expect("inserted");
    let free = "UPDATE payments.payments SET status = 'authorized', amount_minor = 0, captured_minor = 0
                 WHERE status = 'captured'";
    pool.execute(free).await.expect("changed");
    let ids = sqlx::query_scalar("SELECT order_id FROM payments.payments").fetch_all(&pool).await.expect("ids");
    let ids: Vec<_> = ids.into_iter().map(OrderId::from_uuid).collect();

    assert_eq!(payments::open_orders(&pool, &ids).await.expect("none").len(), 0);
    pool.execute("UPDATE payments.payments SET amount_minor = 1").await.expect("changed");
    assert_eq!(payments::open_orders(&pool, &ids).await.expect("some").len(), 200);
}
