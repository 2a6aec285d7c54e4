//! The money ledger: what each change of a payment moved, and why.

use crate::harness::{AMOUNT, Harness, LONG_TIMEOUT, authorize, capture, new_order, refund, shipment, void, write_off};
use crate::ledger::assert_settled;
use domain::ids::OrderId;
use domain::messages::{PaymentCommand, Reply};
use messaging::Verdict;
use payments::remove_orders;
use sqlx::{AssertSqlSafe, PgPool};

const MIGRATION: &str = include_str!("../../../../migrations/20261129030100_payments_ledger.sql");

/// Kind, amount and cause of each entry, in the sequence in which they were made.
async fn entries(pool: &PgPool, order: OrderId) -> Vec<(String, i64, String)> {
    let entries = "SELECT kind, amount_minor, cause FROM payments.ledger_entries WHERE order_id = $1
                   ORDER BY at, array_position('{authorized,captured,voided,refunded,reversed,written_off}', kind), cause";
    sqlx::query_as(entries).bind(order.as_uuid()).fetch_all(pool).await.expect("entries")
}

fn entry(kind: &str, amount_minor: i64, cause: impl ToString + Copy) -> (String, i64, String) {
    (kind.to_owned(), amount_minor, cause.to_string())
}

async fn handle(harness: &Harness, commands: &[PaymentCommand]) {
    for command in commands {
        harness.handle_until_reply(command).await;
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_movement_has_an_entry_with_its_cause(pool: PgPool) {
    for method in ["sim_ok", "sim_timeout", "sim_flaky"] {
        let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
        handle(&harness, &[authorize(order, method), capture(order, 1, 600), refund(order, "damage", 250)]).await;
        handle(&harness, &[refund(order, "damage", 250), capture(order, 1, 600), void(order), void(order)]).await;

        let expected = [
            entry("authorized", AMOUNT, ""),
            entry("captured", 600, shipment(order, 1)),
            entry("refunded", 250, "damage"),
            entry("voided", 400, ""),
            entry("reversed", 350, ""),
        ];
        assert_eq!(entries(&pool, order).await, expected, "{method}");
    }
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_declined_or_never_authorized_moves_nothing(pool: PgPool) {
    let (harness, declined, tombstone) = (Harness::new(&pool, &LONG_TIMEOUT), new_order(), new_order());

    handle(&harness, &[authorize(declined, "sim_declined"), void(declined)]).await;
    handle(&harness, &[void(tombstone), authorize(tombstone, "sim_ok")]).await;

    assert_eq!([entries(&pool, declined).await, entries(&pool, tombstone).await], [[], []]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_write_off_is_recorded_once_before_or_after_the_void(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);
    for is_voided_first in [false, true] {
        let order = new_order();
        let given_up = write_off(order, 1, AMOUNT);
        handle(&harness, &[authorize(order, "sim_capture_declined"), capture(order, 1, AMOUNT)]).await;

        let sequence = if is_voided_first { [void(order), given_up.clone()] } else { [given_up.clone(), void(order)] };
        handle(&harness, &sequence).await;
        let again = harness.handle_until_reply(&given_up).await;

        assert!(matches!(again, Reply::PaymentWrittenOff(_)), "{again:?}");
        let mut expected = [
            entry("authorized", AMOUNT, ""),
            entry("written_off", AMOUNT, shipment(order, 1)),
            entry("voided", AMOUNT, ""),
        ];
        if is_voided_first {
            expected.swap(1, 2);
        }
        assert_eq!(entries(&pool, order).await, expected);
        assert!(remove_orders(&pool, &[order]).await.expect("removed").is_empty(), "it holds nothing");
    }
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_a_declined_capture_is_written_off(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    handle(&harness, &[authorize(order, "sim_ok"), capture(order, 1, 600)]).await;

    let captured = harness.handle_until_reply(&write_off(order, 1, 600)).await;
    let unknown = harness.handle(&write_off(order, 2, 400)).await;

    assert!(matches!(captured, Reply::PaymentCaptured(_)), "{captured:?}");
    assert!(matches!(unknown, Err(Verdict::Poison(_))), "{unknown:?}");
    assert_eq!(entries(&pool, order).await.len(), 2);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_entry_is_never_changed_and_only_deleted_with_its_order(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    handle(&harness, &[authorize(order, "sim_ok"), capture(order, 1, AMOUNT)]).await;

    for change in [
        "UPDATE payments.ledger_entries SET amount_minor = 1",
        "DELETE FROM payments.ledger_entries",
        "TRUNCATE payments.ledger_entries",
        "SET payments.removing = 'on'; UPDATE payments.ledger_entries SET amount_minor = 1",
    ] {
        let mut tx = platform::postgres::begin(&pool).await.expect("a transaction");
        let refused = sqlx::raw_sql(change).execute(&mut *tx).await.expect_err("refused");
        assert!(refused.to_string().contains("only ever added to"), "{change}: {refused}");
    }
    assert!(remove_orders(&pool, &[order]).await.expect("removed").is_empty());
    assert_eq!(entries(&pool, order).await, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_migration_makes_the_entries_of_payments_from_before(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);
    let orders: Vec<_> = (0..6).map(|_| new_order()).collect();
    for (number, order) in orders.iter().copied().enumerate() {
        let commands = [
            authorize(order, if number == 5 { "sim_declined" } else { "sim_ok" }),
            capture(order, 1, 600),
            refund(order, "damage", 250),
            void(order),
        ];
        handle(&harness, &commands[..if number == 5 { 1 } else { number.min(4) }]).await;
    }
    let mut before = Vec::new();
    for order in &orders {
        before.push(entries(&pool, *order).await);
    }

    let start = MIGRATION.find("INSERT INTO").expect("it fills the table");
    let fill = &MIGRATION[start..][..MIGRATION[start..].find(';').expect("an end")];
    let again = format!("SET LOCAL payments.removing = 'on'; DELETE FROM payments.ledger_entries; {fill}");
    sqlx::raw_sql(AssertSqlSafe(again)).execute(&pool).await.expect("filled");

    for (order, before) in orders.iter().zip(before) {
        assert_eq!(entries(&pool, *order).await, before);
    }
    assert_settled(&pool).await;
}
