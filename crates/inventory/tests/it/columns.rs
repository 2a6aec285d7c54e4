//! Each column holds the value of its name. No two values of one type are equal, so two swapped columns are found.

use crate::harness::{Harness, order, reserve, ship};
use domain::ids::ShipmentId;
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
