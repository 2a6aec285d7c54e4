//! Captures and refunds: each is executed once, and never exceeds the authorized or captured amount.

use crate::harness::{
    AMOUNT, Harness, LONG_TIMEOUT, authorize, capture, captured, new_order, refund, refunded, shipment, void, voided,
};
use crate::ledger::{assert_settled, ledger_row};
use domain::ids::OrderId;
use domain::payment::PaymentStatus;
use messaging::Verdict;
use sqlx::PgPool;

async fn authorized_order(pool: &PgPool) -> (Harness, OrderId) {
    let (harness, order) = (Harness::new(pool, &LONG_TIMEOUT), new_order());
    harness.handle_until_reply(&authorize(order, "sim_ok")).await;
    (harness, order)
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_shipment_is_captured_once(pool: PgPool) {
    let (harness, order) = authorized_order(&pool).await;

    for _ in 0..2 {
        assert_eq!(harness.handle(&capture(order, 1, 600)).await, Ok(captured(order, 1, 600)));
    }
    assert_eq!(harness.payment(order).await.status, PaymentStatus::PartlyCaptured);
    assert_eq!(harness.handle(&capture(order, 2, 400)).await, Ok(captured(order, 2, 400)));

    let payment = harness.payment(order).await;
    assert_eq!((payment.status, payment.captured_minor), (PaymentStatus::Captured, AMOUNT));
    assert!(payment.operations.iter().any(|operation| operation.subject == shipment(order, 2).to_string()));
    assert_eq!(ledger_row(&pool, order).await.unwrap().captured_minor, AMOUNT);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn captures_never_exceed_the_authorized_amount(pool: PgPool) {
    let (harness, order) = authorized_order(&pool).await;
    harness.handle_until_reply(&capture(order, 1, 600)).await;

    for wrong in [capture(order, 2, 401), capture(order, 1, 500), capture(new_order(), 1, 1)] {
        assert!(matches!(harness.handle(&wrong).await, Err(Verdict::Poison(_))), "{wrong:?}");
    }

    assert_eq!(ledger_row(&pool, order).await.unwrap().captured_minor, 600);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_cause_is_refunded_once_and_refunds_never_exceed_the_captured_amount(pool: PgPool) {
    let (harness, order) = authorized_order(&pool).await;
    harness.handle_until_reply(&capture(order, 1, 600)).await;

    for _ in 0..2 {
        assert_eq!(harness.handle(&refund(order, "damage", 200)).await, Ok(refunded(order, "damage", 200)));
    }
    for wrong in [refund(order, "late", 401), refund(order, "damage", 100), refund(new_order(), "late", 1)] {
        assert!(matches!(harness.handle(&wrong).await, Err(Verdict::Poison(_))), "{wrong:?}");
    }
    assert_eq!(harness.handle(&refund(order, "late", 400)).await, Ok(refunded(order, "late", 400)));

    assert_eq!(harness.payment(order).await.status, PaymentStatus::Refunded);
    assert_eq!(ledger_row(&pool, order).await.unwrap().refunded_minor, 600);
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn voiding_a_captured_payment_refunds_it(pool: PgPool) {
    let (harness, order) = authorized_order(&pool).await;
    harness.handle_until_reply(&capture(order, 1, 600)).await;
    harness.handle_until_reply(&refund(order, "damage", 100)).await;

    for _ in 0..2 {
        assert_eq!(harness.handle(&void(order)).await, Ok(voided(order, Some(500))));
    }

    let row = ledger_row(&pool, order).await.unwrap();
    assert_eq!((row.captured_minor, row.refunded_minor, row.released_minor), (600, 600, 400));
    assert_eq!(harness.handle(&capture(order, 1, 600)).await, Ok(captured(order, 1, 600)), "the same reply again");
    assert_eq!(harness.handle(&refund(order, "damage", 100)).await, Ok(refunded(order, "damage", 100)));
    for late in [capture(order, 2, 100), refund(order, "late", 1)] {
        assert!(matches!(harness.handle(&late).await, Err(Verdict::Poison(_))), "{late:?}");
    }
    assert_settled(&pool).await;
}
