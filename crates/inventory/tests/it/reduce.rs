//! The command that reduces a reservation, whose units were cancelled.

use crate::harness::{Harness, order, reduce, release, ship};
use domain::ids::ShipmentId;
use domain::messages::{Reply, ReservationReduced};
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_reduction_releases_what_does_not_remain_once(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 3), ("B", 5, 0)]).await;
    let order_id = order();
    harness.reserve(order_id, &[("A", 4), ("B", 2)]).await;
    let shipment_id = ShipmentId::of(order_id, harness.east);

    for _ in 0..2 {
        let replies = harness.handle_all(&[reduce(order_id, harness.east, &[("A", 1), ("B", 0)])]).await;
        assert_eq!(replies, [Reply::ReservationReduced(ReservationReduced { order_id, shipment_id })]);
    }
    harness.handle_all(&[reduce(order_id, harness.east, &[("A", 3)])]).await;

    assert_eq!(harness.counters("A").await, [(5, 1), (3, 0)]);
    assert_eq!(harness.counters("B").await, [(5, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_remains_is_shipped_or_released(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 9, 0)]).await;
    let [shipped, released] = [order(), order()];
    for order_id in [shipped, released] {
        harness.reserve(order_id, &[("A", 3)]).await;
        harness.handle_all(&[reduce(order_id, harness.east, &[("A", 2)])]).await;
    }

    harness.handle_all(&[ship(shipped, harness.east)]).await;
    harness.handle_all(&[release(released)]).await;
    harness.handle_all(&[reduce(shipped, harness.east, &[("A", 1)])]).await;

    assert_eq!(harness.counters("A").await, [(7, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn released_units_can_be_reserved_by_others_in_the_same_batch(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 3, 0)]).await;
    let [first, second] = [order(), order()];
    harness.reserve(first, &[("A", 3)]).await;

    let batch = [crate::harness::reserve(second, &[("A", 2)]), reduce(first, harness.east, &[("A", 1)])];
    let replies = harness.handle_all(&batch).await;

    assert!(replies.iter().any(|reply| matches!(reply, Reply::StockReserved(_))), "{replies:?}");
    assert_eq!(harness.counters("A").await, [(3, 3), (0, 0)]);
    harness.assert_ledger_consistent().await;
}
