//! Concurrent batches on the same stock.

use crate::harness::{Harness, is_reserved, order, release, replies, reserve, ship};
use domain::ids::OrderId;
use domain::messages::{InventoryCommand, Reply};
use futures::future::join_all;
use messaging::{Delivery, HandleError, Handled};
use sqlx::PgPool;

/// As many as the test's pool has connections.
const HANDLERS: usize = 5;
const ROUNDS: usize = 40;

async fn concurrently(
    harness: &Harness,
    batches: &[Vec<Delivery<InventoryCommand>>],
) -> Vec<Result<Handled<()>, HandleError>> {
    join_all(batches.iter().map(|batch| harness.handle(batch))).await
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_last_fifty_units_go_to_fifty_of_two_hundred_orders(pool: PgPool) {
    let harness = Harness::new(pool, &[("LAST", 30, 20)]).await;
    let batches: Vec<Vec<_>> =
        (0..HANDLERS * 8).map(|_| (0..5).map(|_| reserve(order(), &[("LAST", 1)])).collect()).collect();

    let handled: Vec<_> =
        concurrently(&harness, &batches).await.into_iter().map(|result| result.expect("handled")).collect();

    let replies: Vec<_> = handled.iter().flat_map(replies).collect();
    let is_sold_out = |reply: &Reply| {
        let Reply::StockRejected(rejected) = reply else { return false };
        rejected.shortages.len() == 1 && rejected.shortages[0].available == 0
    };
    assert_eq!(replies.iter().filter(|reply| is_reserved(reply)).count(), 50);
    assert_eq!(replies.iter().filter(|reply| is_sold_out(reply)).count(), 150);
    assert_eq!(harness.counters("LAST").await, [(30, 30), (20, 20)]);
    harness.assert_ledger_consistent().await;
}

/// The batches of all handlers in one round. Their SKUs and orders overlap, in a different sequence each time.
fn overlapping(round: usize, orders: &[OrderId], harness: &Harness) -> Vec<Vec<Delivery<InventoryCommand>>> {
    let skus = ["A", "B", "C", "D", "E"];
    let command = |handler: usize, number: usize, order_id: OrderId| {
        let (one, other) = (skus[(handler + number) % 5], skus[(handler * 2 + number + 1 + round) % 5]);
        match (handler + number + round) % 4 {
            0 => release(order_id),
            1 => ship(order_id, harness.east),
            _ if one == other => reserve(order_id, &[(one, 1)]),
            _ => reserve(order_id, &[(other, 2), (one, 1)]),
        }
    };
    let batch = |handler: usize| {
        let mut batch: Vec<_> =
            orders.iter().enumerate().map(|(number, order_id)| command(handler, number, *order_id)).collect();
        batch.rotate_left(handler * 3 % orders.len());
        if handler.is_multiple_of(2) {
            batch.reverse();
        }
        batch
    };
    (0..HANDLERS).map(batch).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn overlapping_batches_never_deadlock_and_keep_the_ledger_consistent(pool: PgPool) {
    let stock = ["A", "B", "C", "D", "E"].map(|name| (name, 300, 300));
    let harness = Harness::new(pool, &stock).await;

    for round in 0..ROUNDS {
        let orders: Vec<_> = (0..16).map(|_| order()).collect();
        for result in concurrently(&harness, &overlapping(round, &orders, &harness)).await {
            result.expect("no deadlock, no lock timeout");
        }
    }

    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_concurrent_reserve_and_release_of_one_order_leave_nothing_reserved(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 10, 0)]).await;

    for round in 0..ROUNDS {
        let order_id = order();
        let mut batches = vec![vec![reserve(order_id, &[("A", 1)])], vec![release(order_id)]];
        batches.rotate_left(round % 2);
        for result in concurrently(&harness, &batches).await {
            result.expect("handled");
        }
        assert_eq!(harness.counters("A").await, [(10, 0), (0, 0)], "round {round}");
    }

    harness.assert_ledger_consistent().await;
}
