//! Right books are found right, and every wrong is found by the check that promises against it.

use operations::verify::{Report, VerifyLimits, verify, verify_in};
use sqlx::{AssertSqlSafe, Executor, PgPool};

const RIGHT: &str = include_str!("three_orders.sql");

/// A wrong, done by hand, and the check that has to find it. Each order's ids begin with its letter.
const WRONGS: &[(&str, &str)] = &[
    (
        "stock.bounds",
        "ALTER TABLE inventory.stock DROP CONSTRAINT stock_reserved_check;
                      UPDATE inventory.stock SET reserved = -1",
    ),
    ("stock.ledger", "UPDATE inventory.stock SET on_hand = on_hand + 1"),
    ("stock.ledger", "DELETE FROM inventory.stock"),
    ("stock.reserved", "UPDATE inventory.reservation_lines SET quantity = 2 WHERE state = 'active'"),
    ("stock.reservations", "UPDATE inventory.reservation_lines SET state = 'released' WHERE state = 'shipped'"),
    ("stock.returned", "UPDATE inventory.reservation_lines SET state = 'active' WHERE state = 'released'"),
    ("stock.covered", "UPDATE orders.items SET quantity = 3 WHERE order_id::text LIKE 'c%'"),
    ("stock.covered", "UPDATE inventory.reservation_lines SET state = 'active' WHERE state = 'shipped'"),
    (
        "money.bounds",
        "ALTER TABLE payments.payments DROP CONSTRAINT payments_check;
                      UPDATE payments.payments SET captured_minor = 2000 WHERE status = 'captured'",
    ),
    (
        "money.once",
        "INSERT INTO payments.operations
                    SELECT order_id, gen_random_uuid(), kind, subject, amount_minor, status, attempts, error,
                           provider_ref, created_at, updated_at
                    FROM payments.operations WHERE kind = 'authorize' AND order_id::text LIKE 'c%'",
    ),
    ("money.sums", "UPDATE payments.payments SET captured_minor = 900 WHERE status = 'captured'"),
    (
        "money.books",
        "UPDATE payments.simulated_gateway_authorizations SET captured_minor = 400
                     WHERE state = 'authorized' AND captured_minor = 0",
    ),
    ("money.books", "DELETE FROM payments.simulated_gateway_authorizations WHERE captured_minor = 0"),
    (
        "money.known",
        "INSERT INTO payments.simulated_gateway_movements
                     SELECT gen_random_uuid(), authorization_key, kind, amount_minor, state, decline_reason, calls
                     FROM payments.simulated_gateway_movements",
    ),
    ("money.returned", "UPDATE payments.payments SET status = 'authorized' WHERE status = 'voided'"),
    (
        "money.released",
        "UPDATE payments.simulated_gateway_authorizations SET state = 'authorized', released_minor = 0
                        WHERE state = 'voided'",
    ),
    ("money.covered", "UPDATE payments.payments SET status = 'voided' WHERE order_id::text LIKE 'c%'"),
    ("money.covered", "UPDATE orders.orders SET total_minor = 999 WHERE status = 'delivered'"),
    (
        "shipments.undone",
        "UPDATE shipping.shipments SET status = 'booked', carrier = 'x', tracking_number = 'A',
                                 promised_by = now() WHERE status = 'cancelled'",
    ),
    (
        "shipments.packed",
        r#"UPDATE shipping.shipments SET lines = '[{"sku": "SKU-A", "quantity": 7}]'
                            WHERE status = 'booked'"#,
    ),
    ("shipments.delivered", "UPDATE shipping.shipments SET status = 'in_transit' WHERE status = 'delivered'"),
    ("timeline.gapless", "DELETE FROM orders.events WHERE version = 2 AND order_id::text LIKE 'd%'"),
    (
        "timeline.legal",
        "UPDATE orders.events SET to_status = 'delivered' WHERE version = 2 AND order_id::text LIKE 'c%'",
    ),
    ("timeline.complete", "UPDATE orders.orders SET status = 'rejected' WHERE status = 'cancelled'"),
    (
        "orders.exist",
        "INSERT INTO orders.idempotency_keys
                      VALUES (gen_random_uuid(), 'orders', 'k', '\\x00', gen_random_uuid(), now())",
    ),
    ("orders.whole", "DELETE FROM orders.sagas WHERE order_id::text LIKE 'd%'"),
    ("orphans", "DELETE FROM shipping.bookings WHERE status = 'cancelled'"),
    (
        "flow.outbox",
        "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, created_at)
                     VALUES (gen_random_uuid(), 'e', 'k', 't', '{}', '2026-01-01')",
    ),
    ("flow.deadlines", "UPDATE orders.sagas SET active = true WHERE order_id::text LIKE 'c%'"),
    ("flow.ended", "UPDATE orders.sagas SET active = true WHERE order_id::text LIKE 'a%'"),
];

#[sqlx::test(migrations = "../../migrations")]
async fn an_empty_house_keeps_every_promise(pool: PgPool) {
    let report = verify(&pool, platform::clock::now(), VerifyLimits::default()).await.unwrap();

    assert!(report.is_clean(), "{report}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn right_books_are_found_right(pool: PgPool) {
    pool.execute(RIGHT).await.unwrap();

    let report = verify(&pool, platform::clock::now(), VerifyLimits::default()).await.unwrap();

    assert!(report.is_clean(), "{report}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_wrong_is_found_by_the_check_that_promises_against_it(pool: PgPool) {
    pool.execute(RIGHT).await.unwrap();

    for (check, wrong) in WRONGS {
        let report = after(&pool, wrong).await;
        let found = report.checks.iter().find(|outcome| outcome.check == *check).expect("the check is in the table");
        assert!(!found.offenders.is_empty(), "{check} did not see: {wrong}\nbut was seen:\n{report}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_check_has_a_wrong_that_it_finds(pool: PgPool) {
    let report = verify(&pool, platform::clock::now(), VerifyLimits::default()).await.unwrap();

    for outcome in &report.checks {
        assert!(WRONGS.iter().any(|(check, _wrong)| *check == outcome.check), "{} is not tried", outcome.check);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_found_names_table_row_expectation_and_finding(pool: PgPool) {
    pool.execute(RIGHT).await.unwrap();

    let report = after(&pool, "UPDATE inventory.stock SET on_hand = 99").await;

    let (check, offender) = report.first_offender().expect("a counter is wrong");
    assert_eq!(check, "stock.ledger");
    assert_eq!(
        offender.to_string(),
        "inventory.stock sku SKU-A in warehouse 11111111-1111-1111-1111-111111111111: \
         expected on_hand 98, reserved 1: the sums of its ledger, found on_hand 99, reserved 1"
    );
}

/// What is found after `wrong`, which is taken back again.
async fn after(pool: &PgPool, wrong: &'static str) -> Report {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    tx.execute(AssertSqlSafe(wrong)).await.unwrap_or_else(|error| panic!("{wrong}: {error}"));
    let report = verify_in(&mut tx, platform::clock::now(), VerifyLimits::default()).await;
    tx.rollback().await.expect("a way back");
    report.expect("it can look")
}
