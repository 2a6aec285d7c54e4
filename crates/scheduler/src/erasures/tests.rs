//! An erasure leaves no text of the customer in any table, and every amount as it was.

use super::complete_erasures;
use accounts::pending_erasures;
use chrono::TimeDelta;
use domain::Timestamp;
use operations::verify::{VerifyLimits, verify};
use sqlx::{AssertSqlSafe, Executor, PgPool};

const OLD_ORDERS: &str = include_str!("../retention/old_orders.sql");
/// Makes the 600 orders those of one customer, who is named in every text that a person can enter.
const QUETZAL: &str = "
    UPDATE orders.orders SET customer_id = '99999999-9999-9999-9999-999999999999', note = 'Ring at Quetzal',
        external_ref = 'quetzal-' || id, reason = CASE status WHEN 'cancelled' THEN 'Quetzal changed her mind' END;
    UPDATE orders.metadata SET customer_id = '99999999-9999-9999-9999-999999999999', value = 'Quetzal';
    UPDATE orders.recipients SET name = 'Jane Quetzal', line1 = '1 Quetzal Lane', email = 'quetzal@example.com';
    UPDATE orders.idempotency_keys SET key = 'quetzal-' || key;
    UPDATE orders.events SET kind = 'cancelling', detail = '{\"reason\": \"mistake\", \"note\": \"for Quetzal\"}'
        WHERE to_status = 'cancelling';
    UPDATE orders.events SET kind = 'cancelling', detail = '{\"reason\": \"Quetzal\"}' WHERE to_status = 'cancelled';
    UPDATE orders.events SET kind = 'step_marked_done', detail = '{\"step\": \"void\", \"evidence\": \"Quetzal called\"}'
        WHERE to_status = 'rejected';
    UPDATE shipping.shipment_events SET note = 'left at Quetzal''s neighbour';
    INSERT INTO operations.audit_log (at, actor, action, subject, reason, before, after, request_id)
    SELECT '2026-01-02', 'customer:99999999-9999-9999-9999-999999999999', 'order.cancel', 'order:' || id,
           'other: Quetzal', '{\"status\": \"pending\"}', '{\"status\": \"cancelling\"}', 'test' FROM orders.orders;
    INSERT INTO operations.audit_log (at, actor, action, subject, reason, before, after, request_id)
    SELECT '2026-01-02', 'vendor:1', 'shipment.report', 'shipment:' || coalesce(tracking_number, id::text),
           'left at Quetzal''s', NULL, NULL, 'test' FROM shipping.shipments;
    INSERT INTO operations.failed_jobs (id, queue, message_id, payload_digest, type, order_id, payload, headers, error,
        fingerprint, attempts, status, first_seen_at, last_seen_at, decided_at, decided_by, reason)
    SELECT gen_random_uuid(), 'orders', gen_random_uuid(), '', '', id, '', '{}', 'Quetzal', '', 1, 'discarded', now(), now(),
           now(), 'admin:1', 'Quetzal' FROM orders.orders LIMIT 3;
    INSERT INTO accounts.users (id, email, password_hash, role, created_at, updated_at)
    VALUES ('99999999-9999-9999-9999-999999999999', 'erased-9@erased.invalid', '', 'customer', now(), now());
    INSERT INTO accounts.refresh_families (id, user_id, created_at, client_address, user_agent)
    VALUES (gen_random_uuid(), '99999999-9999-9999-9999-999999999999', now(), '192.0.2.17', 'Quetzal/1.0');
    INSERT INTO accounts.erasures (user_id, requested_at, requested_by)
    VALUES ('99999999-9999-9999-9999-999999999999', now(), gen_random_uuid());";
/// What was ordered, paid, shipped and moved.
const ACCOUNTING: &str = "
    SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM (
        SELECT (id, customer_id, status, payment_status, total_minor, currency, updated_at)::text FROM orders.orders
        UNION ALL SELECT item::text FROM orders.items AS item
        UNION ALL SELECT (order_id, version, from_status, to_status, at)::text FROM orders.events
        UNION ALL SELECT payment::text FROM payments.payments AS payment
        UNION ALL SELECT operation::text FROM payments.operations AS operation
        UNION ALL SELECT shipment::text FROM shipping.shipments AS shipment
        UNION ALL SELECT entry::text FROM inventory.ledger AS entry
        UNION ALL SELECT (id, at, actor, action, subject, before, after)::text FROM operations.audit_log) AS lines (line)";

fn now() -> Timestamp {
    platform::clock::now()
}

/// When no more orders can be stored.
fn later() -> Timestamp {
    now() + TimeDelta::minutes(1)
}

async fn setup(pool: &PgPool) {
    for statements in [OLD_ORDERS, QUETZAL] {
        pool.execute(statements).await.expect("inserted");
    }
}

async fn accounting(pool: &PgPool) -> String {
    sqlx::query_scalar(ACCOUNTING).fetch_one(pool).await.expect("a digest")
}

/// The tables with a text of the customer.
async fn traces(pool: &PgPool) -> Vec<String> {
    let all = "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
                WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1";
    let tables: Vec<String> = sqlx::query_scalar(all).fetch_all(pool).await.expect("the tables");
    let mut found = Vec::new();
    for table in tables {
        let search = format!("SELECT EXISTS (SELECT FROM {table} AS row WHERE row::text ~* 'quetzal|192.0.2.17')");
        if sqlx::query_scalar(AssertSqlSafe(search)).fetch_one(pool).await.expect("a result") {
            found.push(table);
        }
    }
    found
}

async fn assert_consistent(pool: &PgPool) {
    let report = verify(pool, now(), VerifyLimits::default()).await.expect("the checks ran");
    assert!(report.is_clean(), "{report}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_erasure_leaves_no_trace_of_the_customer_in_any_table_and_keeps_the_accounting(pool: PgPool) {
    setup(&pool).await;
    let before = accounting(&pool).await;
    assert_eq!(traces(&pool).await.len(), 9, "{:?}", traces(&pool).await);

    assert_eq!(complete_erasures(&pool, now()).await.expect("none"), 0, "an order may still be stored");
    for erased in [256, 256, 88] {
        assert_eq!(pending_erasures(&pool, 10).await.expect("a list").len(), 1);
        assert_eq!(complete_erasures(&pool, later()).await.expect("erased"), erased);
        assert_consistent(&pool).await;
    }

    assert_eq!(traces(&pool).await, Vec::<String>::new());
    assert_eq!(accounting(&pool).await, before);
    assert_eq!(pending_erasures(&pool, 10).await.expect("a list"), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_kill_before_the_progress_is_saved_is_repeated(pool: PgPool) {
    setup(&pool).await;
    let erasure = pending_erasures(&pool, 1).await.expect("a list").remove(0);

    orders::erase_orders(&pool, erasure.customer, erasure.after, 256).await.expect("erased, and killed");
    while complete_erasures(&pool, later()).await.expect("erased") > 0 {}

    assert_eq!(traces(&pool).await, Vec::<String>::new());
    assert_eq!(pending_erasures(&pool, 1).await.expect("a list"), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_was_placed_meanwhile_keeps_its_address_until_it_has_ended(pool: PgPool) {
    setup(&pool).await;
    let status = |status| {
        let change = format!(
            "UPDATE orders.orders SET status = '{status}' WHERE id = (SELECT id FROM orders.orders ORDER BY id DESC LIMIT 1)"
        );
        let pool = pool.clone();
        async move { pool.execute(AssertSqlSafe(change)).await.map(drop) }
    };
    let recipients = "SELECT count(*) FROM orders.recipients";
    status("confirmed").await.expect("open");

    while complete_erasures(&pool, later()).await.expect("erased") > 0 {}

    assert_eq!(sqlx::query_scalar::<_, i64>(recipients).fetch_one(&pool).await.expect("a count"), 1);
    assert_eq!(pending_erasures(&pool, 1).await.expect("a list").len(), 1);
    status("delivered").await.expect("ended");
    complete_erasures(&pool, later()).await.expect("erased");
    assert_eq!(sqlx::query_scalar::<_, i64>(recipients).fetch_one(&pool).await.expect("a count"), 0);
    assert_eq!(pending_erasures(&pool, 1).await.expect("a list"), []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn erasures_that_wait_for_open_orders_do_not_hold_up_the_others(pool: PgPool) {
    setup(&pool).await;
    let waiting = "UPDATE orders.orders SET status = 'confirmed', customer_id = gen_random_uuid()
                    WHERE id IN (SELECT id FROM orders.orders ORDER BY id LIMIT 20);
                   INSERT INTO accounts.erasures (user_id, requested_at, requested_by)
                   SELECT customer_id, now() - interval '1 day', gen_random_uuid() FROM orders.orders
                    WHERE status = 'confirmed'";
    pool.execute(waiting).await.expect("20 erasures that wait");

    for _run in 0..6 {
        complete_erasures(&pool, later()).await.expect("erased");
    }

    let complete = "SELECT count(*) FROM accounts.erasures WHERE completed_at IS NOT NULL";
    assert_eq!(sqlx::query_scalar::<_, i64>(complete).fetch_one(&pool).await.expect("a count"), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_is_stored_late_with_a_smaller_id_is_erased_too(pool: PgPool) {
    setup(&pool).await;
    complete_erasures(&pool, now()).await.expect("begun");
    let late = "INSERT INTO orders.orders (id, customer_id, status, payment_status, fulfilment_status, currency,
                                           total_minor, payment_method, note, version, created_at, updated_at)
                SELECT '00000000-0000-7000-8000-000000000001', customer_id, 'rejected', 'unpaid', 'released', 'USD', 1,
                       'sim_ok', 'Ring at Quetzal', 1, now(), now() FROM orders.orders LIMIT 1";
    pool.execute(late).await.expect("stored");

    while complete_erasures(&pool, later()).await.expect("erased") > 0 {}

    assert_eq!(traces(&pool).await, Vec::<String>::new());
    assert_eq!(pending_erasures(&pool, 1).await.expect("a list"), []);
}
