//! The batch is the unit of work.

use crate::books::{check_settled, page};
use crate::harness::{
    AMOUNT, Desk, PATIENT, authorize, authorized, capture, captured, declined, new_order, void, voided,
};
use messaging::Verdict;
use sqlx::PgPool;

const BATCH: usize = 256;

#[sqlx::test(migrations = "../../migrations")]
async fn a_whole_batch_is_answered_in_its_order(pool: PgPool) {
    let desk = Desk::open(&pool, &PATIENT);
    let orders: Vec<_> = (0..BATCH).map(|_| new_order()).collect();
    let method = |index: usize| ["sim_ok", "sim_declined"][index % 2];
    let batch: Vec<_> = orders.iter().enumerate().map(|(index, order)| authorize(*order, method(index))).collect();

    let ends = desk.handle_at(&batch, platform::clock::now()).await;

    for (index, (order, end)) in orders.iter().zip(ends).enumerate() {
        let expected = if index % 2 == 0 { authorized(*order) } else { declined(*order, "card_declined") };
        assert_eq!(end, Ok(expected));
    }
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_kind_of_command_and_end_fits_in_one_batch(pool: PgPool) {
    let desk = Desk::open(&pool, &PATIENT);
    let [new, paid, known, unpaid, lost, unasked] = [(); 6].map(|()| new_order());
    for order in [paid, known] {
        desk.insist(&authorize(order, "sim_ok")).await;
    }
    let batch = [
        authorize(new, "sim_ok"),
        capture(paid, 1, AMOUNT),
        authorize(known, "sim_ok"),
        capture(unpaid, 1, 1),
        authorize(lost, "sim_timeout"),
        void(unasked),
    ];

    let ends = desk.handle_at(&batch, platform::clock::now()).await;

    assert_eq!(ends[0], Ok(authorized(new)));
    assert_eq!(ends[1], Ok(captured(paid, 1, AMOUNT)));
    assert_eq!(ends[2], Ok(authorized(known)));
    assert!(matches!(ends[3], Err(Verdict::Poison(_))));
    assert!(matches!(ends[4], Err(Verdict::Retry(_))));
    assert_eq!(ends[5], Ok(voided(unasked, None)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_workers_with_the_same_orders_neither_block_nor_charge_twice(pool: PgPool) {
    let desks = [Desk::open(&pool, &PATIENT), Desk::open(&pool, &PATIENT)];
    let orders: Vec<_> = (0..BATCH).map(|_| new_order()).collect();
    let asked: Vec<_> = orders.iter().map(|order| authorize(*order, "sim_ok")).collect();
    // The other way round, and half of them voids.
    let undone = |index: usize, order| if index.is_multiple_of(2) { void(order) } else { authorize(order, "sim_ok") };
    let crossed: Vec<_> = orders.iter().enumerate().rev().map(|(index, order)| undone(index, *order)).collect();

    let now = platform::clock::now();
    tokio::join!(desks[0].handle_at(&asked, now), desks[1].handle_at(&crossed, now));

    for (index, order) in orders.iter().enumerate() {
        let expected = if index % 2 == 0 { declined(*order, "voided") } else { authorized(*order) };
        if index % 2 == 0 {
            assert_eq!(desks[0].insist(&void(*order)).await, voided(*order, None));
        }
        assert_eq!(desks[0].insist(&authorize(*order, "sim_ok")).await, expected);
        assert!(page(&pool, *order).await.is_none_or(|books| books.charges <= 1));
    }
    check_settled(&pool).await;
}
