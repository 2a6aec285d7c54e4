//! The reserve command: reserves all lines or none, once, and repeats get the same reply.

use crate::harness::{Harness, allocations, is_reserved, order, rejected, release, replies, reserve};
use domain::messages::Reply;
use messaging::Verdict;
use sqlx::PgPool;

const BATCH_MAX: usize = 256;

#[sqlx::test(migrations = "../../migrations")]
async fn a_full_batch_over_few_skus_reserves_what_it_replies(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 200, 100), ("B", 1_000, 0), ("C", 0, 1_000)]).await;
    let orders = [&[("A", 1), ("B", 1)][..], &[("C", 2)], &[("B", 1), ("C", 1)]];
    let batch: Vec<_> = (0..BATCH_MAX).map(|number| reserve(order(), orders[number % orders.len()])).collect();

    let replies = harness.handle_all(&batch).await;

    assert!(replies.iter().all(is_reserved));
    // 86 orders want A and B, 85 want C, 85 want B and C.
    assert_eq!(harness.counters("A").await, [(200, 86), (100, 0)]);
    assert_eq!(harness.counters("B").await, [(1_000, 171), (0, 0)]);
    assert_eq!(harness.counters("C").await, [(0, 0), (1_000, 255)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_is_served_in_its_order_and_rejections_name_the_shortages(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 3, 0), ("B", 9, 0)]).await;
    let orders = [order(), order(), order()];
    let batch = [
        reserve(orders[0], &[("A", 2)]),
        reserve(orders[1], &[("A", 2), ("B", 1), ("UNKNOWN", 1)]),
        reserve(orders[2], &[("A", 1)]),
    ];

    let replies = harness.handle_all(&batch).await;

    assert!(is_reserved(&replies[0]));
    assert_eq!(replies[1], rejected(orders[1], &[("A", 2, 1), ("UNKNOWN", 1, 0)]));
    assert!(is_reserved(&replies[2]));
    assert_eq!(harness.counters("B").await, [(9, 0), (0, 0)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_is_served_by_one_warehouse_if_possible_and_otherwise_split(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 5), ("B", 0, 5), ("C", 3, 3)]).await;

    let together = harness.reserve(order(), &[("A", 1), ("B", 1)]).await;
    let split = harness.reserve(order(), &[("C", 4)]).await;

    assert_eq!(allocations(&together), [(harness.west, "A".to_owned(), 1), (harness.west, "B".to_owned(), 1)]);
    assert_eq!(allocations(&split), [(harness.west, "C".to_owned(), 1), (harness.east, "C".to_owned(), 3)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_reserve_reserves_once_and_gets_the_same_reply(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 2, 3), ("B", 0, 5)]).await;
    let (served, refused) = (order(), order());
    let first = harness.handle_all(&[reserve(served, &[("A", 4), ("B", 1)]), reserve(refused, &[("A", 2)])]).await;
    harness.receive(&[("A", 50, 0)]).await;

    let again = harness.handle_all(&[reserve(refused, &[("A", 2)]), reserve(served, &[("A", 4), ("B", 1)])]).await;

    assert_eq!(allocations(&again[1]), allocations(&first[0]));
    assert_eq!(again[0], first[1]);
    assert_eq!(again[0], rejected(refused, &[("A", 2, 1)]));
    assert_eq!(harness.counters("A").await, [(52, 1), (3, 3)]);
    harness.assert_ledger_consistent().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_same_message_twice_makes_the_same_reply(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 0)]).await;
    let batch = [reserve(order(), &[("A", 1)])];

    let first = harness.handle(&batch).await.expect("handled");
    let second = harness.handle(&batch).await.expect("handled");

    assert_eq!(first.outgoing[0].message_id, second.outgoing[0].message_id);
    assert_eq!(replies(&first), replies(&second));
    assert_eq!(harness.counters("A").await, [(5, 1), (0, 0)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invalid_reserve_is_poison_and_writes_nothing_while_the_rest_is_handled(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 0)]).await;
    let (duplicate, empty, valid) = (order(), order(), order());
    let batch = [reserve(duplicate, &[("A", 1), ("A", 2)]), reserve(valid, &[("A", 1)]), reserve(empty, &[])];

    let handled = harness.handle(&batch).await.expect("the batch is handled");

    assert!(matches!(&handled.verdicts[0], Verdict::Poison(why) if why.contains("names A in two lines")));
    assert_eq!(handled.verdicts[1], Verdict::Done);
    assert!(matches!(&handled.verdicts[2], Verdict::Poison(why) if why.contains("no lines")));
    assert!(matches!(&replies(&handled)[..], [Reply::StockReserved(reserved)] if reserved.order_id == valid));
    let reservations =
        sqlx::query_scalar!("SELECT order_id FROM inventory.reservations").fetch_all(&harness.pool).await;
    assert_eq!(reservations.expect("read"), [valid.as_uuid()]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn units_that_a_batch_releases_serve_earlier_reserves_of_the_batch(pool: PgPool) {
    let harness = Harness::new(pool, &[("A", 5, 0)]).await;
    let (released, new) = (order(), order());
    harness.reserve(released, &[("A", 5)]).await;

    let replies = harness.handle_all(&[reserve(new, &[("A", 4)]), release(released)]).await;

    assert!(is_reserved(&replies[0]));
    assert_eq!(harness.counters("A").await, [(5, 4), (0, 0)]);
    harness.assert_ledger_consistent().await;
}
