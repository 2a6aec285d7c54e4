//! Many batches at once on the same stock.

use crate::harness::{House, is_reserved, order, release, replies, reserve, ship};
use domain::ids::OrderId;
use domain::messages::{InventoryCommand, Reply};
use futures::future::join_all;
use messaging::{Delivery, HandleError, Handled};
use sqlx::PgPool;

/// As many as the test's pool has connections.
const HANDLERS: usize = 5;
const ROUNDS: usize = 40;

async fn at_once(house: &House, batches: &[Vec<Delivery<InventoryCommand>>]) -> Vec<Result<Handled, HandleError>> {
    join_all(batches.iter().map(|batch| house.handle(batch))).await
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_last_fifty_units_go_to_fifty_of_two_hundred_orders(pool: PgPool) {
    let house = House::open(pool, &[("LAST", 30, 20)]).await;
    let batches: Vec<Vec<_>> =
        (0..HANDLERS * 8).map(|_| (0..5).map(|_| reserve(order(), &[("LAST", 1)])).collect()).collect();

    let handled: Vec<_> = at_once(&house, &batches).await.into_iter().map(|done| done.expect("handled")).collect();

    let replies: Vec<_> = handled.iter().flat_map(replies).collect();
    let named = |reply: &Reply| matches!(reply, Reply::StockRejected(no) if no.shortages.len() == 1 && no.shortages[0].available == 0);
    assert_eq!(replies.iter().filter(|reply| is_reserved(reply)).count(), 50);
    assert_eq!(replies.iter().filter(|reply| named(reply)).count(), 150);
    assert_eq!(house.counters("LAST").await, [(30, 30), (20, 20)]);
    house.assert_books_agree().await;
}

/// What each handler does in one round: SKUs and orders overlap, in another order each time.
fn overlapping(round: usize, orders: &[OrderId], house: &House) -> Vec<Vec<Delivery<InventoryCommand>>> {
    let skus = ["A", "B", "C", "D", "E"];
    let command = |handler: usize, number: usize, order_id: OrderId| {
        let (one, other) = (skus[(handler + number) % 5], skus[(handler * 2 + number + 1 + round) % 5]);
        match (handler + number + round) % 4 {
            0 => release(order_id),
            1 => ship(order_id, house.east),
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
async fn overlapping_batches_never_deadlock_and_the_books_agree(pool: PgPool) {
    let stock = ["A", "B", "C", "D", "E"].map(|name| (name, 300, 300));
    let house = House::open(pool, &stock).await;

    for round in 0..ROUNDS {
        let orders: Vec<_> = (0..16).map(|_| order()).collect();
        for done in at_once(&house, &overlapping(round, &orders, &house)).await {
            done.expect("no deadlock, no lock timeout");
        }
    }

    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reserve_and_a_release_of_one_order_at_once_leave_nothing_held(pool: PgPool) {
    let house = House::open(pool, &[("A", 10, 0)]).await;

    for round in 0..ROUNDS {
        let order_id = order();
        let mut batches = vec![vec![reserve(order_id, &[("A", 1)])], vec![release(order_id)]];
        batches.rotate_left(round % 2);
        for done in at_once(&house, &batches).await {
            done.expect("handled");
        }
        assert_eq!(house.counters("A").await, [(10, 0), (0, 0)], "round {round}");
    }

    house.assert_books_agree().await;
}
