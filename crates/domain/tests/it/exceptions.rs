//! What goes wrong with shipments, and what people decide about it.

use crate::script::*;
use domain::ids::ShipmentId;
use domain::messages::{Reply, ShipmentException};
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::saga::{ExceptionDecision, SagaError};
use domain::shipment::DeliveryException::{self, Damaged, FailedAttempt, Lost, ReturnedToSender};
use domain::shipment::ShipmentStatus::{Delivered, HandedOver};

const CLOSE: ExceptionDecision = ExceptionDecision::Close { reshipped_by: None };

fn exception(shipment_id: ShipmentId, exception: DeliveryException) -> Reply {
    Reply::ShipmentException(ShipmentException {
        order_id: order_id(),
        shipment_id,
        exception,
        occurred_at: noon(),
        is_cancelled: false,
    })
}

#[test]
fn an_order_that_was_tracked_for_long_is_not_stuck_when_an_exception_shows_its_hand_over() {
    let tracked = Script::confirmed().on_deadline_times(20);

    let script = tracked.on_reply(&exception(shipment(first()), Lost)).sends([CAPTURE, SHIP]);

    script.in_phase("delivering", Some("deliver_shipments"));
}

/// The mug is delivered, the headphones are handed over; both are captured and shipped.
fn headphones_on_their_way() -> Script {
    Script::confirmed()
        .on_reply(&progressed(second(), Delivered))
        .on_reply(&captured(second(), MUG_MINOR))
        .on_reply(&stock_shipped(second()))
        .on_reply(&progressed(first(), HandedOver))
        .on_reply(&captured(first(), 2 * HEADPHONES_MINOR))
        .on_reply(&stock_shipped(first()))
}

fn decide(script: Script, decision: ExceptionDecision) -> Script {
    let decided = script.saga.clone().decide_exception(&script.order, shipment(first()), decision, "seen by us");
    script.applies(decided)
}

#[test]
fn a_lost_shipment_needs_a_person_and_the_order_ends_when_it_is_closed() {
    let script = headphones_on_their_way().on_reply(&exception(shipment(first()), Lost));
    assert!(script.order.attention.as_deref().is_some_and(|reason| reason.ends_with("is lost")));

    let script = decide(script, CLOSE);

    assert_eq!(script.order.attention, None);
    script.has_status(OrderPaymentStatus::Captured, FulfilmentStatus::Delivered).ends(OrderStatus::Delivered, None);
}

#[test]
fn a_shipment_that_arrives_after_a_failed_attempt_needs_no_person_any_more() {
    for passing in [FailedAttempt, Lost, ReturnedToSender] {
        let script = headphones_on_their_way().on_reply(&exception(shipment(first()), passing));
        assert!(script.order.attention.is_some());

        let script = script.on_reply(&progressed(first(), Delivered));

        assert_eq!(script.order.attention, None, "{passing}");
        script.ends(OrderStatus::Delivered, None);
    }
}

#[test]
fn damage_is_flagged_after_the_delivery_too_until_a_person_has_decided() {
    let delivered = headphones_on_their_way().on_reply(&progressed(first(), Delivered));

    let script = delivered.ignores_effect_of(&exception(shipment(first()), Lost));
    let script = script.on_reply(&exception(shipment(first()), Damaged));
    assert!(script.order.attention.is_some());
    let script = decide(script, ExceptionDecision::Dismiss);

    assert_eq!(script.order.attention, None);
    script.ends(OrderStatus::Delivered, None);
}

#[test]
fn a_lost_shipment_can_be_closed_although_a_failed_attempt_is_reported_late() {
    let lost = headphones_on_their_way().on_reply(&exception(shipment(first()), Lost));

    let script = lost.ignores(&exception(shipment(first()), FailedAttempt));

    decide(script, CLOSE).ends(OrderStatus::Delivered, None);
}

#[test]
fn what_is_lost_before_its_hand_over_was_reported_is_captured_and_shipped() {
    Script::confirmed()
        .on_reply(&exception(shipment(first()), Lost))
        .sends([CAPTURE, SHIP])
        .records([
            "stock_reserved",
            "payment_authorized",
            "confirmed",
            "shipment_handed_over",
            "shipment_exception",
            "attention_raised",
        ])
        .is(OrderStatus::Shipped);
}

#[test]
fn only_a_shipment_that_will_not_arrive_is_closed() {
    let on_its_way = headphones_on_their_way();
    let failed = headphones_on_their_way().on_reply(&exception(shipment(first()), FailedAttempt));

    for script in [on_its_way, failed] {
        let closed = script.saga.clone().decide_exception(&script.order, shipment(first()), CLOSE, "why");
        assert_eq!(closed, Err(SagaError::NoException { shipment: shipment(first()) }));
    }
}

#[test]
fn a_replaced_shipment_that_moves_is_flagged_and_changes_nothing_else() {
    let script = crate::cancel_lines::with_one_headphone();

    let script = script.on_reply(&progressed(first(), HandedOver)).sends([]);

    assert!(script.order.attention.as_deref().is_some_and(|reason| reason.ends_with("which was cancelled")));
    let script = decide(script.is(OrderStatus::Confirmed), ExceptionDecision::Dismiss);
    assert_eq!(script.order.attention, None);
}

#[test]
fn a_hand_over_that_was_reported_during_a_cancellation_that_succeeded_is_flagged() {
    let script = Script::confirmed()
        .cancelled_by_customer()
        .on_reply(&progressed(first(), HandedOver))
        .on_reply(&shipments_cancelled());

    assert!(script.order.attention.is_some());
    script.on_reply(&voided()).on_reply(&released()).ends(OrderStatus::Cancelled, Some("customer_request"));
}
