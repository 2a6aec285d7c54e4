//! A gateway that breaks the contract: the slice still sends no wrong replies.

use crate::harness::{
    AMOUNT, Harness, SteppedCommand, authorize, capture, capture_declined, declined, new_order, void, voided,
};
use async_trait::async_trait;
use domain::ids::ProviderKey;
use domain::payment::{OperationKind, PaymentStatus, VoidResult};
use messaging::Verdict;
use payments::OperationStatus;
use payments::gateway::{Authorize, LookUp, Movement, Outcome, PaymentGateway, Receipt, Voided};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};

/// Stores no tombstones: an authorization that arrives after its void is charged. The next `voids_to_refuse` voids
/// fail.
#[derive(Debug, Clone, Default)]
struct WithoutTombstones(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    held_minor: i64,
    charges: u32,
    voids_to_refuse: u32,
}

#[async_trait]
impl PaymentGateway for WithoutTombstones {
    async fn authorize(&self, request: Authorize) -> Outcome<Receipt> {
        let mut state = self.0.lock().expect("no panic while it was locked");
        state.held_minor += request.amount.amount_minor;
        state.charges += 1;
        Outcome::Succeeded(Receipt { reference: "late".to_owned(), executed_at: None })
    }

    async fn void(&self, _authorization: ProviderKey) -> Outcome<Voided> {
        let mut state = self.0.lock().expect("no panic while it was locked");
        if state.voids_to_refuse > 0 {
            state.voids_to_refuse -= 1;
            return Outcome::Declined { reason: "not_now".to_owned() };
        }
        let authorized = state.held_minor > 0;
        state.held_minor = 0;
        let found = VoidResult { authorized, captured_minor: 0, refunded_by_void_minor: 0 };
        Outcome::Succeeded(Voided { found, executed_at: None })
    }

    async fn capture(&self, _request: Movement) -> Outcome<Receipt> {
        Outcome::Declined { reason: "expired".to_owned() }
    }

    async fn refund(&self, _request: Movement) -> Outcome<Receipt> {
        Outcome::Declined { reason: "expired".to_owned() }
    }

    async fn look_up(&self, _key: ProviderKey) -> LookUp {
        LookUp::Unknown { why: "no such service".to_owned() }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_charge_that_arrives_after_its_void_is_voided_again(pool: PgPool) {
    let (gateway, order) = (WithoutTombstones::default(), new_order());
    let harness = Harness::with_gateway(&pool, gateway.clone());
    let mut late = SteppedCommand::of(&authorize(order, "card"));
    harness.step(&mut late).await;
    assert_eq!(harness.handle(&void(order)).await, Ok(voided(order, None)));

    harness.step(&mut late).await;
    harness.step(&mut late).await;

    assert!(matches!(late.outcome, Some(Err(Verdict::Retry(_)))), "{:?}", late.outcome);
    assert_eq!(harness.payment(order).await.status, PaymentStatus::Voiding);
    assert_eq!(gateway.0.lock().unwrap().held_minor, AMOUNT);
    assert_eq!(harness.handle(&authorize(order, "card")).await, Ok(declined(order, "voided")));
    assert_eq!(gateway.0.lock().unwrap().held_minor, 0);
    assert_eq!(harness.payment(order).await.status, PaymentStatus::Voided);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_that_found_nothing_does_not_close_a_payment_that_was_charged_in_between(pool: PgPool) {
    let (gateway, order) = (WithoutTombstones::default(), new_order());
    let harness = Harness::with_gateway(&pool, gateway.clone());
    let (mut charge, mut voiding) = (SteppedCommand::of(&authorize(order, "card")), SteppedCommand::of(&void(order)));
    for is_charge in [true, false, false] {
        harness.step(if is_charge { &mut charge } else { &mut voiding }).await;
    }

    // The charge is executed and settled after the void was called, and before the void is settled.
    for _ in 0..2 {
        harness.step(&mut charge).await;
    }
    harness.step(&mut voiding).await;

    assert!(matches!(voiding.outcome, Some(Err(Verdict::Retry(_)))), "{:?}", voiding.outcome);
    let payment = harness.payment(order).await;
    let void_operation = payment.operations.iter().find(|operation| operation.kind == OperationKind::Void);
    assert_eq!(void_operation.map(|operation| operation.status), Some(OperationStatus::Unknown));
    assert_eq!(harness.handle_until_reply(&void(order)).await, voided(order, None));
    assert_eq!(gateway.0.lock().unwrap().held_minor, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_that_fails_is_retried_until_it_succeeds(pool: PgPool) {
    let (gateway, order) = (WithoutTombstones::default(), new_order());
    let harness = Harness::with_gateway(&pool, gateway.clone());
    harness.handle_until_reply(&authorize(order, "card")).await;
    gateway.0.lock().unwrap().voids_to_refuse = 5;

    for _ in 0..5 {
        assert!(matches!(harness.handle(&void(order)).await, Err(Verdict::Retry(_))));
        assert_eq!(harness.payment(order).await.status, PaymentStatus::Voiding);
    }

    assert_eq!(harness.handle(&void(order)).await, Ok(voided(order, None)));
    assert_eq!(gateway.0.lock().unwrap().held_minor, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn without_a_look_up_no_authorization_is_repeated(pool: PgPool) {
    let (gateway, order) = (WithoutTombstones::default(), new_order());
    let harness = Harness::with_gateway(&pool, gateway.clone());
    let mut crashed = SteppedCommand::of(&authorize(order, "card"));
    for _ in 0..2 {
        harness.step(&mut crashed).await;
    }

    for _ in 0..3 {
        assert!(matches!(harness.handle(&authorize(order, "card")).await, Err(Verdict::Retry(_))));
    }

    assert_eq!(gateway.0.lock().unwrap().charges, 1);
    assert_eq!(harness.payment(order).await.operations[0].status, OperationStatus::Unknown);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_declined_capture_is_a_reply(pool: PgPool) {
    let (gateway, order) = (WithoutTombstones::default(), new_order());
    let harness = Harness::with_gateway(&pool, gateway);
    harness.handle_until_reply(&authorize(order, "card")).await;

    for _ in 0..2 {
        let reply = harness.handle(&capture(order, 1, AMOUNT)).await;
        assert_eq!(reply, Ok(capture_declined(order, 1, AMOUNT)));
    }

    assert_eq!(harness.payment(order).await.captured_minor, 0);
}
