//! The behaviour of each payment method of the simulated gateway.

use crate::harness::{
    AMOUNT, Harness, LONG_TIMEOUT, SHORT_TIMEOUT, authorize, authorized, capture, capture_again, capture_declined,
    captured, declined, new_order, refund, refund_refused, refunded, void, voided,
};
use crate::ledger::{assert_consistent, assert_settled, ledger_row};
use domain::payment::PaymentStatus;
use messaging::Verdict;
use payments::OperationStatus;
use payments::gateway::RegisteredGateway;
use payments::gateway::simulated::SimulatedGateway;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn sim_ok_authorizes_the_amount(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());

    let reply = harness.handle(&authorize(order, "sim_ok")).await;

    assert_eq!(reply, Ok(authorized(order)));
    let row = ledger_row(&pool, order).await.unwrap();
    assert_eq!((row.state.as_str(), row.authorized_minor, row.charges), ("authorized", AMOUNT, 1));
    let payment = harness.payment(order).await;
    assert_eq!((payment.status, payment.amount_minor), (PaymentStatus::Authorized, AMOUNT));
    assert_eq!(payment.method.as_deref(), Some("sim_ok"));
    assert!(payment.operations[0].provider_ref.as_deref().unwrap().starts_with("sim_"));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_declined_is_declined_for_good(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());

    for _ in 0..3 {
        assert_eq!(harness.handle(&authorize(order, "sim_declined")).await, Ok(declined(order, "card_declined")));
    }

    let row = ledger_row(&pool, order).await.unwrap();
    assert_eq!((row.charges, row.authorize_calls), (0, 1), "a decline is final: the call is not repeated");
    assert_eq!(harness.payment(order).await.decline_reason.as_deref(), Some("card_declined"));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_lost_response_is_found_by_look_up_and_charged_once(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());

    let lost = harness.handle(&authorize(order, "sim_timeout")).await;
    let payment = harness.payment(order).await;
    let found = harness.handle(&authorize(order, "sim_timeout")).await;

    assert!(matches!(lost, Err(Verdict::Retry(_))), "{lost:?}");
    assert_eq!(payment.status, PaymentStatus::Authorizing);
    assert_eq!(payment.operations[0].status, OperationStatus::Unknown);
    assert_eq!(found, Ok(authorized(order)));
    let row = ledger_row(&pool, order).await.unwrap();
    assert_eq!((row.charges, row.authorize_calls), (1, 1), "it was looked up, not repeated");
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_flaky_succeeds_at_the_third_call(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());

    for _ in 0..2 {
        assert!(matches!(harness.handle(&authorize(order, "sim_flaky")).await, Err(Verdict::Retry(_))));
    }

    assert_eq!(harness.handle(&authorize(order, "sim_flaky")).await, Ok(authorized(order)));
    let row = ledger_row(&pool, order).await.unwrap();
    assert_eq!((row.charges, row.authorize_calls), (1, 3));
    assert_eq!(harness.payment(order).await.operations[0].attempts, 3);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn captures_behave_like_authorizations(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);

    for method in ["sim_ok", "sim_timeout", "sim_flaky"] {
        let order = new_order();
        harness.handle_until_reply(&authorize(order, method)).await;
        assert_eq!(harness.handle_until_reply(&capture(order, 1, AMOUNT)).await, captured(order, 1, AMOUNT));
        assert_eq!(ledger_row(&pool, order).await.unwrap().captured_minor, AMOUNT, "{method}");
    }

    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_down_charges_nothing_and_can_be_voided(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &SHORT_TIMEOUT), new_order());

    let first = harness.handle(&authorize(order, "sim_down")).await;
    let second = harness.handle(&authorize(order, "sim_down")).await;

    assert!(matches!(first, Err(Verdict::Retry(ref why)) if why.contains("no response within")), "{first:?}");
    assert!(matches!(second, Err(Verdict::Retry(_))));
    assert_consistent(&pool).await;
    assert_eq!(harness.handle_until_reply(&void(order)).await, voided(order, None));
    assert_eq!(harness.handle_until_reply(&authorize(order, "sim_down")).await, declined(order, "voided"));
    assert_eq!(ledger_row(&pool, order).await.unwrap().charges, 0);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_void_down_does_not_answer_the_first_hundred_voids(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &SHORT_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_void_down")).await;

    let first = harness.handle(&void(order)).await;

    assert!(matches!(first, Err(Verdict::Retry(ref why)) if why.contains("no response within")), "{first:?}");
    let called = "UPDATE payments.simulated_gateway_authorizations SET void_calls = 100";
    sqlx::query(called).execute(&pool).await.expect("called");
    assert_eq!(harness.handle_until_reply(&void(order)).await, voided(order, None));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_capture_declined_declines_the_first_key_for_good_and_captures_under_another(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_capture_declined")).await;

    for _ in 0..2 {
        assert_eq!(harness.handle(&capture(order, 1, 600)).await, Ok(capture_declined(order, 1, 600)));
    }
    assert_eq!(harness.payment(order).await.captured_minor, 0);

    assert_eq!(harness.handle(&capture_again(order, 1, 600)).await, Ok(captured(order, 1, 600)));
    assert_eq!(harness.handle(&capture(order, 2, 400)).await, Ok(captured(order, 2, 400)));
    assert_eq!(harness.payment(order).await.status, PaymentStatus::Captured);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn sim_refund_declined_declines_the_first_key_for_good_and_refunds_under_another(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_refund_declined")).await;
    harness.handle_until_reply(&capture(order, 1, AMOUNT)).await;

    for _ in 0..2 {
        assert_eq!(harness.handle(&refund(order, "a", AMOUNT)).await, Ok(refund_refused(order, "a", AMOUNT)));
    }

    assert_eq!(harness.handle(&refund(order, "b", AMOUNT)).await, Ok(refunded(order, "b", AMOUNT)));
    assert_eq!(harness.payment(order).await.status, PaymentStatus::Refunded);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_method_is_declined(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());

    assert_eq!(harness.handle(&authorize(order, "gold")).await, Ok(declined(order, "unknown_method")));
    let methods = SimulatedGateway::INFO.methods;
    assert_eq!(
        methods.names(),
        [
            "sim_ok",
            "sim_declined",
            "sim_timeout",
            "sim_flaky",
            "sim_down",
            "sim_capture_declined",
            "sim_refund_declined",
            "sim_auth_expires",
            "sim_void_down"
        ]
    );
    assert!(!methods.supports("gold") && methods.default_method().is_some_and(|default| methods.supports(default)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_operation_whose_key_may_have_expired_is_left_to_an_operator(pool: PgPool) {
    let (harness, order) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    let authorized_at = platform::clock::now() - chrono::TimeDelta::hours(24);
    let first = harness.handle_at(&[authorize(order, "sim_flaky")], authorized_at).await.pop().unwrap();

    let late = harness.handle(&authorize(order, "sim_flaky")).await;

    assert!(matches!(first, Err(Verdict::Retry(_))));
    assert!(matches!(late, Err(Verdict::Poison(_))), "{late:?}");
    assert_eq!(ledger_row(&pool, order).await.unwrap().authorize_calls, 1, "never repeated");
    assert_eq!(harness.handle_until_reply(&void(order)).await, voided(order, None), "but it can be voided");
}
