//! The release and ship commands.

use crate::harness::{Harness, allocations, is_reserved, order, rejected, release, reserve, ship, ship_skus};
use domain::ids::ShipmentId;
use domain::messages::{Reply, StockReleased, StockShipped};
use messaging::Verdict;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_returns_the_units_once_and_always_gets_its_reply(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 2, 3)]).await;
    let order_id = order();
    harness.reserve(order_id, &[("A", 4)]).await;

    for _ in 0..3 {
        assert_eq!(harness.handle_all(&[release(order_id)]).await, [Reply::StockReleased(StockReleased { order_id })]);
    }

    assert_eq!(harness.counters("A").await, [(2, 0), (3, 0)]);
    assert_eq!(harness.reserve(order_id, &[("A", 4)]).await, rejected(order_id, &[]));
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_before_its_reserve_rejects_the_late_reserve(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 0)]).await;
    let order_id = order();

    let released = harness.handle_all(&[release(order_id)]).await;
    let late = harness.reserve(order_id, &[("A", 1)]).await;
    let later = harness.reserve(order_id, &[("A", 1)]).await;

    assert_eq!(released, [Reply::StockReleased(StockReleased { order_id })]);
    assert_eq!([late, later], [rejected(order_id, &[]), rejected(order_id, &[])]);
    assert_eq!(harness.counters("A").await, [(5, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_released_rejection_keeps_its_shortages(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 1, 0)]).await;
    let order_id = order();
    harness.reserve(order_id, &[("A", 2)]).await;

    harness.handle_all(&[release(order_id)]).await;

    assert_eq!(harness.reserve(order_id, &[("A", 2)]).await, rejected(order_id, &[("A", 2, 1)]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_shipments_from_one_warehouse_remove_the_units_of_their_own_skus(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 0), ("B", 5, 0)]).await;
    let order_id = order();
    harness.reserve(order_id, &[("A", 2), ("B", 3)]).await;

    for _ in 0..2 {
        harness.handle_all(&[ship_skus(order_id, harness.east, &["A"])]).await;
    }
    let between = [harness.counters("A").await, harness.counters("B").await];
    harness.handle_all(&[ship_skus(order_id, harness.east, &["B"])]).await;

    assert_eq!(between, [[(3, 0), (0, 0)], [(5, 3), (0, 0)]]);
    assert_eq!(harness.counters("B").await, [(2, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_removes_the_units_of_its_warehouse_once(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 2, 3), ("B", 0, 5)]).await;
    let order_id = order();
    let reserved = harness.reserve(order_id, &[("A", 4), ("B", 2)]).await;
    assert_eq!(allocations(&reserved).len(), 3);

    let shipment_id = ShipmentId::of(order_id, harness.west);
    for _ in 0..2 {
        let replies = harness.handle_all(&[ship(order_id, harness.west)]).await;
        assert_eq!(replies, [Reply::StockShipped(StockShipped { order_id, shipment_id })]);
    }

    assert_eq!(harness.counters("A").await, [(2, 1), (0, 0)]);
    assert_eq!(harness.counters("B").await, [(0, 0), (3, 0)]);
    assert_eq!(allocations(&harness.reserve(order_id, &[("A", 4), ("B", 2)]).await).len(), 3);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_after_a_shipment_returns_only_the_remaining_units(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 2, 3)]).await;
    let order_id = order();
    harness.reserve(order_id, &[("A", 5)]).await;
    harness.handle_all(&[ship(order_id, harness.west)]).await;

    harness.handle_all(&[release(order_id)]).await;

    assert_eq!(harness.counters("A").await, [(2, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_without_a_reservation_is_refused_by_name(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 5)]).await;
    let (unknown, elsewhere, released, sound) = (order(), order(), order(), order());
    for order_id in [elsewhere, released, sound] {
        harness.reserve(order_id, &[("A", 1)]).await;
    }
    harness.handle_all(&[release(released)]).await;
    let batch = [
        ship(unknown, harness.east),
        ship(elsewhere, harness.west),
        ship(released, harness.east),
        ship(sound, harness.east),
    ];

    let handled = harness.handle(&batch).await.expect("the batch is handled");

    assert!(handled.verdicts.iter().all(|verdict| *verdict == Verdict::Done), "{:?}", handled.verdicts);
    let sent: Vec<_> = handled.outgoing.iter().map(|message| message.payload.as_str()).collect();
    let reasons = ["nothing was reserved", "nothing was reserved", "has been released", "inventory.shipped.v1"];
    assert_eq!(sent.len(), reasons.len());
    for (payload, reason) in sent.into_iter().zip(reasons) {
        assert!(payload.contains(reason), "{payload}");
    }
    assert_eq!(harness.counters("A").await, [(4, 1), (5, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_batch_may_mix_reserve_release_and_ship(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 6, 0), ("B", 6, 0)]).await;
    let (shipped, released, repeated, new, short) = (order(), order(), order(), order(), order());
    for order_id in [shipped, released, repeated] {
        harness.reserve(order_id, &[("A", 2), ("B", 1)]).await;
    }
    let batch = [
        reserve(new, &[("A", 2)]),
        ship(shipped, harness.east),
        release(released),
        reserve(repeated, &[("A", 2), ("B", 1)]),
        reserve(short, &[("A", 1)]),
    ];

    let replies = harness.handle_all(&batch).await;

    assert!(is_reserved(&replies[0]) && is_reserved(&replies[3]));
    assert_eq!(
        replies[1],
        Reply::StockShipped(StockShipped { order_id: shipped, shipment_id: ShipmentId::of(shipped, harness.east) })
    );
    assert_eq!(replies[2], Reply::StockReleased(StockReleased { order_id: released }));
    assert_eq!(replies[4], rejected(short, &[("A", 1, 0)]));
    assert_eq!(harness.counters("A").await, [(4, 4), (0, 0)]);
    assert_eq!(harness.counters("B").await, [(5, 1), (0, 0)]);
    harness.assert_ledger_consistent().await;
}
