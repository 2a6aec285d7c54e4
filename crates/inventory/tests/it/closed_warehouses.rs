//! Closed warehouses: orders get nothing new from them, and what was reserved there is still shipped.

use crate::harness::{Harness, allocations, is_reserved, order, rejected, release, reserve, ship, sku};
use domain::inventory::{Warehouse, WarehouseChange, WarehouseRef, WarehouseRefError};
use inventory::{StockFilter, UpdateWarehouseError, check_low_stock, list_stock, update_warehouse};
use platform::audit::{AuditRecord, AuditSink, NoAudit};
use platform::clock::now;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use std::sync::Mutex;

fn closing(closed: bool) -> WarehouseChange {
    WarehouseChange { closed: Some(closed), reason: Some("inventory".to_owned()), ..WarehouseChange::default() }
}

async fn change(harness: &Harness, change: WarehouseChange) -> Warehouse {
    let east = WarehouseRef::Id(harness.east);
    update_warehouse(&harness.pool, &east, &change, now(), &NoAudit).await.expect("changed")
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_get_nothing_from_a_closed_warehouse_until_it_is_open_again(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 3)]).await;

    let closed = change(&harness, closing(true)).await;
    let from_west = harness.reserve(order(), &[("A", 2)]).await;
    let too_many = order();
    let short = harness.reserve(too_many, &[("A", 2)]).await;
    change(&harness, closing(false)).await;
    let from_east = harness.reserve(order(), &[("A", 2)]).await;

    assert!(closed.closed.is_some_and(|closure| closure.reason == "inventory"));
    assert_eq!(allocations(&from_west), [(harness.west, "A".to_owned(), 2)]);
    assert_eq!(short, rejected(too_many, &[("A", 2, 1)]));
    assert_eq!(allocations(&from_east), [(harness.east, "A".to_owned(), 2)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_reserved_in_a_warehouse_that_closes_is_still_shipped_or_released(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;
    let (shipped, released) = (order(), order());
    let reserved = harness.handle_all(&[reserve(shipped, &[("A", 2)]), reserve(released, &[("A", 3)])]).await;
    assert!(reserved.iter().all(is_reserved));

    change(&harness, closing(true)).await;
    harness.handle_all(&[ship(shipped, harness.east), release(released)]).await;

    assert_eq!(harness.counters("A").await, [(8, 0), (0, 0)]);
    let items = inventory::find_stock(&harness.pool, &sku("A")).await.expect("found");
    assert_eq!(items.iter().filter(|item| item.warehouse_closed).count(), 1);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_closed_warehouse_is_never_low_on_stock(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 1, 9)]).await;
    let (pool, threshold) = (&harness.pool, Some(5));
    let set = inventory::set_low_stock_threshold(pool, &sku("A"), harness.east, threshold, now(), &NoAudit).await;
    assert!(set.expect("set").is_low());
    assert_eq!(check_low_stock(&harness.pool, now(), 10).await.expect("checked"), 1);

    change(&harness, closing(true)).await;

    assert_eq!(check_low_stock(&harness.pool, now(), 10).await.expect("recovered"), 1);
    assert_eq!(check_low_stock(&harness.pool, now(), 10).await.expect("nothing new"), 0);
    let low = StockFilter { low_only: true, ..StockFilter::default() };
    assert!(list_stock(&harness.pool, &low).await.expect("listed").items.is_empty());
}

/// Keeps the records.
#[derive(Default)]
struct RecordedAudit(Mutex<Vec<AuditRecord>>);

impl AuditSink for RecordedAudit {
    async fn record(&self, _tx: &mut PgConnection, change: AuditRecord) -> sqlx::Result<()> {
        self.0.lock().expect("no panic").push(change);
        Ok(())
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_warehouse_is_renamed_by_id_or_code_and_each_change_is_recorded_once(pool: PgPool) {
    let harness = Harness::new(pool, &[]).await;
    let audit = RecordedAudit::default();
    let rename = WarehouseChange { name: Some("Far east".to_owned()), ..WarehouseChange::default() };
    let update = async |reference: &WarehouseRef, change: &WarehouseChange| {
        update_warehouse(&harness.pool, reference, change, now(), &audit).await
    };
    let by_code = WarehouseRef::Code("EAST".parse().expect("a code"));

    let renamed = update(&by_code, &rename).await.expect("renamed");
    let again = update(&WarehouseRef::Id(harness.east), &rename).await.expect("unchanged");
    let unknown = update(&WarehouseRef::Code("NORTH".parse().expect("a code")), &rename).await;

    assert_eq!((renamed.name.as_str(), renamed.id, &renamed), ("Far east", harness.east, &again));
    assert!(matches!(unknown, Err(UpdateWarehouseError::Unknown(WarehouseRefError::UnknownCode))), "{unknown:?}");
    let listed = inventory::list_warehouses(&harness.pool).await.expect("listed");
    assert_eq!(listed.iter().map(|warehouse| warehouse.name.as_str()).collect::<Vec<_>>(), ["Far east", "WEST"]);
    let records = audit.0.into_inner().expect("no panic");
    assert_eq!(records.len(), 1);
    let (before, after) = (records[0].before.as_ref().expect("before"), records[0].after.as_ref().expect("after"));
    assert_eq!(
        (&before["name"], &after["name"], &after["closed"]),
        (&json!("EAST"), &json!("Far east"), &json!(false))
    );
}
