//! An authorization is renewed before it expires, or the order needs a person.

use crate::script::*;
use chrono::TimeDelta;
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::saga::{SagaError, Transition};
use domain::shipment::ShipmentStatus::{Delivered, HandedOver};

const FIRST_MINOR: i64 = 2 * HEADPHONES_MINOR;

fn due(script: Script) -> Script {
    let transition = script.saga.clone().on_authorization_due(&script.order, noon());
    script.applies(Ok(transition))
}

fn reauthorize(script: &Script) -> Result<Transition, SagaError> {
    script.saga.clone().reauthorize(&script.order, "the card is valid again", noon())
}

fn attention(script: &Script) -> &str {
    script.order.attention.as_deref().unwrap_or_default()
}

#[test]
fn a_due_authorization_is_renewed_once_and_again_when_it_is_due_again() {
    let script = due(Script::confirmed()).sends([REAUTHORIZE]).on_deadline().sends([REAUTHORIZE, TRACK]);
    let script = due(script).sends([]).on_reply(&reauthorized(1)).sends([]);

    assert_eq!(attention(&script), "");
    due(script).sends([REAUTHORIZE]).ignores(&reauthorized(1)).on_reply(&reauthorized(2));
}

#[test]
fn nothing_is_renewed_before_the_confirmation_nor_when_everything_is_captured() {
    due(Script::authorized()).sends([]);
    let captured = Script::confirmed()
        .on_reply(&progressed(first(), HandedOver))
        .on_reply(&captured(first(), FIRST_MINOR))
        .on_reply(&progressed(second(), HandedOver))
        .on_reply(&captured(second(), MUG_MINOR));

    let captured = due(captured).sends([]);

    assert!(matches!(reauthorize(&captured), Err(SagaError::ActionRefused { .. })));
}

#[test]
fn the_check_is_remembered_whatever_it_finds() {
    let script = due(Script::reserved());

    let later = script.saga.clone().on_authorization_due(&script.order, noon() + TimeDelta::days(1));

    assert_ne!(later.saga.to_json(), script.saga.to_json());
}

#[test]
fn a_declined_reauthorization_raises_attention_until_a_person_renews_it() {
    let script = due(Script::confirmed()).on_reply(&reauthorization_declined(1)).sends([]);
    assert!(attention(&script).contains("card_declined"), "{}", attention(&script));
    let script = due(script).sends([]);

    let action = reauthorize(&script);
    let script = script.applies(action).sends([REAUTHORIZE]);

    assert_eq!(attention(&script), "");
    let script = script.ignores(&reauthorization_declined(1)).on_reply(&reauthorized(2));
    assert_eq!(attention(&script), "");
}

#[test]
fn captures_that_were_declined_are_attempted_again_after_the_reauthorization() {
    let script = Script::confirmed().on_reply(&progressed(first(), Delivered)).on_reply(&capture_declined(
        first(),
        FIRST_MINOR,
        1,
    ));

    let action = reauthorize(&script);
    let script = script.applies(action).sends([REAUTHORIZE]).on_reply(&reauthorized(1)).sends([CAPTURE]);

    assert_eq!(attention(&script), "");
    script
        .on_reply(&captured(first(), FIRST_MINOR))
        .has_status(OrderPaymentStatus::PartlyCaptured, FulfilmentStatus::PartlyShipped);
}

#[test]
fn what_is_captured_in_spite_of_a_declined_reauthorization_needs_no_person() {
    let script = due(Script::confirmed()).on_reply(&reauthorization_declined(1));
    let script = script.on_reply(&progressed(first(), Delivered)).on_reply(&stock_shipped(first()));
    let script = script.on_reply(&captured(first(), FIRST_MINOR));
    let script = script.on_reply(&progressed(second(), Delivered)).on_reply(&stock_shipped(second()));
    assert!(!attention(&script).is_empty());

    let script = script.on_reply(&captured(second(), MUG_MINOR));

    assert_eq!(attention(&script), "");
    script.ends(OrderStatus::Delivered, None);
}

#[test]
fn a_reauthorization_does_not_outlive_the_cancellation_of_its_order() {
    let script = due(Script::confirmed()).cancelled_by_customer().sends([CANCEL]).ignores(&reauthorized(1));

    script.on_reply(&shipments_cancelled()).sends([VOID]).ignores(&reauthorization_declined(1)).on_reply(&voided());
}

#[test]
fn a_declined_reauthorization_needs_nobody_once_its_order_is_cancelled_and_somebody_if_that_was_too_late() {
    let script = due(Script::confirmed()).on_reply(&reauthorization_declined(1)).cancelled_by_customer();
    assert_eq!(attention(&script), "");

    let script = script.on_reply(&too_late());

    assert!(attention(&script).contains("card_declined"));
}

#[test]
fn an_order_that_was_tracked_for_long_is_not_stuck_when_its_authorization_is_renewed() {
    let script = due(Script::confirmed().on_deadline_times(20)).in_phase("delivering", Some("deliver_shipments"));

    let unanswered = script.on_deadline_times(9).in_phase("stuck", Some("deliver_shipments"));

    assert!(attention(&unanswered).contains(REAUTHORIZE), "{}", attention(&unanswered));
}

#[test]
fn attention_for_another_command_without_a_reply_is_cleared_by_its_reply_after_a_reauthorization() {
    let script =
        Script::confirmed().on_reply(&progressed(first(), HandedOver)).on_reply(&captured(first(), FIRST_MINOR));
    let overdue = script.on_deadline_times(5);
    assert!(attention(&overdue).contains("without a reply"), "{}", attention(&overdue));

    let script = due(overdue).on_reply(&stock_shipped(first()));

    assert_eq!(attention(&script), "");
}

#[test]
fn a_reauthorization_that_is_marked_as_done_leaves_the_captures_that_it_repeats_open() {
    let script = Script::confirmed().on_reply(&progressed(first(), HandedOver)).on_reply(&capture_declined(
        first(),
        FIRST_MINOR,
        1,
    ));
    let action = reauthorize(&script);
    let script = script.applies(action);

    let action = script.saga.clone().mark_step_done(&script.order, "the gateway shows it");

    let script = script.applies(action).sends([CAPTURE]).on_reply(&capture_declined(first(), FIRST_MINOR, 2));
    assert!(attention(&script).contains("declined to capture"), "{}", attention(&script));
}

#[test]
fn a_reauthorization_without_a_reply_is_marked_as_done() {
    let script = due(Script::confirmed());

    let action = script.saga.clone().mark_step_done(&script.order, "the gateway shows it");

    script.applies(action).ignores(&reauthorized(1));
}
