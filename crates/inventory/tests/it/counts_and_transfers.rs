//! Counts and transfers: what they change, what they refuse, and that they are right under concurrent changes.

use crate::harness::{Harness, is_reserved, order, reserve, sku};
use domain::ids::{TransferId, WarehouseId};
use domain::inventory::{AdjustmentKind, MovementKind, Origin, StockRefusal, Transfer, WarehouseChange, WarehouseRef};
use futures::future::join_all;
use inventory::{AdjustStockError, Adjustment, MovementFilter, StockItem, Transferred, list_movements, transfer_stock};
use platform::audit::NoAudit;
use platform::clock::now;
use sqlx::PgPool;
use uuid::Uuid;

async fn count(harness: &Harness, quantity: i32) -> Result<StockItem, AdjustStockError> {
    let (reason, actor) = ("year end".to_owned(), "vendor:1".to_owned());
    let kind = AdjustmentKind::Counted;
    let counted = Adjustment { sku: sku("A"), warehouse_id: harness.east, kind, quantity, reason, actor };
    inventory::adjust_stock(&harness.pool, counted, now(), &NoAudit).await
}

fn transfer(from: WarehouseId, to: WarehouseId, units: u32) -> Transfer {
    Transfer::new(TransferId::from_uuid(Uuid::now_v7()), sku("A"), from, to, units).expect("a transfer")
}

async fn move_units(harness: &Harness, transfer: &Transfer) -> Result<Transferred, AdjustStockError> {
    transfer_stock(&harness.pool, transfer, ("vendor:1", "rebalancing"), now(), &NoAudit).await
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_count_sets_the_units_on_hand_and_the_ledger_has_the_difference(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;

    for (counted, difference) in [(7, -3), (7, 0), (12, 5)] {
        let item = count(&harness, counted).await.expect("counted");
        assert_eq!(i64::from(item.level.on_hand()), i64::from(counted));
        let last = sqlx::query_as("SELECT kind, on_hand_delta FROM inventory.ledger ORDER BY id DESC LIMIT 1");
        let last: (String, i32) = last.fetch_one(&harness.pool).await.expect("read");
        assert_eq!(last, ("counted".to_owned(), difference));
    }
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_count_below_what_is_reserved_is_refused(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;
    harness.handle_all(&[reserve(order(), &[("A", 8)])]).await;

    let refused = count(&harness, 7).await.expect_err("refused");
    let negative = count(&harness, -1).await.expect_err("refused");
    let exact = count(&harness, 8).await.expect("counted");

    let below = StockRefusal::CountedBelowReserved { counted: 7, reserved: 8 };
    assert!(matches!(refused, AdjustStockError::Refused(refusal) if refusal == below), "{refused}");
    assert!(matches!(negative, AdjustStockError::Refused(StockRefusal::BadQuantity)), "{negative}");
    assert_eq!((exact.level.on_hand(), exact.level.available()), (8, 0));
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn counts_reservations_and_transfers_at_the_same_time_keep_the_ledger_consistent(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 50, 50)]).await;
    let back_and_forth =
        (0..10).map(|number| if number % 2 == 0 { (harness.east, harness.west) } else { (harness.west, harness.east) });
    let transfers: Vec<_> = back_and_forth.map(|(from, to)| transfer(from, to, 3)).collect();
    let batches: Vec<_> = (0..10).map(|_| [reserve(order(), &[("A", 2)])]).collect();

    let counting = join_all((40..50).map(|units| count(&harness, units)));
    let moving = join_all(transfers.iter().map(|transfer| move_units(&harness, transfer)));
    let reserving = join_all(batches.iter().map(|batch| harness.handle(batch)));
    let (counted, moved, reserved) = futures::join!(counting, moving, reserving);

    assert!(counted.iter().all(Result::is_ok) && moved.iter().all(Result::is_ok), "{counted:?} {moved:?}");
    assert!(reserved.iter().all(Result::is_ok));
    let [east, west] = harness.counters("A").await;
    assert_eq!(east.1 + west.1, 20);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_transfer_has_two_entries_with_its_id_and_starts_a_row_where_there_is_none(pool: PgPool) {
    let harness = Harness::new(pool, &[]).await;
    let receipt = inventory::Receipt { sku: sku("A"), warehouse_id: harness.east, units: 10 };
    let origin = Origin::Person { actor: "test".to_owned(), reason: "delivery".to_owned() };
    inventory::receive_new(&harness.pool, &[receipt], &origin, now()).await.expect("received");
    let transfer = transfer(harness.east, harness.west, 4);

    let moved = move_units(&harness, &transfer).await.expect("transferred");

    assert_eq!((moved.from.level.on_hand(), moved.to.level.on_hand(), moved.units), (6, 4, 4));
    assert_eq!((moved.from.warehouse_code.as_str(), moved.to.warehouse_code.as_str()), ("EAST", "WEST"));
    assert_eq!(harness.counters("A").await, [(6, 0), (4, 0)]);
    let page = list_movements(&harness.pool, &sku("A"), &MovementFilter::default()).await.expect("a page");
    let sides: Vec<_> = page.items.iter().filter(|row| matches!(row.origin, Origin::Transfer { .. })).collect();
    let expected =
        Origin::Transfer { transfer_id: transfer.id(), actor: "vendor:1".to_owned(), reason: "rebalancing".to_owned() };
    assert!(sides.iter().all(|side| side.origin == expected), "{sides:?}");
    let kinds: Vec<_> = sides.iter().map(|side| (side.kind, side.warehouse_id, side.on_hand_delta)).collect();
    assert!(kinds.contains(&(MovementKind::TransferredOut, harness.east, -4)), "{kinds:?}");
    assert!(kinds.contains(&(MovementKind::TransferredIn, harness.west, 4)), "{kinds:?}");
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_available_units_are_transferred_and_a_refusal_changes_nothing(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;
    harness.handle_all(&[reserve(order(), &[("A", 8)])]).await;
    let unknown = WarehouseId::from_uuid(Uuid::now_v7());

    let refused = move_units(&harness, &transfer(harness.east, harness.west, 3)).await.expect_err("refused");
    let nothing_there = move_units(&harness, &transfer(harness.west, harness.east, 1)).await.expect_err("refused");
    let nowhere = move_units(&harness, &transfer(harness.east, unknown, 1)).await.expect_err("refused");

    let short = |requested, available| StockRefusal::NotEnoughAvailable { requested, available };
    assert!(matches!(refused, AdjustStockError::Refused(refusal) if refusal == short(3, 2)), "{refused}");
    assert!(matches!(nothing_there, AdjustStockError::Refused(refusal) if refusal == short(1, 0)), "{nothing_there}");
    assert!(matches!(nowhere, AdjustStockError::UnknownWarehouse), "{nowhere}");
    assert_eq!(harness.counters("A").await, [(10, 8), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_transfers_never_move_more_than_there_is(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;
    let transfers: Vec<_> = (0..8).map(|_| transfer(harness.east, harness.west, 3)).collect();

    let moved = join_all(transfers.iter().map(|transfer| move_units(&harness, transfer))).await;

    assert_eq!(moved.iter().filter(|result| result.is_ok()).count(), 3);
    assert_eq!(harness.counters("A").await, [(1, 0), (9, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_closed_warehouse_gets_no_transfers_but_can_be_emptied(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 10)]).await;
    let change = WarehouseChange { closed: Some(true), reason: Some("moved".to_owned()), ..WarehouseChange::default() };
    let west = WarehouseRef::Id(harness.west);
    inventory::update_warehouse(&harness.pool, &west, &change, now(), &NoAudit).await.expect("closed");

    let refused = move_units(&harness, &transfer(harness.east, harness.west, 1)).await.expect_err("refused");
    move_units(&harness, &transfer(harness.west, harness.east, 10)).await.expect("emptied");

    assert!(matches!(refused, AdjustStockError::Refused(StockRefusal::WarehouseClosed)), "{refused}");
    assert_eq!(harness.counters("A").await, [(20, 0), (0, 0)]);
    assert!(is_reserved(&harness.reserve(order(), &[("A", 20)]).await));
    harness.assert_ledger_consistent().await;
}
