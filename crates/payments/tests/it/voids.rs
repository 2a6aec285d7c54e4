//! Letting go, whatever there is to let go of.

use crate::books::{check_settled, page};
use crate::harness::{Desk, HASTY, Journey, PATIENT, authorize, authorized, declined, new_order, void, voided};
use domain::payment::PaymentStatus;
use messaging::Verdict;
use payments::find_payment;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_before_its_authorization_refuses_it(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());

    for _ in 0..2 {
        assert_eq!(desk.handle(&void(order)).await, Ok(voided(order, None)));
    }
    for _ in 0..2 {
        assert_eq!(desk.handle(&authorize(order, "sim_ok")).await, Ok(declined(order, "voided")));
    }

    assert_eq!(page(&pool, order).await, None, "the gateway has never heard of it");
    let tombstone = desk.payment(order).await;
    assert_eq!((tombstone.status, tombstone.currency), (PaymentStatus::Voided, None));
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_authorized_payment_is_released_once(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());
    desk.insist(&authorize(order, "sim_ok")).await;

    for _ in 0..2 {
        assert_eq!(desk.handle(&void(order)).await, Ok(voided(order, None)));
    }

    assert_eq!(desk.handle(&authorize(order, "sim_ok")).await, Ok(declined(order, "voided")));
    let books = page(&pool, order).await.unwrap();
    assert_eq!((books.state.as_str(), books.released_minor, books.charges), ("voided", 1_000, 1));
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_declined_payment_has_nothing_to_let_go(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());
    desk.insist(&authorize(order, "sim_declined")).await;

    assert_eq!(desk.handle(&void(order)).await, Ok(voided(order, None)));

    assert_eq!(desk.handle(&authorize(order, "sim_declined")).await, Ok(declined(order, "card_declined")));
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_charge_whose_answer_was_lost_is_let_go(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());
    let lost = desk.handle(&authorize(order, "sim_timeout")).await;

    assert_eq!(desk.handle(&void(order)).await, Ok(voided(order, None)));

    assert!(matches!(lost, Err(Verdict::Retry(_))));
    assert_eq!(desk.handle(&authorize(order, "sim_timeout")).await, Ok(declined(order, "voided")));
    let books = page(&pool, order).await.unwrap();
    assert_eq!((books.state.as_str(), books.charges, books.released_minor), ("voided", 1, 1_000));
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_overtakes_an_authorization_that_gets_no_answer(pool: PgPool) {
    let desk = Desk::open(&pool, &HASTY);
    let order = new_order();
    let mut stuck = Journey::of(&authorize(order, "sim_down"));
    desk.step(&mut stuck).await;

    let undo = void(order);
    let (reply, ()) = tokio::join!(desk.insist(&undo), desk.step(&mut stuck));
    desk.step(&mut stuck).await;

    assert_eq!(reply, voided(order, None));
    assert_eq!(stuck.end, Some(Ok(declined(order, "voided"))));
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_crash_between_begin_and_settle_is_repeated_under_the_same_key(pool: PgPool) {
    for steps_before_the_crash in [1, 2] {
        let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());
        let mut crashed = Journey::of(&authorize(order, "sim_ok"));
        for _ in 0..steps_before_the_crash {
            desk.step(&mut crashed).await;
        }

        assert_eq!(Desk::open(&pool, &PATIENT).handle(&authorize(order, "sim_ok")).await, Ok(authorized(order)));

        assert_eq!(page(&pool, order).await.unwrap().charges, 1);
        assert_eq!(desk.payment(order).await.operations.len(), 1);
    }
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_that_nobody_asked_to_pay_has_no_payment(pool: PgPool) {
    assert_eq!(find_payment(&pool, new_order()).await.unwrap(), None);
}
