//! Batches of commands: each command gets its own outcome, and two workers may handle the same orders.

use crate::harness::{
    AMOUNT, Harness, LONG_TIMEOUT, authorize, authorized, capture, captured, declined, new_order, void, voided,
};
use crate::ledger::{assert_settled, ledger_row};
use messaging::Verdict;
use sqlx::PgPool;

const BATCH: usize = 256;

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_is_replied_to_in_its_order(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);
    let orders: Vec<_> = (0..BATCH).map(|_| new_order()).collect();
    let method = |index: usize| ["sim_ok", "sim_declined"][index % 2];
    let batch: Vec<_> = orders.iter().enumerate().map(|(index, order)| authorize(*order, method(index))).collect();

    let outcomes = harness.handle_at(&batch, platform::clock::now()).await;

    for (index, (order, outcome)) in orders.iter().zip(outcomes).enumerate() {
        let expected = if index % 2 == 0 { authorized(*order) } else { declined(*order, "card_declined") };
        assert_eq!(outcome, Ok(expected));
    }
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_batch_may_hold_every_kind_of_command_and_outcome(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);
    let [new, paid, repeated, unpaid, lost, unauthorized] = [(); 6].map(|()| new_order());
    for order in [paid, repeated] {
        harness.handle_until_reply(&authorize(order, "sim_ok")).await;
    }
    let batch = [
        authorize(new, "sim_ok"),
        capture(paid, 1, AMOUNT),
        authorize(repeated, "sim_ok"),
        capture(unpaid, 1, 1),
        authorize(lost, "sim_timeout"),
        void(unauthorized),
    ];

    let outcomes = harness.handle_at(&batch, platform::clock::now()).await;

    assert_eq!(outcomes[0], Ok(authorized(new)));
    assert_eq!(outcomes[1], Ok(captured(paid, 1, AMOUNT)));
    assert_eq!(outcomes[2], Ok(authorized(repeated)));
    assert!(matches!(outcomes[3], Err(Verdict::Poison(_))));
    assert!(matches!(outcomes[4], Err(Verdict::Retry(_))));
    assert_eq!(outcomes[5], Ok(voided(unauthorized, None)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_workers_with_the_same_orders_neither_block_nor_charge_twice(pool: PgPool) {
    let harnesses = [Harness::new(&pool, &LONG_TIMEOUT), Harness::new(&pool, &LONG_TIMEOUT)];
    let orders: Vec<_> = (0..BATCH).map(|_| new_order()).collect();
    let authorizations: Vec<_> = orders.iter().map(|order| authorize(*order, "sim_ok")).collect();
    // The same orders in reverse, half of them with a void.
    let command = |index: usize, order| if index.is_multiple_of(2) { void(order) } else { authorize(order, "sim_ok") };
    let reversed: Vec<_> = orders.iter().enumerate().rev().map(|(index, order)| command(index, *order)).collect();

    let now = platform::clock::now();
    tokio::join!(harnesses[0].handle_at(&authorizations, now), harnesses[1].handle_at(&reversed, now));

    for (index, order) in orders.iter().enumerate() {
        let expected = if index % 2 == 0 { declined(*order, "voided") } else { authorized(*order) };
        if index % 2 == 0 {
            assert_eq!(harnesses[0].handle_until_reply(&void(*order)).await, voided(*order, None));
        }
        assert_eq!(harnesses[0].handle_until_reply(&authorize(*order, "sim_ok")).await, expected);
        assert!(ledger_row(&pool, *order).await.is_none_or(|row| row.charges <= 1));
    }
    assert_settled(&pool).await;
}
