//! Authorizations that expire are renewed, once per attempt.

use crate::harness::{
    AMOUNT, Harness, LONG_TIMEOUT, authorize, capture, capture_again, deliver, new_order, reauthorize, void,
};
use crate::ledger::assert_settled;
use domain::messages::{PaymentReauthorizationDeclined, PaymentReauthorized, Reply};
use payments::remove_orders;
use platform::clock::now;
use sqlx::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn an_expired_authorization_is_captured_after_its_reauthorization(pool: PgPool) {
    let (harness, order_id) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order_id, "sim_auth_expires")).await;

    let declined = harness.handle_until_reply(&capture(order_id, 1, AMOUNT)).await;
    let renewed = harness.handle_until_reply(&reauthorize(order_id, 1)).await;
    let captured = harness.handle_until_reply(&capture_again(order_id, 1, AMOUNT)).await;
    let late = harness.handle_until_reply(&reauthorize(order_id, 2)).await;

    assert!(
        matches!(&declined, Reply::PaymentCaptureDeclined(declined) if declined.reason == "authorization_expired"),
        "{declined:?}"
    );
    assert_eq!(renewed, Reply::PaymentReauthorized(PaymentReauthorized { order_id, attempt: 1 }));
    assert!(matches!(captured, Reply::PaymentCaptured(_)), "{captured:?}");
    assert!(
        matches!(&late, Reply::PaymentReauthorizationDeclined(declined) if declined.reason == "nothing_left"),
        "{late:?}"
    );
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reauthorization_whose_response_is_lost_is_made_once(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);
    for method in ["sim_timeout", "sim_flaky"] {
        let order_id = new_order();
        harness.handle_until_reply(&authorize(order_id, method)).await;

        let first = harness.handle_until_reply(&reauthorize(order_id, 1)).await;
        let again = harness.handle_until_reply(&reauthorize(order_id, 1)).await;

        assert!(matches!(first, Reply::PaymentReauthorized(_)), "{first:?}");
        assert_eq!(first, again);
        let reauthorizations =
            "SELECT reauthorizations FROM payments.simulated_gateway_authorizations ORDER BY updated_at DESC LIMIT 1";
        let reauthorizations: i32 =
            sqlx::query_scalar(reauthorizations).fetch_one(&pool).await.expect("an authorization");
        assert_eq!(reauthorizations, 1, "{method}");
    }
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_that_is_voided_meanwhile_is_not_renewed(pool: PgPool) {
    let (harness, order_id) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order_id, "sim_ok")).await;
    harness.handle_until_reply(&void(order_id)).await;

    let late = harness.handle_until_reply(&reauthorize(order_id, 1)).await;

    let reason = "voided".to_owned();
    let declined = PaymentReauthorizationDeclined { order_id, attempt: 1, reason };
    assert_eq!(late, Reply::PaymentReauthorizationDeclined(declined));
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reauthorization_whose_outcome_is_never_known_does_not_keep_an_ended_order(pool: PgPool) {
    let (harness, order_id) = (Harness::new(&pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order_id, "sim_ok")).await;
    harness.begin(&[deliver(&reauthorize(order_id, 1))], now()).await;
    harness.handle_until_reply(&capture(order_id, 1, AMOUNT)).await;

    let kept = remove_orders(&pool, &[order_id]).await.expect("removed");

    assert!(kept.is_empty(), "{kept:?}");
}
