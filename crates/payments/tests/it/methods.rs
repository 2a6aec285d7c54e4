//! What each payment method rehearses.

use crate::books::{check, check_settled, page};
use crate::harness::{
    AMOUNT, Desk, HASTY, PATIENT, authorize, authorized, capture, captured, declined, new_order, void, voided,
};
use domain::payment::PaymentStatus;
use messaging::Verdict;
use payments::{OperationStatus, PaymentMethods};
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn sim_ok_sets_the_amount_aside(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());

    let reply = desk.handle(&authorize(order, "sim_ok")).await;

    assert_eq!(reply, Ok(authorized(order)));
    let books = page(&pool, order).await.unwrap();
    assert_eq!((books.state.as_str(), books.authorized_minor, books.charges), ("authorized", AMOUNT, 1));
    let payment = desk.payment(order).await;
    assert_eq!((payment.status, payment.amount_minor), (PaymentStatus::Authorized, AMOUNT));
    assert_eq!(payment.method.as_deref(), Some("sim_ok"));
    assert!(payment.operations[0].provider_ref.as_deref().unwrap().starts_with("sim_"));
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_declined_is_declined_for_good(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());

    for _ in 0..3 {
        assert_eq!(desk.handle(&authorize(order, "sim_declined")).await, Ok(declined(order, "card_declined")));
    }

    let books = page(&pool, order).await.unwrap();
    assert_eq!((books.charges, books.authorize_calls), (0, 1), "a decline is final: nobody asks again");
    assert_eq!(desk.payment(order).await.decline_reason.as_deref(), Some("card_declined"));
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_answer_is_found_by_look_up_and_charged_once(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());

    let lost = desk.handle(&authorize(order, "sim_timeout")).await;
    let payment = desk.payment(order).await;
    let found = desk.handle(&authorize(order, "sim_timeout")).await;

    assert!(matches!(lost, Err(Verdict::Retry(_))), "{lost:?}");
    assert_eq!(payment.status, PaymentStatus::Authorizing);
    assert_eq!(payment.operations[0].status, OperationStatus::Unknown);
    assert_eq!(found, Ok(authorized(order)));
    let books = page(&pool, order).await.unwrap();
    assert_eq!((books.charges, books.authorize_calls), (1, 1), "it was looked up, not asked for again");
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_flaky_works_at_the_third_call(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());

    for _ in 0..2 {
        assert!(matches!(desk.handle(&authorize(order, "sim_flaky")).await, Err(Verdict::Retry(_))));
    }

    assert_eq!(desk.handle(&authorize(order, "sim_flaky")).await, Ok(authorized(order)));
    let books = page(&pool, order).await.unwrap();
    assert_eq!((books.charges, books.authorize_calls), (1, 3));
    assert_eq!(desk.payment(order).await.operations[0].attempts, 3);
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn captures_are_steered_like_authorizations(pool: PgPool) {
    let desk = Desk::open(&pool, &PATIENT);

    for method in ["sim_ok", "sim_timeout", "sim_flaky"] {
        let order = new_order();
        desk.insist(&authorize(order, method)).await;
        assert_eq!(desk.insist(&capture(order, 1, AMOUNT)).await, captured(order, 1, AMOUNT));
        assert_eq!(page(&pool, order).await.unwrap().captured_minor, AMOUNT, "{method}");
    }

    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_down_charges_nothing_and_can_be_voided(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &HASTY), new_order());

    let silent = desk.handle(&authorize(order, "sim_down")).await;
    let silent_again = desk.handle(&authorize(order, "sim_down")).await;

    assert!(matches!(silent, Err(Verdict::Retry(ref why)) if why.contains("no answer within")), "{silent:?}");
    assert!(matches!(silent_again, Err(Verdict::Retry(_))));
    check(&pool).await;
    assert_eq!(desk.insist(&void(order)).await, voided(order, None));
    assert_eq!(desk.insist(&authorize(order, "sim_down")).await, declined(order, "voided"));
    assert_eq!(page(&pool, order).await.unwrap().charges, 0);
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_method_is_declined(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());

    assert_eq!(desk.handle(&authorize(order, "gold")).await, Ok(declined(order, "unknown_method")));
    let methods = PaymentMethods::configured();
    assert_eq!(methods.known(), ["sim_ok", "sim_declined", "sim_timeout", "sim_flaky", "sim_down"]);
    assert!(!methods.knows("gold") && methods.default_method().is_some_and(|default| methods.knows(default)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_the_gateway_may_have_forgotten_is_left_to_a_human(pool: PgPool) {
    let (desk, order) = (Desk::open(&pool, &PATIENT), new_order());
    let asked_at = platform::clock::now() - chrono::TimeDelta::hours(24);
    let first = desk.handle_at(&[authorize(order, "sim_flaky")], asked_at).await.pop().unwrap();

    let late = desk.handle(&authorize(order, "sim_flaky")).await;

    assert!(matches!(first, Err(Verdict::Retry(_))));
    assert!(matches!(late, Err(Verdict::Poison(_))), "{late:?}");
    assert_eq!(page(&pool, order).await.unwrap().authorize_calls, 1, "never asked for again");
    assert_eq!(desk.insist(&void(order)).await, voided(order, None), "but it can be let go");
}
