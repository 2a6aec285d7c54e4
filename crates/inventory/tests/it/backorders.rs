//! Orders that wait for units that are out of stock.

use crate::harness::{
    Harness, allocations, backordered, is_reserved, order, rejected, release, reserve, reserve_waiting, restock,
};
use domain::ids::ReturnId;
use domain::inventory::{WarehouseChange, WarehouseRef};
use domain::messages::{InventoryCommand, Message as _, Reply, StockReleased};
use inventory::AllocationStatus;
use platform::audit::NoAudit;
use sqlx::PgPool;
use uuid::Uuid;

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_available_is_reserved_and_the_rest_when_it_is_received(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 1, 1), ("B", 1, 0)]).await;
    let order_id = order();

    let first = harness.handle_all(&[reserve_waiting(order_id, &[("A", 5), ("B", 1)])]).await;
    assert_eq!(first, [backordered(order_id, &[("A", 3)])]);
    assert_eq!(harness.counters("A").await, [(1, 1), (1, 1)]);
    assert_eq!(harness.fill().await, []);

    harness.receive(&[("A", 2, 0)]).await;
    assert_eq!(harness.fill().await, [], "units are still missing");
    assert_eq!(harness.counters("A").await, [(3, 3), (1, 1)]);
    let again = harness.handle_all(&[reserve_waiting(order_id, &[("A", 5), ("B", 1)])]).await;
    assert_eq!(again, [backordered(order_id, &[("A", 1)])]);

    harness.receive(&[("A", 0, 9)]).await;
    let filled = harness.fill().await;
    let (east, west) = (harness.east, harness.west);
    let expected = [(west, "A".to_owned(), 2), (east, "A".to_owned(), 3), (east, "B".to_owned(), 1)];
    assert_eq!((filled.len(), allocations(&filled[0])), (1, expected.to_vec()));
    let late = harness.handle_all(&[reserve_waiting(order_id, &[("A", 5), ("B", 1)])]).await;
    assert_eq!(allocations(&late[0]), expected);
    assert_eq!(harness.fill().await, [], "an order is filled once");
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_with_a_short_line_that_may_not_wait_is_rejected_and_reserves_nothing(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 1, 0), ("B", 1, 0)]).await;
    let order_id = order();
    let mut command = reserve_waiting(order_id, &[("A", 2), ("B", 2)]);
    let InventoryCommand::Reserve(reserve) = &mut command.command else { panic!("a reserve command") };
    reserve.lines[1].may_wait = false;

    let replies = harness.handle_all(&[command]).await;

    assert_eq!(replies, [rejected(order_id, &[("A", 2, 1), ("B", 2, 1)])]);
    harness.receive(&[("A", 9, 0)]).await;
    assert_eq!((harness.fill().await, harness.counters("A").await), (vec![], [(10, 0), (0, 0)]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_are_served_in_their_sequence_and_before_new_ones(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 0, 0)]).await;
    let orders = [order(), order(), order(), order()];
    for order_id in &orders[..2] {
        harness.handle_all(&[reserve_waiting(*order_id, &[("A", 2)])]).await;
    }
    harness.receive(&[("A", 3, 2)]).await;

    let new = harness.handle_all(&[reserve(orders[2], &[("A", 2)]), reserve(orders[3], &[("A", 1)])]).await;

    assert_eq!(new[0], rejected(orders[2], &[("A", 2, 1)]), "four of the five units are set aside");
    assert!(is_reserved(&new[1]));
    let filled: Vec<_> = harness.fill().await.iter().map(Reply::order_id).collect();
    assert_eq!(filled, orders[..2]);
    assert_eq!(harness.counters("A").await, [(3, 3), (2, 2)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn orders_of_one_batch_wait_in_the_sequence_of_the_batch(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 3, 0)]).await;
    let orders = [order(), order()];

    let batch = orders.map(|order_id| reserve_waiting(order_id, &[("A", 2)]));
    let replies = harness.handle_all(&batch).await;

    assert!(is_reserved(&replies[0]));
    assert_eq!(replies[1], backordered(orders[1], &[("A", 1)]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_frees_what_is_reserved_and_the_next_order_gets_it(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 2, 0)]).await;
    let [first, second] = [order(), order()];
    harness.handle_all(&[reserve_waiting(first, &[("A", 5)]), reserve_waiting(second, &[("A", 2)])]).await;

    for _ in 0..2 {
        let released = harness.handle_all(&[release(first)]).await;
        assert_eq!(released, [Reply::StockReleased(StockReleased { order_id: first })]);
    }

    let filled = harness.fill().await;
    assert_eq!(allocations(&filled[0]), [(harness.east, "A".to_owned(), 2)]);
    let late = harness.handle_all(&[reserve_waiting(first, &[("A", 5)])]).await;
    assert_eq!(late, [rejected(first, &[])], "the tombstone refuses a late command");
    assert_eq!(harness.missing().await, 0);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_and_a_new_order_in_one_batch_see_each_other(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 0, 0)]).await;
    let [waiting, new] = [order(), order()];
    harness.handle_all(&[reserve_waiting(waiting, &[("A", 3)])]).await;
    harness.receive(&[("A", 2, 0)]).await;

    let replies = harness.handle_all(&[reserve(new, &[("A", 2)]), release(waiting)]).await;

    assert!(is_reserved(&replies[0]), "nobody waits any more");
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn any_source_of_units_fills_backorders(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 2, 0)]).await;
    let [seller, buyer] = [order(), order()];
    harness.handle_all(&[reserve(seller, &[("A", 2)]), reserve_waiting(buyer, &[("A", 3)])]).await;

    let returned = ReturnId::from_uuid(Uuid::now_v7());
    harness.handle_all(&[restock(seller, returned, harness.west, &[("A", 1)])]).await;
    assert_eq!((harness.fill().await, harness.missing().await), (vec![], 2));
    harness.handle_all(&[release(seller)]).await;

    assert!(harness.fill().await.iter().all(is_reserved));
    assert_eq!(harness.counters("A").await, [(2, 2), (1, 1)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_units_of_a_closed_warehouse_fill_nothing_until_it_is_opened(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 0, 0)]).await;
    let order_id = order();
    harness.handle_all(&[reserve_waiting(order_id, &[("A", 1)])]).await;
    harness.close_west(true).await;
    harness.receive(&[("A", 0, 5)]).await;
    assert_eq!(harness.fill().await, []);

    harness.close_west(false).await;

    assert!(harness.fill().await.iter().all(is_reserved));
    assert_eq!(harness.counters("A").await, [(0, 0), (5, 1)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_waiting_order_shows_what_is_allocated_and_what_is_missing(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 1, 0)]).await;
    let order_id = order();
    harness.handle_all(&[reserve_waiting(order_id, &[("A", 3)])]).await;

    let view = inventory::find_allocation(&harness.pool, order_id).await.expect("found");

    assert_eq!((view.status, view.allocations.len()), (AllocationStatus::Waiting, 1));
    assert_eq!(view.missing.iter().map(|missing| missing.units.get()).collect::<Vec<_>>(), [2]);
    harness.handle_all(&[release(order_id)]).await;
    let view = inventory::find_allocation(&harness.pool, order_id).await.expect("found");
    assert_eq!(view.missing, []);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_serves_at_most_its_limit_and_counts_what_it_served(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 0, 0), ("B", 0, 0)]).await;
    let orders: Vec<_> = (0..5).map(|_| order()).collect();
    for order_id in &orders {
        harness.handle_all(&[reserve_waiting(*order_id, &[("A", 1), ("B", 1)])]).await;
    }
    harness.receive(&[("A", 9, 0), ("B", 9, 0)]).await;

    let mut served = Vec::new();
    for _ in 0..5 {
        served.push(harness.fill_at_most(3).await);
    }

    assert_eq!(served, [3, 3, 3, 1, 0]);
    assert_eq!((harness.counters("A").await[0], harness.counters("B").await[0]), ((9, 5), (9, 5)));
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_waits_is_not_removed(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 0, 0)]).await;
    let order_id = order();
    harness.handle_all(&[reserve_waiting(order_id, &[("A", 1)])]).await;

    let open = inventory::remove_orders(&harness.pool, &[order_id]).await.expect("checked");
    assert!(open.contains(&order_id));
    harness.handle_all(&[release(order_id)]).await;

    assert!(inventory::remove_orders(&harness.pool, &[order_id]).await.expect("removed").is_empty());
}

/// Its units are set aside: no later order gets them, and no run waits for the lock.
#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_another_transaction_has_locked_keeps_its_place(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 0, 0)]).await;
    let [first, second] = [order(), order()];
    for order_id in [first, second] {
        harness.handle_all(&[reserve_waiting(order_id, &[("A", 2)])]).await;
    }
    harness.receive(&[("A", 3, 0)]).await;
    let mut other = platform::postgres::begin(&harness.pool).await.expect("a transaction");
    let lock = "SELECT FROM inventory.reservations WHERE order_id = $1 FOR UPDATE";
    sqlx::query(lock).bind(first.as_uuid()).execute(&mut *other).await.expect("locked");

    assert_eq!((harness.fill().await, harness.missing().await), (vec![], 3));
    assert_eq!(harness.counters("A").await, [(3, 1), (0, 0)], "one unit is left for the second");
    other.rollback().await.expect("unlocked");

    assert_eq!(allocations(&harness.fill().await[0]), [(harness.east, "A".to_owned(), 2)]);
}

impl Harness {
    async fn close_west(&self, closed: bool) {
        let reason = Some("inventory".to_owned());
        let change = WarehouseChange { closed: Some(closed), reason, ..WarehouseChange::default() };
        let (west, now) = (WarehouseRef::Id(self.west), platform::clock::now());
        inventory::update_warehouse(&self.pool, &west, &change, now, &NoAudit).await.expect("changed");
    }
}
