//! Reserving: all lines or none, once, and the same answer ever after.

use crate::harness::{House, held, is_reserved, order, rejected, release, replies, reserve};
use domain::messages::Reply;
use messaging::Verdict;
use sqlx::PgPool;
use std::time::Instant;

const BATCH_MAX: usize = 256;

#[sqlx::test(migrations = "../../migrations")]
async fn a_full_batch_over_few_skus_holds_what_it_says(pool: PgPool) {
    let house = House::open(pool, &[("A", 200, 100), ("B", 1_000, 0), ("C", 0, 1_000)]).await;
    let wants = [&[("A", 1), ("B", 1)][..], &[("C", 2)], &[("B", 1), ("C", 1)]];
    let batch: Vec<_> = (0..BATCH_MAX).map(|number| reserve(order(), wants[number % wants.len()])).collect();

    let replies = house.ask(&batch).await;

    assert!(replies.iter().all(is_reserved));
    // 86 orders want A and B, 85 want C, 85 want B and C.
    assert_eq!(house.counters("A").await, [(200, 86), (100, 0)]);
    assert_eq!(house.counters("B").await, [(1_000, 171), (0, 0)]);
    assert_eq!(house.counters("C").await, [(0, 0), (1_000, 255)]);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_serves_first_who_came_first_and_names_what_fell_short(pool: PgPool) {
    let house = House::open(pool, &[("A", 3, 0), ("B", 9, 0)]).await;
    let orders = [order(), order(), order()];
    let batch = [
        reserve(orders[0], &[("A", 2)]),
        reserve(orders[1], &[("A", 2), ("B", 1), ("NEVER-HEARD-OF", 1)]),
        reserve(orders[2], &[("A", 1)]),
    ];

    let replies = house.ask(&batch).await;

    assert!(is_reserved(&replies[0]));
    assert_eq!(replies[1], rejected(orders[1], &[("A", 2, 1), ("NEVER-HEARD-OF", 1, 0)]));
    assert!(is_reserved(&replies[2]));
    assert_eq!(house.counters("B").await, [(9, 0), (0, 0)]);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_warehouse_serves_an_order_when_it_can_and_two_when_they_must(pool: PgPool) {
    let house = House::open(pool, &[("A", 5, 5), ("B", 0, 5), ("C", 3, 3)]).await;

    let together = house.reserve(order(), &[("A", 1), ("B", 1)]).await;
    let split = house.reserve(order(), &[("C", 4)]).await;

    assert_eq!(held(&together), [(house.west, "A".to_owned(), 1), (house.west, "B".to_owned(), 1)]);
    assert_eq!(held(&split), [(house.west, "C".to_owned(), 1), (house.east, "C".to_owned(), 3)]);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_repeated_reserve_holds_stock_once_and_is_answered_the_same(pool: PgPool) {
    let house = House::open(pool, &[("A", 2, 3), ("B", 0, 5)]).await;
    let (served, refused) = (order(), order());
    let first = house.ask(&[reserve(served, &[("A", 4), ("B", 1)]), reserve(refused, &[("A", 2)])]).await;
    house.receive(&[("A", 50, 0)]).await;

    let again = house.ask(&[reserve(refused, &[("A", 2)]), reserve(served, &[("A", 4), ("B", 1)])]).await;

    assert_eq!(held(&again[1]), held(&first[0]));
    assert_eq!(again[0], first[1]);
    assert_eq!(again[0], rejected(refused, &[("A", 2, 1)]));
    assert_eq!(house.counters("A").await, [(52, 1), (3, 3)]);
    house.assert_books_agree().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_same_message_twice_makes_the_same_reply(pool: PgPool) {
    let house = House::open(pool, &[("A", 5, 0)]).await;
    let batch = [reserve(order(), &[("A", 1)])];

    let first = house.handle(&batch).await.expect("handled");
    let second = house.handle(&batch).await.expect("handled");

    assert_eq!(first.outgoing[0].message_id, second.outgoing[0].message_id);
    assert_eq!(replies(&first), replies(&second));
    assert_eq!(house.counters("A").await, [(5, 1), (0, 0)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_flawed_reserve_is_poison_and_writes_nothing_while_the_rest_go_through(pool: PgPool) {
    let house = House::open(pool, &[("A", 5, 0)]).await;
    let (flawed, empty, sound) = (order(), order(), order());
    let batch = [reserve(flawed, &[("A", 1), ("A", 2)]), reserve(sound, &[("A", 1)]), reserve(empty, &[])];

    let handled = house.handle(&batch).await.expect("the batch goes through");

    assert!(matches!(&handled.verdicts[0], Verdict::Poison(why) if why.contains("names A in two lines")));
    assert_eq!(handled.verdicts[1], Verdict::Done);
    assert!(matches!(&handled.verdicts[2], Verdict::Poison(why) if why.contains("no lines")));
    assert!(matches!(&replies(&handled)[..], [Reply::StockReserved(reserved)] if reserved.order_id == sound));
    let headers = sqlx::query_scalar!("SELECT order_id FROM inventory.reservations").fetch_all(&house.pool).await;
    assert_eq!(headers.expect("read"), [sound.as_uuid()]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_batch_gives_back_serves_the_reserves_before_it(pool: PgPool) {
    let house = House::open(pool, &[("A", 5, 0)]).await;
    let (gone, next) = (order(), order());
    house.reserve(gone, &[("A", 5)]).await;

    let replies = house.ask(&[reserve(next, &[("A", 4)]), release(gone)]).await;

    assert!(is_reserved(&replies[0]));
    assert_eq!(house.counters("A").await, [(5, 4), (0, 0)]);
    house.assert_books_agree().await;
}

/// Not a promise but a figure: see it with `--nocapture`.
#[sqlx::test(migrations = "../../migrations")]
async fn reservations_a_second(pool: PgPool) {
    const ROUNDS: usize = 30;
    let skus: Vec<String> = (0..12).map(|number| format!("SKU-{number}")).collect();
    let stock: Vec<_> = skus.iter().map(|name| (name.as_str(), 100_000, 100_000)).collect();
    let house = House::open(pool, &stock).await;
    let lines = |number: usize| [(skus[number % 12].as_str(), 1), (skus[(number / 12 + number + 1) % 12].as_str(), 2)];
    let want = |number| if number % 12 == (number / 12 + number + 1) % 12 { 1 } else { 2 };
    let batch = || (0..BATCH_MAX).map(|number| reserve(order(), &lines(number)[..want(number)])).collect::<Vec<_>>();
    let batches: Vec<_> = (0..ROUNDS).map(|_| batch()).collect();
    house.ask(&batch()).await;

    let began = Instant::now();
    for batch in &batches {
        house.ask(batch).await;
    }
    let taken = began.elapsed();

    let orders = u32::try_from(ROUNDS * BATCH_MAX).expect("a small number");
    let rate = f64::from(orders) / taken.as_secs_f64();
    println!("{orders} orders of two lines in batches of {BATCH_MAX}: {rate:.0}/s, {:?} a batch", taken / 30);
    house.assert_books_agree().await;
}
