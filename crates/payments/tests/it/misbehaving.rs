//! Gateways that do what they should not: the slice answers nothing that is not true.

use crate::harness::{AMOUNT, Desk, Journey, PATIENT, authorize, declined, new_order, void, voided};
use domain::ids::ProviderKey;
use domain::payment::{OperationKind, PaymentStatus, Reversal};
use messaging::Verdict;
use payments::OperationStatus;
use payments::gateway::{Authorize, LookUp, Movement, Outcome, PaymentGateway, Receipt};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};

/// Keeps no tombstones: an authorization that comes after its void is charged. Voids fail as often as told.
#[derive(Debug, Clone, Default)]
struct Forgetful(Arc<Mutex<Till>>);

#[derive(Debug, Default)]
struct Till {
    held_minor: i64,
    charges: u32,
    voids_to_refuse: u32,
}

impl PaymentGateway for Forgetful {
    const NAME: &'static str = "forgetful";

    async fn authorize(&self, ask: Authorize) -> Outcome<Receipt> {
        let mut till = self.0.lock().expect("nobody panics with it");
        till.held_minor += ask.amount.amount_minor;
        till.charges += 1;
        Outcome::Answered(Receipt { reference: "late".to_owned() })
    }

    async fn void(&self, _authorization: ProviderKey) -> Outcome<Reversal> {
        let mut till = self.0.lock().expect("nobody panics with it");
        if till.voids_to_refuse > 0 {
            till.voids_to_refuse -= 1;
            return Outcome::Declined { reason: "not_now".to_owned() };
        }
        let authorized = till.held_minor > 0;
        till.held_minor = 0;
        Outcome::Answered(Reversal { authorized, captured_minor: 0, given_back_minor: 0 })
    }

    async fn capture(&self, _ask: Movement) -> Outcome<Receipt> {
        Outcome::Declined { reason: "expired".to_owned() }
    }

    async fn refund(&self, _ask: Movement) -> Outcome<Receipt> {
        Outcome::Declined { reason: "expired".to_owned() }
    }

    async fn look_up(&self, _key: ProviderKey) -> LookUp {
        LookUp::Unknown { why: "no such service".to_owned() }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_charge_that_lands_after_its_void_is_let_go_again(pool: PgPool) {
    let (gateway, order) = (Forgetful::default(), new_order());
    let desk = Desk::with(&pool, gateway.clone(), &PATIENT);
    let mut late = Journey::of(&authorize(order, "card"));
    desk.step(&mut late).await;
    assert_eq!(desk.handle(&void(order)).await, Ok(voided(order, None)));

    desk.step(&mut late).await;
    desk.step(&mut late).await;

    assert!(matches!(late.end, Some(Err(Verdict::Retry(_)))), "{:?}", late.end);
    assert_eq!(desk.payment(order).await.status, PaymentStatus::Voiding);
    assert_eq!(gateway.0.lock().unwrap().held_minor, AMOUNT);
    assert_eq!(desk.handle(&authorize(order, "card")).await, Ok(declined(order, "voided")));
    assert_eq!(gateway.0.lock().unwrap().held_minor, 0);
    assert_eq!(desk.payment(order).await.status, PaymentStatus::Voided);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_that_found_nothing_does_not_close_what_was_charged_meanwhile(pool: PgPool) {
    let (gateway, order) = (Forgetful::default(), new_order());
    let desk = Desk::with(&pool, gateway.clone(), &PATIENT);
    let (mut charge, mut undo) = (Journey::of(&authorize(order, "card")), Journey::of(&void(order)));
    for early in [true, false, false] {
        desk.step(if early { &mut charge } else { &mut undo }).await;
    }

    // The charge lands and is reported after the void was called, before the void is settled.
    for _ in 0..2 {
        desk.step(&mut charge).await;
    }
    desk.step(&mut undo).await;

    assert!(matches!(undo.end, Some(Err(Verdict::Retry(_)))), "{:?}", undo.end);
    let payment = desk.payment(order).await;
    let undone = payment.operations.iter().find(|operation| operation.kind == OperationKind::Void);
    assert_eq!(undone.map(|operation| operation.status), Some(OperationStatus::Unknown));
    assert_eq!(desk.insist(&void(order)).await, voided(order, None));
    assert_eq!(gateway.0.lock().unwrap().held_minor, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_that_fails_is_tried_until_it_works(pool: PgPool) {
    let (gateway, order) = (Forgetful::default(), new_order());
    let desk = Desk::with(&pool, gateway.clone(), &PATIENT);
    desk.insist(&authorize(order, "card")).await;
    gateway.0.lock().unwrap().voids_to_refuse = 5;

    for _ in 0..5 {
        assert!(matches!(desk.handle(&void(order)).await, Err(Verdict::Retry(_))));
        assert_eq!(desk.payment(order).await.status, PaymentStatus::Voiding);
    }

    assert_eq!(desk.handle(&void(order)).await, Ok(voided(order, None)));
    assert_eq!(gateway.0.lock().unwrap().held_minor, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn without_a_look_up_nothing_is_asked_for_twice(pool: PgPool) {
    let (gateway, order) = (Forgetful::default(), new_order());
    let desk = Desk::with(&pool, gateway.clone(), &PATIENT);
    let mut crashed = Journey::of(&authorize(order, "card"));
    for _ in 0..2 {
        desk.step(&mut crashed).await;
    }

    for _ in 0..3 {
        assert!(matches!(desk.handle(&authorize(order, "card")).await, Err(Verdict::Retry(_))));
    }

    assert_eq!(gateway.0.lock().unwrap().charges, 1);
    assert_eq!(desk.payment(order).await.operations[0].status, OperationStatus::Unknown);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_declined_capture_is_for_a_human(pool: PgPool) {
    let (gateway, order) = (Forgetful::default(), new_order());
    let desk = Desk::with(&pool, gateway, &PATIENT);
    desk.insist(&authorize(order, "card")).await;

    for _ in 0..2 {
        let end = desk.handle(&crate::harness::capture(order, 1, AMOUNT)).await;
        assert!(matches!(end, Err(Verdict::Poison(ref why)) if why.contains("expired")), "{end:?}");
    }

    assert_eq!(desk.payment(order).await.captured_minor, 0);
}
