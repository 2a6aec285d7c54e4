//! Voids, from every state of a payment.

use crate::harness::{
    Harness, LONG_TIMEOUT, SHORT_TIMEOUT, SteppedCommand, authorize, authorized, declined, new_order, void, voided,
};
use crate::ledger::{assert_settled, ledger_row};
use domain::payment::PaymentStatus;
use messaging::Verdict;
use payments::find_payment;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_before_its_authorization_refuses_it(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());

    for _ in 0..2 {
        assert_eq!(harness.handle(&void(order)).await, Ok(voided(order, None)));
    }
    for _ in 0..2 {
        assert_eq!(harness.handle(&authorize(order, "sim_ok")).await, Ok(declined(order, "voided")));
    }

    assert_eq!(ledger_row(&pool, order).await, None, "the gateway was not called");
    let tombstone = harness.payment(order).await;
    assert_eq!((tombstone.status, tombstone.currency), (PaymentStatus::Voided, None));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_authorized_payment_is_released_once(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_ok")).await;

    for _ in 0..2 {
        assert_eq!(harness.handle(&void(order)).await, Ok(voided(order, None)));
    }

    assert_eq!(harness.handle(&authorize(order, "sim_ok")).await, Ok(declined(order, "voided")));
    let row = ledger_row(&pool, order).await.unwrap();
    assert_eq!((row.state.as_str(), row.released_minor, row.charges), ("voided", 1_000, 1));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_declined_payment_has_nothing_to_void(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_declined")).await;

    assert_eq!(harness.handle(&void(order)).await, Ok(voided(order, None)));

    assert_eq!(harness.handle(&authorize(order, "sim_declined")).await, Ok(declined(order, "card_declined")));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_charge_whose_response_was_lost_is_voided(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    let lost = harness.handle(&authorize(order, "sim_timeout")).await;

    assert_eq!(harness.handle(&void(order)).await, Ok(voided(order, None)));

    assert!(matches!(lost, Err(Verdict::Retry(_))));
    assert_eq!(harness.handle(&authorize(order, "sim_timeout")).await, Ok(declined(order, "voided")));
    let row = ledger_row(&pool, order).await.unwrap();
    assert_eq!((row.state.as_str(), row.charges, row.released_minor), ("voided", 1, 1_000));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_overtakes_an_authorization_that_gets_no_response(pool: PgPool) {
    let harness = Harness::new(&pool, &SHORT_TIMEOUT);
    let order = new_order();
    let mut stuck = SteppedCommand::of(&authorize(order, "sim_down"));
    harness.step(&mut stuck).await;

    let voiding = void(order);
    let (reply, ()) = tokio::join!(harness.handle_until_reply(&voiding), harness.step(&mut stuck));
    harness.step(&mut stuck).await;

    assert_eq!(reply, voided(order, None));
    assert_eq!(stuck.outcome, Some(Ok(declined(order, "voided"))));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_crash_between_begin_and_settle_is_repeated_under_the_same_key(pool: PgPool) {
    for steps_before_the_crash in [1, 2] {
        let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
        let mut crashed = SteppedCommand::of(&authorize(order, "sim_ok"));
        for _ in 0..steps_before_the_crash {
            harness.step(&mut crashed).await;
        }

        assert_eq!(Harness::new(&pool, &LONG_TIMEOUT).handle(&authorize(order, "sim_ok")).await, Ok(authorized(order)));

        assert_eq!(ledger_row(&pool, order).await.unwrap().charges, 1);
        assert_eq!(harness.payment(order).await.operations.len(), 1);
    }
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_without_payment_command_has_no_payment(pool: PgPool) {
    assert_eq!(find_payment(&pool, new_order()).await.unwrap(), None);
}
