//! Consistent data passes all checks, and each check finds the violations of its invariant.

use operations::verify::{Report, VerifyLimits, verify, verify_in};
use sqlx::{AssertSqlSafe, Executor, PgPool};

const CONSISTENT: &str = include_str!("three_orders.sql");

/// Violations, each with the check that must find it. The ids of an order begin with its letter.
const VIOLATIONS: &[(&str, &str)] = &[
    (
        "stock.bounds",
        "ALTER TABLE inventory.stock DROP CONSTRAINT stock_reserved_check;
                      UPDATE inventory.stock SET reserved = -1",
    ),
    ("stock.ledger", "UPDATE inventory.stock SET on_hand = on_hand + 1"),
    ("stock.ledger", "DELETE FROM inventory.stock"),
    ("stock.reserved", "UPDATE inventory.reservation_lines SET quantity = 2 WHERE state = 'active'"),
    ("stock.reservations", "UPDATE inventory.reservation_lines SET state = 'released' WHERE state = 'shipped'"),
    (
        "stock.transfers",
        "INSERT INTO inventory.ledger
                     (at, kind, warehouse_id, sku, on_hand_delta, reserved_delta, actor, reason, transfer_id)
         VALUES (now(), 'transferred_out', gen_random_uuid(), 'SKU-A', -1, 0, 'admin:1', 'r', gen_random_uuid())",
    ),
    ("stock.returned", "UPDATE inventory.reservation_lines SET state = 'active' WHERE state = 'released'"),
    ("stock.covered", "UPDATE orders.items SET quantity = 3 WHERE order_id::text LIKE 'c%'"),
    ("stock.covered", "UPDATE inventory.reservation_lines SET state = 'active' WHERE state = 'shipped'"),
    (
        "stock.backorders",
        "INSERT INTO inventory.backorders (order_id, sku, missing, waiting_since, policy, correlation_id, cause)
         SELECT order_id, sku, 1, now(), 'priority', 'test', gen_random_uuid() FROM orders.items",
    ),
    ("stock.backorders", "UPDATE inventory.reservations SET state = 'waiting' WHERE order_id::text LIKE 'c%'"),
    (
        "stock.backorders",
        "UPDATE inventory.reservations SET state = 'waiting' WHERE order_id::text LIKE 'c%';
         INSERT INTO inventory.backorders (order_id, sku, missing, waiting_since, policy, correlation_id, cause)
         SELECT order_id, sku, 1, now(), 'priority', 'test', gen_random_uuid() FROM orders.items
         WHERE order_id::text LIKE 'c%'",
    ),
    (
        "stock.filled",
        "INSERT INTO inventory.backorders (order_id, sku, missing, waiting_since, policy, correlation_id, cause)
         SELECT order_id, sku, 1, '2026-01-01', 'priority', 'test', gen_random_uuid() FROM orders.items",
    ),
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
    ("returns.units", "UPDATE orders.return_lines SET quantity = 4"),
    ("returns.units", "UPDATE inventory.reservation_lines SET state = 'released'"),
    ("returns.stock", "UPDATE orders.return_counts SET condition = 'damaged' WHERE condition = 'resellable'"),
    ("returns.stock", "UPDATE orders.return_counts SET quantity = 2 WHERE condition = 'resellable'"),
    ("returns.refunds", "UPDATE payments.refunds SET status = 'refused'"),
    ("returns.refunds", "UPDATE payments.refunds SET amount_minor = 400"),
    ("returns.refunds", "UPDATE orders.return_counts SET is_refunded = false"),
    ("returns.complete", "DELETE FROM orders.return_events"),
    ("returns.complete", "DELETE FROM orders.return_counts WHERE condition = 'missing'"),
    ("returns.deadlines", "UPDATE orders.returns SET active = true, deadline_at = '2026-01-01'"),
    ("money.ledger", "UPDATE payments.payments SET amount_minor = 501 WHERE status = 'authorized'"),
    (
        "money.ledger",
        "UPDATE payments.operations SET status = 'declined', written_off_at = now() WHERE kind = 'capture'",
    ),
    (
        "money.ledger",
        "INSERT INTO payments.ledger_entries
         SELECT at, gen_random_uuid(), gen_random_uuid(), kind, amount_minor, currency, gateway, cause
         FROM payments.ledger_entries",
    ),
    (
        "money.ledger",
        "INSERT INTO payments.ledger_entries
         SELECT at, order_id, gen_random_uuid(), kind, amount_minor, currency, gateway, cause
         FROM payments.ledger_entries WHERE kind = 'voided'",
    ),
    (
        "simulated_gateway.entries",
        "UPDATE payments.simulated_gateway_authorizations SET released_minor = 400 WHERE state = 'voided'",
    ),
    (
        "simulated_gateway.ledger",
        "UPDATE payments.simulated_gateway_authorizations SET captured_minor = 400
                     WHERE state = 'authorized' AND captured_minor = 0",
    ),
    ("simulated_gateway.ledger", "DELETE FROM payments.simulated_gateway_authorizations WHERE captured_minor = 0"),
    (
        "simulated_gateway.known",
        "INSERT INTO payments.simulated_gateway_movements
                     SELECT gen_random_uuid(), authorization_key, kind, amount_minor, state, decline_reason, calls
                     FROM payments.simulated_gateway_movements",
    ),
    (
        "simulated_gateway.once",
        "ALTER TABLE payments.simulated_gateway_authorizations
                         DROP CONSTRAINT simulated_gateway_authorizations_charges_check;
         UPDATE payments.simulated_gateway_authorizations SET charges = 2 WHERE state = 'authorized'",
    ),
    (
        "simulated_gateway.orphans",
        "UPDATE payments.simulated_gateway_movements SET authorization_key = gen_random_uuid()",
    ),
    (
        "money.authorized",
        "UPDATE payments.operations SET status = 'unknown' WHERE kind = 'authorize' AND order_id::text LIKE 'c%'",
    ),
    ("money.authorized", "UPDATE payments.payments SET amount_minor = amount_minor + 1 WHERE status = 'captured'"),
    ("money.gateway", "UPDATE payments.operations SET gateway = 'other' WHERE kind = 'capture'"),
    ("refunds.captured", "UPDATE payments.refunds SET amount_minor = 1001"),
    ("refunds.lines", "UPDATE payments.refund_lines SET quantity = 3"),
    ("refunds.lines", "UPDATE payments.refund_lines SET line_no = 2"),
    ("refunds.lines", "UPDATE payments.refunds SET shipping_minor = 1"),
    ("refunds.operations", "UPDATE payments.refunds SET status = 'pending'"),
    ("refunds.operations", "UPDATE payments.refunds SET attempt = 2"),
    ("refunds.operations", "UPDATE payments.refunds SET amount_minor = 499"),
    ("refunds.recorded", "UPDATE orders.sagas SET state = '{}'"),
    ("refunds.recorded", "UPDATE payments.refunds SET status = 'refused'"),
    ("refunds.recorded", "UPDATE payments.refunds SET status = 'unknown'"),
    (
        "refunds.recorded",
        "UPDATE orders.orders SET payment_status = 'captured' WHERE payment_status = 'partly_refunded'",
    ),
    ("shipments.carrier", "UPDATE shipping.bookings SET carrier = 'other' WHERE status = 'booked'"),
    ("money.returned", "UPDATE payments.payments SET status = 'authorized' WHERE status = 'voided'"),
    (
        "simulated_gateway.released",
        "UPDATE payments.simulated_gateway_authorizations SET state = 'authorized', released_minor = 0
                        WHERE state = 'voided'",
    ),
    ("money.covered", "UPDATE payments.payments SET status = 'voided' WHERE order_id::text LIKE 'c%'"),
    ("money.covered", "UPDATE orders.orders SET total_minor = 999 WHERE status = 'delivered'"),
    (
        "shipments.cancelled",
        "UPDATE shipping.shipments SET status = 'booked', carrier = 'x', tracking_number = 'A',
                                 promised_by = now() WHERE status = 'cancelled'",
    ),
    (
        "shipments.lines",
        r#"UPDATE shipping.shipments SET lines = '[{"sku": "SKU-A", "quantity": 7}]'
                            WHERE status = 'booked'"#,
    ),
    ("shipments.delivered", "UPDATE shipping.shipments SET status = 'in_transit' WHERE status = 'delivered'"),
    (
        "shipments.reships",
        "INSERT INTO orders.reships
         SELECT max(id::text)::uuid, min(id::text)::uuid, gen_random_uuid(), now() FROM orders.orders",
    ),
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
    ("orders.complete", "DELETE FROM orders.sagas WHERE order_id::text LIKE 'd%'"),
    ("orphans", "DELETE FROM shipping.bookings WHERE status = 'cancelled'"),
    (
        "flow.outbox",
        "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, created_at)
                     VALUES (gen_random_uuid(), 'e', 'k', 't', '{}', '2026-01-01')",
    ),
    ("flow.deadlines", "UPDATE orders.sagas SET active = true WHERE order_id::text LIKE 'c%'"),
    ("flow.ended", "UPDATE orders.sagas SET active = true WHERE order_id::text LIKE 'a%'"),
    ("flow.removals", "INSERT INTO orders.removals VALUES (gen_random_uuid(), '2026-01-01')"),
];

#[sqlx::test(migrations = "../../migrations")]
async fn an_empty_database_passes_all_checks(pool: PgPool) {
    let report = verify(&pool, platform::clock::now(), VerifyLimits::default()).await.unwrap();

    assert!(report.is_clean(), "{report}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn consistent_data_passes_all_checks(pool: PgPool) {
    pool.execute(CONSISTENT).await.unwrap();

    let report = verify(&pool, platform::clock::now(), VerifyLimits::default()).await.unwrap();

    assert!(report.is_clean(), "{report}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_violation_is_found_by_the_check_of_its_invariant(pool: PgPool) {
    pool.execute(CONSISTENT).await.unwrap();

    for (check, violation) in VIOLATIONS {
        let report = report_after(&pool, violation).await;
        let found = report.checks.iter().find(|outcome| outcome.check == *check).expect("the check is in the table");
        assert!(!found.offenders.is_empty(), "{check} did not find: {violation}\nfound instead:\n{report}");
    }
}

/// An order of 3 units, of which 1 is reserved. More units are there, but have just come.
const WAITING: &str = "
    UPDATE orders.items SET quantity = 3, unit_price_minor = 100, tax_minor = 200 WHERE order_id::text LIKE 'c%';
    UPDATE orders.orders SET status = 'pending', fulfilment_status = 'backordered' WHERE id::text LIKE 'c%';
    UPDATE inventory.reservations SET state = 'waiting' WHERE order_id::text LIKE 'c%';
    UPDATE inventory.stock SET updated_at = now();
    INSERT INTO inventory.backorders (order_id, sku, missing, waiting_since, policy, correlation_id, cause)
    SELECT order_id, sku, 2, '2026-01-01', 'priority', 'test', gen_random_uuid() FROM orders.items
    WHERE order_id::text LIKE 'c%'";

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_waits_for_some_of_its_units_is_consistent(pool: PgPool) {
    pool.execute(CONSISTENT).await.unwrap();

    let report = report_after(&pool, WAITING).await;

    let stock = report.checks.iter().filter(|outcome| outcome.check.starts_with("stock."));
    let offenders: Vec<_> = stock.flat_map(|outcome| &outcome.offenders).collect();
    assert!(offenders.is_empty(), "{report}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_delivered_order_is_captured_or_people_know_of_it(pool: PgPool) {
    pool.execute(CONSISTENT).await.unwrap();
    let less_captured = "UPDATE payments.payments SET captured_minor = 900 WHERE status = 'captured'";
    let with_attention = "UPDATE payments.payments SET captured_minor = 900 WHERE status = 'captured';
                          UPDATE orders.orders SET attention = 'declined' WHERE status = 'delivered'";
    let written_off = "UPDATE payments.payments SET captured_minor = 900 WHERE status = 'captured';
                       UPDATE orders.events SET kind = 'step_marked_done' WHERE version = 3";

    for (change, offenders) in [(less_captured, 1), (with_attention, 0), (written_off, 0)] {
        let report = report_after(&pool, change).await;
        let covered = report.checks.iter().find(|outcome| outcome.check == "money.covered").expect("it is checked");
        assert_eq!(covered.offenders.len(), offenders, "{change}: {report}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_ledger_of_the_simulated_gateway_is_compared_with_its_own_payments_only(pool: PgPool) {
    pool.execute(CONSISTENT).await.unwrap();

    let other_gateway =
        "UPDATE payments.payments SET gateway = 'other'; UPDATE payments.operations SET gateway = 'other';
        ALTER TABLE payments.ledger_entries DISABLE TRIGGER ledger_is_immutable;
        UPDATE payments.ledger_entries SET gateway = 'other';
        DELETE FROM payments.simulated_gateway_movements; DELETE FROM payments.simulated_gateway_authorizations";
    let report = report_after(&pool, other_gateway).await;

    assert!(report.is_clean(), "{report}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_check_has_a_violation_that_it_finds(pool: PgPool) {
    let report = verify(&pool, platform::clock::now(), VerifyLimits::default()).await.unwrap();

    for outcome in &report.checks {
        assert!(VIOLATIONS.iter().any(|(check, _)| *check == outcome.check), "{} is not tested", outcome.check);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_offender_has_table_row_expected_and_found_values(pool: PgPool) {
    pool.execute(CONSISTENT).await.unwrap();

    let report = report_after(&pool, "UPDATE inventory.stock SET on_hand = 99").await;

    let (check, offender) = report.first_offender().expect("a counter is wrong");
    assert_eq!(check, "stock.ledger");
    assert_eq!(
        offender.to_string(),
        "inventory.stock sku SKU-A in warehouse 11111111-1111-1111-1111-111111111111: \
         expected on_hand 98, reserved 1: the sums of its ledger, found on_hand 99, reserved 1"
    );
}

/// Verifies with `violation` applied, and rolls it back.
async fn report_after(pool: &PgPool, violation: &'static str) -> Report {
    let mut tx = platform::postgres::begin(pool).await.expect("a transaction");
    tx.execute(AssertSqlSafe(violation)).await.unwrap_or_else(|error| panic!("{violation}: {error}"));
    let report = verify_in(&mut tx, platform::clock::now(), VerifyLimits::default()).await;
    tx.rollback().await.expect("rolled back");
    report.expect("the checks ran")
}
