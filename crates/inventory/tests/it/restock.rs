//! The restock command: returned units are in stock again, once per return.

use crate::harness::{Harness, order, restock};
use domain::ids::ReturnId;
use domain::messages::{Reply, ReturnRestocked};
use futures::future::join_all;
use sqlx::PgPool;
use uuid::Uuid;

fn new_return() -> ReturnId {
    ReturnId::from_uuid(Uuid::now_v7())
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_return_is_restocked_once_however_often_its_command_arrives(pool: PgPool) {
    let harness = Harness::new(pool.clone(), &[("A", 5, 0)]).await;
    let (order_id, [first, second]) = (order(), [new_return(), new_return()]);
    let reply = |return_id| Reply::ReturnRestocked(ReturnRestocked { order_id, return_id });

    for _ in 0..3 {
        let replies = harness.handle_all(&[restock(order_id, first, harness.east, &[("A", 2)])]).await;
        assert_eq!(replies, [reply(first)]);
    }
    let other = harness.handle_all(&[restock(order_id, second, harness.east, &[("A", 1)])]).await;

    assert_eq!(other, [reply(second)]);
    assert_eq!(harness.counters("A").await, [(8, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_warehouse_can_receive_what_it_never_had(pool: PgPool) {
    let harness = Harness::new(pool.clone(), &[("A", 5, 0)]).await;
    sqlx::query("DELETE FROM inventory.stock WHERE on_hand = 0").execute(&pool).await.expect("deleted");

    harness.handle_all(&[restock(order(), new_return(), harness.west, &[("A", 2)])]).await;

    assert_eq!(harness.counters("A").await, [(5, 0), (2, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_commands_of_one_return_restock_it_once(pool: PgPool) {
    let harness = Harness::new(pool.clone(), &[("A", 5, 0)]).await;
    let (order_id, return_id) = (order(), new_return());
    let batches: Vec<_> = (0..8).map(|_| [restock(order_id, return_id, harness.east, &[("A", 2)])]).collect();

    join_all(batches.iter().map(|batch| harness.handle_all(batch))).await;

    assert_eq!(harness.counters("A").await, [(7, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}
