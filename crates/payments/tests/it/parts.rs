//! Captures and refunds: each once, never more than there is.

use crate::books::{check_settled, page};
use crate::harness::{
    AMOUNT, Desk, PATIENT, authorize, capture, captured, new_order, refund, refunded, shipment, void, voided,
};
use domain::ids::OrderId;
use domain::payment::PaymentStatus;
use messaging::Verdict;
use payments::gateway::simulated::SimulatedGateway;
use sqlx::PgPool;

async fn authorized_order(pool: &PgPool) -> (Desk<SimulatedGateway>, OrderId) {
    let (desk, order) = (Desk::open(pool, &PATIENT), new_order());
    desk.insist(&authorize(order, "sim_ok")).await;
    (desk, order)
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_shipment_is_captured_once(pool: PgPool) {
    let (desk, order) = authorized_order(&pool).await;

    for _ in 0..2 {
        assert_eq!(desk.handle(&capture(order, 1, 600)).await, Ok(captured(order, 1, 600)));
    }
    assert_eq!(desk.payment(order).await.status, PaymentStatus::PartlyCaptured);
    assert_eq!(desk.handle(&capture(order, 2, 400)).await, Ok(captured(order, 2, 400)));

    let payment = desk.payment(order).await;
    assert_eq!((payment.status, payment.captured_minor), (PaymentStatus::Captured, AMOUNT));
    assert!(payment.operations.iter().any(|operation| operation.subject == shipment(order, 2).to_string()));
    assert_eq!(page(&pool, order).await.unwrap().captured_minor, AMOUNT);
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_more_is_captured_than_was_authorized(pool: PgPool) {
    let (desk, order) = authorized_order(&pool).await;
    desk.insist(&capture(order, 1, 600)).await;

    for wrong in [capture(order, 2, 401), capture(order, 1, 500), capture(new_order(), 1, 1)] {
        assert!(matches!(desk.handle(&wrong).await, Err(Verdict::Poison(_))), "{wrong:?}");
    }

    assert_eq!(page(&pool, order).await.unwrap().captured_minor, 600);
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_cause_is_refunded_once_and_never_more_than_was_captured(pool: PgPool) {
    let (desk, order) = authorized_order(&pool).await;
    desk.insist(&capture(order, 1, 600)).await;

    for _ in 0..2 {
        assert_eq!(desk.handle(&refund(order, "damage", 200)).await, Ok(refunded(order, "damage", 200)));
    }
    for wrong in [refund(order, "late", 401), refund(order, "damage", 100), refund(new_order(), "late", 1)] {
        assert!(matches!(desk.handle(&wrong).await, Err(Verdict::Poison(_))), "{wrong:?}");
    }
    assert_eq!(desk.handle(&refund(order, "late", 400)).await, Ok(refunded(order, "late", 400)));

    assert_eq!(desk.payment(order).await.status, PaymentStatus::Refunded);
    assert_eq!(page(&pool, order).await.unwrap().refunded_minor, 600);
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_captured_payment_that_is_voided_is_given_back(pool: PgPool) {
    let (desk, order) = authorized_order(&pool).await;
    desk.insist(&capture(order, 1, 600)).await;
    desk.insist(&refund(order, "damage", 100)).await;

    for _ in 0..2 {
        assert_eq!(desk.handle(&void(order)).await, Ok(voided(order, Some(500))));
    }

    let books = page(&pool, order).await.unwrap();
    assert_eq!((books.captured_minor, books.refunded_minor, books.released_minor), (600, 600, 400));
    assert_eq!(desk.handle(&capture(order, 1, 600)).await, Ok(captured(order, 1, 600)), "the same answer again");
    assert_eq!(desk.handle(&refund(order, "damage", 100)).await, Ok(refunded(order, "damage", 100)));
    for late in [capture(order, 2, 100), refund(order, "late", 1)] {
        assert!(matches!(desk.handle(&late).await, Err(Verdict::Poison(_))), "{late:?}");
    }
    check_settled(&pool).await;
}
