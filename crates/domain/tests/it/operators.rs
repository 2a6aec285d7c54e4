//! The actions of operators on sagas without a reply.

use crate::script::*;
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::saga::SagaError;
use domain::shipment::ShipmentStatus::{Delivered, HandedOver};
use rstest::rstest;

#[test]
fn retrying_a_stuck_compensation_sends_it_at_once_and_resets_its_attempts() {
    let stuck = Script::reserved().on_reply(&declined()).on_deadline_times(9).in_phase("stuck", Some("reserve_stock"));
    let action = stuck.saga.clone().retry_step(&stuck.order, "inventory is back");

    let retried = stuck.applies(action).sends([RELEASE]).in_phase("undoing", Some("reserve_stock"));

    assert_eq!(retried.order.attention, None);
    retried.on_reply(&released()).ends(OrderStatus::Rejected, Some("card_declined"));
}

#[rstest]
#[case::a_running_step(Script::reserved(), &[AUTHORIZE])]
#[case::an_outstanding_capture(Script::confirmed().on_reply(&progressed(first(), HandedOver)), &[CAPTURE, SHIP, TRACK])]
#[case::a_carrier_without_reports(Script::confirmed(), &[TRACK])]
fn retrying_sends_the_open_commands(#[case] script: Script, #[case] commands: &[&str]) {
    let action = script.saga.clone().retry_step(&script.order, "again");

    let script = script.applies(action);

    let sent: Vec<_> = script.sent().iter().map(domain::saga::Command::type_name).collect();
    assert_eq!(sent, commands);
}

#[test]
fn the_order_continues_when_an_outstanding_capture_is_marked_done() {
    let script =
        Script::confirmed().on_reply(&progressed(first(), Delivered)).on_reply(&progressed(second(), Delivered));
    let action = script.saga.clone().mark_step_done(&script.order, "seen in the provider's ledger");
    script
        .applies(action)
        .has_status(OrderPaymentStatus::Captured, FulfilmentStatus::Delivered)
        .ends(OrderStatus::Delivered, None);
}

#[test]
fn compensation_continues_when_its_commands_are_marked_done() {
    let mut script = Script::confirmed().cancelled_by_customer();
    for next in [&[VOID][..], &[RELEASE], &[]] {
        let action = script.saga.clone().mark_step_done(&script.order, "seen by hand");
        script = script.applies(action);
        let sent: Vec<_> = script.sent().iter().map(domain::saga::Command::type_name).collect();
        assert_eq!(sent, next);
    }

    script
        .has_status(OrderPaymentStatus::Voided, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[rstest]
#[case::stock_that_is_not_reserved(Script::start())]
#[case::a_payment_that_does_not_exist(Script::reserved())]
#[case::a_booking_that_does_not_exist(Script::authorized())]
#[case::nothing_outstanding(Script::confirmed())]
#[case::nothing_open(Script::start().on_reply(&out_of_stock()))]
fn marking_done_is_refused_when_there_is_nothing_to_confirm(#[case] script: Script) {
    let refused = script.saga.mark_step_done(&script.order, "I believe");

    assert!(matches!(refused, Err(SagaError::ActionRefused { .. })), "{refused:?}");
}

#[test]
fn an_undoing_saga_can_be_abandoned() {
    let script = Script::authorized().on_reply(&shipping_refused());
    let action = script.saga.clone().abandon(&script.order, "the gateway is gone for good");

    let reason = Some("shipment_refused:address_not_served");
    let script = script.applies(action).sends([RELEASE]).ends(OrderStatus::Rejected, reason);
    script.ignores(&released());
}

#[rstest]
#[case::running(Script::start())]
#[case::delivering(Script::confirmed())]
#[case::ended(Script::start().on_reply(&out_of_stock()))]
fn no_other_saga_can_be_abandoned(#[case] script: Script) {
    assert!(matches!(script.saga.clone().abandon(&script.order, "why not"), Err(SagaError::ActionRefused { .. })));
}

#[test]
fn stock_that_an_abandoned_saga_left_reserved_is_released_when_inventory_asks() {
    let undoing = Script::reserved().on_reply(&declined());
    let action = undoing.saga.clone().abandon(&undoing.order, "inventory is gone for good");

    undoing.applies(action).is(OrderStatus::Rejected).on_stale_reservation().sends([RELEASE]).ignores(&released());
}

#[test]
fn the_stock_of_an_active_order_stays_reserved() {
    Script::confirmed().ignores(&reservation_stale());
    Script::reserved().ignores(&reservation_stale());
}
