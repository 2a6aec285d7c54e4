//! How a reservation ends: given back, or gone.

use crate::harness::{House, held, is_reserved, order, rejected, release, reserve, ship};
use domain::ids::ShipmentId;
use domain::messages::{Reply, StockReleased, StockShipped};
use messaging::Verdict;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_gives_back_once_and_is_always_answered(pool: PgPool) {
    let house = House::open(pool, &[("A", 2, 3)]).await;
    let order_id = order();
    house.reserve(order_id, &[("A", 4)]).await;

    for _ in 0..3 {
        assert_eq!(house.ask(&[release(order_id)]).await, [Reply::StockReleased(StockReleased { order_id })]);
    }

    assert_eq!(house.counters("A").await, [(2, 0), (3, 0)]);
    assert_eq!(house.reserve(order_id, &[("A", 4)]).await, rejected(order_id, &[]));
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_that_comes_first_refuses_the_late_reserve(pool: PgPool) {
    let house = House::open(pool, &[("A", 5, 0)]).await;
    let order_id = order();

    let released = house.ask(&[release(order_id)]).await;
    let late = house.reserve(order_id, &[("A", 1)]).await;
    let later = house.reserve(order_id, &[("A", 1)]).await;

    assert_eq!(released, [Reply::StockReleased(StockReleased { order_id })]);
    assert_eq!([late, later], [rejected(order_id, &[]), rejected(order_id, &[])]);
    assert_eq!(house.counters("A").await, [(5, 0), (0, 0)]);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_released_rejection_still_tells_its_shortages(pool: PgPool) {
    let house = House::open(pool, &[("A", 1, 0)]).await;
    let order_id = order();
    house.reserve(order_id, &[("A", 2)]).await;

    house.ask(&[release(order_id)]).await;

    assert_eq!(house.reserve(order_id, &[("A", 2)]).await, rejected(order_id, &[("A", 2, 1)]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_shipment_takes_the_goods_of_its_warehouse_off_the_books_once(pool: PgPool) {
    let house = House::open(pool, &[("A", 2, 3), ("B", 0, 5)]).await;
    let order_id = order();
    let reserved = house.reserve(order_id, &[("A", 4), ("B", 2)]).await;
    assert_eq!(held(&reserved).len(), 3);

    let shipment_id = ShipmentId::of(order_id, house.west);
    for _ in 0..2 {
        let replies = house.ask(&[ship(order_id, house.west)]).await;
        assert_eq!(replies, [Reply::StockShipped(StockShipped { order_id, shipment_id })]);
    }

    assert_eq!(house.counters("A").await, [(2, 1), (0, 0)]);
    assert_eq!(house.counters("B").await, [(0, 0), (3, 0)]);
    assert_eq!(held(&house.reserve(order_id, &[("A", 4), ("B", 2)]).await).len(), 3);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_release_after_a_shipment_gives_back_only_what_is_left(pool: PgPool) {
    let house = House::open(pool, &[("A", 2, 3)]).await;
    let order_id = order();
    house.reserve(order_id, &[("A", 5)]).await;
    house.ask(&[ship(order_id, house.west)]).await;

    house.ask(&[release(order_id)]).await;

    assert_eq!(house.counters("A").await, [(2, 0), (0, 0)]);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn goods_that_nobody_holds_can_not_leave(pool: PgPool) {
    let house = House::open(pool, &[("A", 5, 5)]).await;
    let (unknown, elsewhere, released, sound) = (order(), order(), order(), order());
    for order_id in [elsewhere, released, sound] {
        house.reserve(order_id, &[("A", 1)]).await;
    }
    house.ask(&[release(released)]).await;
    let batch =
        [ship(unknown, house.east), ship(elsewhere, house.west), ship(released, house.east), ship(sound, house.east)];

    let handled = house.handle(&batch).await.expect("the batch goes through");

    for verdict in &handled.verdicts[..2] {
        assert!(matches!(verdict, Verdict::Poison(why) if why.contains("nothing was reserved")), "{verdict:?}");
    }
    assert!(matches!(&handled.verdicts[2], Verdict::Poison(why) if why.contains("has been released")));
    assert_eq!(handled.verdicts[3], Verdict::Done);
    assert_eq!(handled.outgoing.len(), 1);
    assert_eq!(house.counters("A").await, [(4, 1), (5, 0)]);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_mixed_batch_does_everything_at_once(pool: PgPool) {
    let house = House::open(pool, &[("A", 6, 0), ("B", 6, 0)]).await;
    let (leaves, returns, repeats, comes, short) = (order(), order(), order(), order(), order());
    for order_id in [leaves, returns, repeats] {
        house.reserve(order_id, &[("A", 2), ("B", 1)]).await;
    }
    let batch = [
        reserve(comes, &[("A", 2)]),
        ship(leaves, house.east),
        release(returns),
        reserve(repeats, &[("A", 2), ("B", 1)]),
        reserve(short, &[("A", 1)]),
    ];

    let replies = house.ask(&batch).await;

    assert!(is_reserved(&replies[0]) && is_reserved(&replies[3]));
    assert_eq!(
        replies[1],
        Reply::StockShipped(StockShipped { order_id: leaves, shipment_id: ShipmentId::of(leaves, house.east) })
    );
    assert_eq!(replies[2], Reply::StockReleased(StockReleased { order_id: returns }));
    assert_eq!(replies[4], rejected(short, &[("A", 1, 0)]));
    assert_eq!(house.counters("A").await, [(4, 4), (0, 0)]);
    assert_eq!(house.counters("B").await, [(5, 1), (0, 0)]);
    house.assert_books_agree().await;
}
