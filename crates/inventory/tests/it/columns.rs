//! Each column holds the value of its name. No two values of one type are equal, so two swapped columns are found.

use crate::harness::{Harness, order, reserve, reserve_as, ship};
use domain::ids::ShipmentId;
use domain::inventory::AllocationPolicy;
use domain::location::Location;
use domain::messages::InventoryCommand;
use serde_json::{Value, json};
use sqlx::PgPool;

/// Checks that the first row that `select` finds has `columns`.
async fn assert_row(pool: &PgPool, select: &'static str, columns: Value) {
    let row: Value = sqlx::query_scalar(select).fetch_one(pool).await.expect(select);
    for (column, value) in columns.as_object().expect("columns") {
        assert_eq!(&row[column], value, "{column}: {select}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_stock_and_its_ledger_holds_the_value_of_its_name(pool: PgPool) {
    let harness = Harness::new(pool, &[("THE-SKU", 7, 0)]).await;
    let (order, pool) = (order(), &harness.pool);
    let reserve = reserve(order, &[("THE-SKU", 3)]);
    harness.handle_all(std::slice::from_ref(&reserve)).await;

    let cause = reserve.header.id;
    let reservation = json!({ "order_id": order, "state": "reserved", "cause": cause });
    let line = json!({ "order_id": order, "sku": "THE-SKU", "warehouse_id": harness.east, "quantity": 3,
                       "state": "active" });
    let received = json!({ "kind": "received", "sku": "THE-SKU", "warehouse_id": harness.east, "on_hand_delta": 7,
                           "reserved_delta": 0, "actor": "test", "reason": "initial stock", "order_id": null });
    let reserved = json!({ "kind": "reserved", "on_hand_delta": 0, "reserved_delta": 3, "order_id": order,
                           "cause": cause, "actor": null, "reason": null });
    assert_row(pool, "SELECT to_jsonb(row) FROM inventory.reservations AS row", reservation).await;
    assert_row(pool, "SELECT to_jsonb(row) FROM inventory.reservation_lines AS row", line).await;
    let decision = json!({ "order_id": order, "policy": "single_warehouse_first", "alternatives": [
        { "warehouses": [harness.west], "reason": "not_enough",
          "shortages": [{ "sku": "THE-SKU", "requested": 3, "available": 0 }] }] });
    assert_row(pool, "SELECT to_jsonb(row) FROM inventory.allocation_decisions AS row", decision).await;
    assert_row(
        pool,
        "SELECT to_jsonb(row) FROM inventory.ledger AS row WHERE actor IS NOT NULL ORDER BY on_hand_delta DESC",
        received,
    )
    .await;
    assert_row(pool, "SELECT to_jsonb(row) FROM inventory.ledger AS row WHERE order_id IS NOT NULL", reserved).await;

    harness.handle_all(&[ship(order, harness.east)]).await;
    let shipment = ShipmentId::of(order, harness.east);
    let shipped = json!({ "kind": "shipped", "on_hand_delta": -3, "reserved_delta": -3, "shipment_id": shipment });
    assert_row(pool, "SELECT to_jsonb(row) FROM inventory.ledger AS row WHERE shipment_id IS NOT NULL", shipped).await;
    assert_row(pool, "SELECT to_jsonb(row) FROM inventory.reservation_lines AS row", json!({ "state": "shipped" }))
        .await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_column_of_a_backorder_holds_the_value_of_its_name(pool: PgPool) {
    let harness = Harness::new(pool, &[("THE-SKU", 1, 0)]).await;
    let order = order();
    let destination = Location { country: "US".parse().expect("a country"), region: "NV".parse().ok() };
    let mut reserve = reserve_as(order, &[("THE-SKU", 3)], Some(AllocationPolicy::Priority), Some(destination));
    let InventoryCommand::Reserve(command) = &mut reserve.command else { panic!("a reserve command") };
    command.lines[0].may_wait = true;
    harness.handle_all(std::slice::from_ref(&reserve)).await;

    let row = json!({ "order_id": order, "sku": "THE-SKU", "missing": 2, "policy": "priority", "country": "US",
                      "region": "NV", "correlation_id": "test", "cause": reserve.header.id });
    assert_row(&harness.pool, "SELECT to_jsonb(row) FROM inventory.backorders AS row", row).await;
    let reservation = json!({ "order_id": order, "state": "waiting", "shortages": null });
    assert_row(&harness.pool, "SELECT to_jsonb(row) FROM inventory.reservations AS row", reservation).await;

    harness.receive(&[("THE-SKU", 1, 0)]).await;
    harness.fill().await;

    let row = json!({ "sku": "THE-SKU", "missing": 1 });
    assert_row(&harness.pool, "SELECT to_jsonb(row) FROM inventory.backorders AS row", row).await;
    let line = json!({ "sku": "THE-SKU", "quantity": 2, "state": "active" });
    assert_row(&harness.pool, "SELECT to_jsonb(row) FROM inventory.reservation_lines AS row", line).await;
    let entries = "SELECT jsonb_build_object('entries', count(*)) FROM inventory.ledger WHERE order_id IS NOT NULL
                    AND cause = (SELECT cause FROM inventory.reservations) AND kind = 'reserved'";
    assert_row(&harness.pool, entries, json!({ "entries": 2 })).await;
}
