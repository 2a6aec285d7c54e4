//! What operators may do when nobody answers.

use crate::script::*;
use domain::order::{FulfilmentStatus, OrderStatus, PaymentStatus};
use domain::saga::SagaError;
use domain::shipment::ShipmentStatus::{Delivered, HandedOver};
use rstest::rstest;

#[test]
fn retrying_a_stuck_undo_asks_at_once_with_fresh_patience() {
    let stuck = Script::reserved().hears(&declined()).hears_nothing_times(9).in_phase("stuck", Some("reserve_stock"));
    let verb = stuck.saga.clone().retry_step(&stuck.order, "inventory is back");

    let retried = stuck.takes(verb).asks([RELEASE]).in_phase("undoing", Some("reserve_stock"));

    assert_eq!(retried.order.attention, None);
    retried.hears(&released()).ends(OrderStatus::Rejected, Some("card_declined"));
}

#[rstest]
#[case::a_running_step(Script::reserved(), &[AUTHORIZE])]
#[case::an_owed_capture(Script::confirmed().hears(&progressed(first(), HandedOver)), &[CAPTURE, SHIP, TRACK])]
#[case::a_silent_carrier(Script::confirmed(), &[TRACK])]
fn retrying_asks_the_open_question(#[case] script: Script, #[case] questions: &[&str]) {
    let verb = script.saga.clone().retry_step(&script.order, "again");

    let script = script.takes(verb);

    let asked: Vec<_> = script.asked().iter().map(domain::saga::Ask::type_name).collect();
    assert_eq!(asked, questions);
}

#[test]
fn an_owed_capture_that_is_marked_done_carries_the_order_on() {
    let script = Script::confirmed().hears(&progressed(first(), Delivered)).hears(&progressed(second(), Delivered));
    let verb = script.saga.clone().mark_step_done(&script.order, "seen in the books");
    script.takes(verb).stands(PaymentStatus::Captured, FulfilmentStatus::Delivered).ends(OrderStatus::Delivered, None);
}

#[test]
fn undos_that_are_marked_done_carry_the_order_back() {
    let mut script = Script::confirmed().cancelled_by_customer();
    for next in [&[VOID][..], &[RELEASE], &[]] {
        let verb = script.saga.clone().mark_step_done(&script.order, "seen by hand");
        script = script.takes(verb);
        let asked: Vec<_> = script.asked().iter().map(domain::saga::Ask::type_name).collect();
        assert_eq!(asked, next);
    }

    script
        .stands(PaymentStatus::Voided, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[rstest]
#[case::stock_that_nobody_holds(Script::start())]
#[case::a_payment_that_ours_knows_nothing_of(Script::reserved())]
#[case::a_booking_that_ours_knows_nothing_of(Script::authorized())]
#[case::nothing_owed(Script::confirmed())]
#[case::nothing_open(Script::start().hears(&out_of_stock()))]
fn marking_done_is_refused_where_there_is_nothing_to_vouch_for(#[case] script: Script) {
    let refused = script.saga.mark_step_done(&script.order, "I believe");

    assert!(matches!(refused, Err(SagaError::VerbRefused { .. })), "{refused:?}");
}

#[test]
fn an_undoing_saga_can_be_abandoned() {
    let script = Script::authorized().hears(&shipping_refused());
    let verb = script.saga.clone().abandon(&script.order, "the gateway is gone for good");

    let reason = Some("shipment_refused:address_not_served");
    let script = script.takes(verb).asks([RELEASE]).ends(OrderStatus::Rejected, reason);
    script.ignores(&released());
}

#[rstest]
#[case::running(Script::start())]
#[case::delivering(Script::confirmed())]
#[case::ended(Script::start().hears(&out_of_stock()))]
fn no_other_saga_can(#[case] script: Script) {
    assert!(matches!(script.saga.clone().abandon(&script.order, "why not"), Err(SagaError::VerbRefused { .. })));
}

#[test]
fn stock_that_an_abandoned_undo_left_held_is_let_go_when_its_slice_asks() {
    let undoing = Script::reserved().hears(&declined());
    let verb = undoing.saga.clone().abandon(&undoing.order, "inventory is gone for good");

    undoing.takes(verb).is(OrderStatus::Rejected).hears_held_long().asks([RELEASE]).ignores(&released());
}

#[test]
fn stock_of_an_order_that_goes_on_stays_held() {
    Script::confirmed().ignores(&held_long());
    Script::reserved().ignores(&held_long());
}
