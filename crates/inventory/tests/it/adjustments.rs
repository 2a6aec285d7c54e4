//! Stock adjustments, low-stock thresholds, seeding and warehouses: the use cases of vendors and admins.

use crate::harness::{Harness, order, reserve, sku};
use domain::ids::WarehouseId;
use domain::inventory::{AdjustmentKind, Origin, StockRefusal, Warehouse};
use domain::page::Page;
use inventory::{AdjustStockError, Adjustment, CreateWarehouseError, Receipt, StockFilter, StockItem};
use messaging::HandleError;
use platform::audit::{AuditRecord, AuditSink, NoAudit};
use platform::clock::now;
use platform::response::ResponseSink;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

fn adjustment(warehouse_id: WarehouseId, kind: AdjustmentKind, quantity: i32) -> Adjustment {
    let (reason, actor) = ("count of Monday".to_owned(), "admin:1".to_owned());
    Adjustment { sku: sku("A"), warehouse_id, kind, quantity, reason, actor }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_adjustment_changes_the_counters_and_records_actor_and_reason(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;

    for (kind, quantity, on_hand) in
        [(AdjustmentKind::Received, 5, 15), (AdjustmentKind::Adjusted, -3, 12), (AdjustmentKind::Returned, 1, 13)]
    {
        let item =
            inventory::adjust_stock(&harness.pool, adjustment(harness.east, kind, quantity), now(), &NoAudit).await;
        assert_eq!(item.expect("adjusted").level.on_hand(), on_hand);
    }

    let last = sqlx::query!("SELECT kind, on_hand_delta, actor, reason FROM inventory.ledger ORDER BY id DESC LIMIT 1");
    let last = last.fetch_one(&harness.pool).await.expect("read");
    assert_eq!((last.kind.as_str(), last.on_hand_delta), ("returned", 1));
    assert_eq!((last.actor.as_deref(), last.reason.as_deref()), (Some("admin:1"), Some("count of Monday")));
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_adjustment_never_removes_reserved_units(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;
    harness.handle_all(&[reserve(order(), &[("A", 8)])]).await;
    let adjust = |warehouse_id, kind, quantity| {
        inventory::adjust_stock(&harness.pool, adjustment(warehouse_id, kind, quantity), now(), &NoAudit)
    };

    let below_reserved = adjust(harness.east, AdjustmentKind::Adjusted, -3).await.expect_err("refused");
    let negative = adjust(harness.east, AdjustmentKind::Received, -1).await.expect_err("refused");
    let unknown = adjust(WarehouseId::from_uuid(Uuid::now_v7()), AdjustmentKind::Received, 1).await;

    let expected = StockRefusal::BelowReserved { removed: 3, on_hand: 10, reserved: 8 };
    assert!(matches!(below_reserved, AdjustStockError::Refused(refusal) if refusal == expected), "{below_reserved}");
    assert!(matches!(negative, AdjustStockError::Refused(StockRefusal::BadQuantity)), "{negative}");
    assert!(matches!(unknown, Err(AdjustStockError::UnknownWarehouse)), "{unknown:?}");
    assert_eq!(harness.counters("A").await, [(10, 8), (0, 0)]);
}

/// Fails to store the response, as when the connection breaks.
struct FailingResponseSink;

impl AuditSink for FailingResponseSink {
    async fn record(&self, _tx: &mut PgConnection, _change: AuditRecord) -> sqlx::Result<()> {
        Ok(())
    }
}

impl ResponseSink<StockItem> for FailingResponseSink {
    async fn store_response(&self, _tx: &mut PgConnection, _outcome: &StockItem) -> sqlx::Result<()> {
        Err(sqlx::Error::PoolClosed)
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_adjustment_whose_response_cannot_be_stored_is_rolled_back(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;

    let adjusted = adjustment(harness.east, AdjustmentKind::Received, 5);
    inventory::adjust_stock(&harness.pool, adjusted, now(), &FailingResponseSink)
        .await
        .expect_err("the response is not stored");

    assert_eq!(harness.counters("A").await, [(10, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn stock_is_listed_page_by_page_and_filtered(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 1, 0), ("B", 9, 9), ("b", 5, 5)]).await;
    inventory::set_low_stock_threshold(&harness.pool, &sku("A"), harness.east, Some(1), now(), &NoAudit)
        .await
        .expect("set");
    inventory::set_low_stock_threshold(&harness.pool, &sku("B"), harness.east, Some(1), now(), &NoAudit)
        .await
        .expect("set");
    let mut filter = StockFilter { limit: 4.try_into().expect("a size"), ..StockFilter::default() };

    let first = inventory::list_stock(&harness.pool, &filter).await.expect("listed");
    filter.after.clone_from(&first.next);
    let second = inventory::list_stock(&harness.pool, &filter).await.expect("listed");
    let low = StockFilter { low_only: true, limit: 10.try_into().expect("a size"), ..StockFilter::default() };
    let low = inventory::list_stock(&harness.pool, &low).await.expect("listed");
    let west = StockFilter {
        warehouse_id: Some(harness.west),
        skus: Some(vec![sku("b")]),
        limit: 10.try_into().expect("a size"),
        ..StockFilter::default()
    };
    let west = inventory::list_stock(&harness.pool, &west).await.expect("listed");

    let names = |page: &Page<inventory::StockItem, inventory::StockCursor>| {
        page.items.iter().map(|item| item.sku.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&first), names(&second)),
        (vec!["A".into(), "A".into(), "B".into(), "B".into()], vec!["b".into(); 2])
    );
    assert_eq!(second.next, None);
    assert_eq!((names(&low), low.items[0].is_low()), (vec!["A".to_owned()], true));
    assert_eq!((west.items.len(), west.items[0].warehouse_code.as_str()), (1, "WEST"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn seeding_twice_receives_once(pool: PgPool) {
    let harness = Harness::new(pool, &[]).await;
    let receipt = |name: &str, units| Receipt { sku: sku(name), warehouse_id: harness.west, units };
    let receipts = [receipt("A", 10), receipt("NONE-LEFT", 0)];
    let origin = Origin::Person { actor: "seed".to_owned(), reason: "demo".to_owned() };

    let first = inventory::receive_new(&harness.pool, &receipts, &origin, now()).await.expect("seeded");
    let second = inventory::receive_new(&harness.pool, &receipts, &origin, now()).await.expect("seeded");

    assert_eq!((first, second), (2, 0));
    assert_eq!(harness.counters("A").await, [(0, 0), (10, 0)]);
    assert_eq!(inventory::find_stock(&harness.pool, &sku("NONE-LEFT")).await.expect("found").len(), 1);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn warehouses_are_listed_by_priority_and_their_codes_are_unique(pool: PgPool) {
    let harness = Harness::new(pool, &[]).await;
    let id = WarehouseId::from_uuid(Uuid::now_v7());
    let duplicate = Warehouse::new(id, "EAST".parse().expect("a code"), "Another", 0).expect("a warehouse");

    let created = inventory::create_warehouse(&harness.pool, &duplicate, now(), &NoAudit).await;

    assert!(matches!(created, Err(CreateWarehouseError::CodeTaken)));
    let listed = inventory::list_warehouses(&harness.pool).await.expect("listed");
    assert_eq!(listed.iter().map(|warehouse| warehouse.id).collect::<Vec<_>>(), [harness.east, harness.west]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_that_contradicts_the_counter_fails_with_its_own_error(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;
    let order_id = order();
    harness.handle_all(&[reserve(order_id, &[("A", 4)])]).await;
    let by_hand = sqlx::query!("UPDATE inventory.stock SET reserved = 3 WHERE sku = 'A' AND reserved = 4");
    by_hand.execute(&harness.pool).await.expect("written");

    let failure = harness.handle(&[crate::harness::release(order_id)]).await.expect_err("contradiction");

    assert!(matches!(&failure, HandleError::Failed(why) if why.to_string().contains("contradicts")), "{failure}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_ledger_is_append_only(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;

    let changed = sqlx::query!("UPDATE inventory.ledger SET on_hand_delta = 0").execute(&harness.pool).await;
    let deleted = sqlx::query!("DELETE FROM inventory.ledger").execute(&harness.pool).await;

    assert!(changed.expect_err("refused").to_string().contains("only ever added to"));
    assert!(deleted.expect_err("refused").to_string().contains("only ever added to"));
    harness.assert_ledger_consistent().await;
}
