//! Cancelled by the customer, in every phase.

use crate::script::*;
use domain::applied::Applied;
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::saga::SagaError;
use domain::shipment::ShipmentStatus;
use rstest::rstest;

#[test]
fn while_stock_is_being_reserved_it_is_released() {
    Script::start()
        .cancelled_by_customer()
        .sends([RELEASE])
        .records(["cancelling"])
        .is(OrderStatus::Cancelling)
        .ignores(&reserved())
        .ignores(&out_of_stock())
        .on_reply(&released())
        .records(["stock_released", "cancelled"])
        .has_status(OrderPaymentStatus::Unpaid, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn while_the_payment_is_being_authorized_it_is_voided_first() {
    Script::reserved()
        .cancelled_by_customer()
        .sends([VOID])
        .ignores(&authorized())
        .ignores(&declined())
        .on_reply(&voided())
        .sends([RELEASE])
        .on_reply(&released())
        .has_status(OrderPaymentStatus::Voided, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[rstest]
#[case::while_shipments_are_being_booked(Script::authorized())]
#[case::after_it_was_confirmed(Script::confirmed())]
fn shipments_are_cancelled_first(#[case] script: Script) {
    script
        .cancelled_by_customer()
        .sends([CANCEL])
        .is(OrderStatus::Cancelling)
        .ignores(&booked())
        .ignores(&shipping_refused())
        .on_reply(&shipments_cancelled())
        .sends([VOID])
        .on_reply(&voided())
        .sends([RELEASE])
        .on_reply(&released())
        .sends([])
        .has_status(OrderPaymentStatus::Voided, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn during_the_compensation_of_a_rejection_the_order_ends_as_cancelled() {
    Script::authorized()
        .on_reply(&shipping_refused())
        .sends([VOID])
        .cancelled_by_customer()
        .sends([])
        .is(OrderStatus::Cancelling)
        .on_reply(&voided())
        .on_reply(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn every_compensation_is_repeated_until_there_is_a_reply() {
    Script::confirmed()
        .cancelled_by_customer()
        .on_deadline()
        .sends([CANCEL])
        .on_reply(&shipments_cancelled())
        .on_deadline()
        .sends([VOID])
        .on_reply(&voided())
        .on_deadline()
        .sends([RELEASE])
        .on_reply(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn it_is_too_late_when_a_carrier_has_a_shipment() {
    Script::confirmed()
        .records(["stock_reserved", "payment_authorized", "confirmed"])
        .cancelled_by_customer()
        .on_reply(&too_late())
        .sends([TRACK])
        .records(["cancelling", "too_late_to_cancel"])
        .is(OrderStatus::Confirmed)
        .on_reply(&progressed(first(), ShipmentStatus::HandedOver))
        .sends([CAPTURE, SHIP])
        .is(OrderStatus::Shipped);
}

#[test]
fn a_hand_over_that_is_reported_before_the_refusal_is_kept() {
    Script::confirmed()
        .cancelled_by_customer()
        .on_reply(&progressed(first(), ShipmentStatus::HandedOver))
        .sends([])
        .is(OrderStatus::Cancelling)
        .on_reply(&too_late())
        .sends([CAPTURE, SHIP, TRACK])
        .is(OrderStatus::Shipped)
        .has_status(OrderPaymentStatus::Authorized, FulfilmentStatus::PartlyShipped);
}

#[test]
fn too_late_while_shipments_are_being_booked_repeats_the_booking() {
    Script::authorized()
        .cancelled_by_customer()
        .on_reply(&too_late())
        .sends([BOOK])
        .is(OrderStatus::Pending)
        .on_reply(&booked())
        .is(OrderStatus::Confirmed);
}

#[test]
fn after_a_refused_cancellation_it_can_be_cancelled_again() {
    Script::confirmed()
        .cancelled_by_customer()
        .on_reply(&too_late())
        .cancelled_by_customer()
        .sends([CANCEL])
        .on_reply(&shipments_cancelled())
        .on_reply(&voided())
        .on_reply(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[rstest]
#[case::cancelling(Script::confirmed().cancelled_by_customer())]
#[case::cancelled(Script::start().cancelled_by_customer().on_reply(&released()))]
fn cancelling_twice_changes_nothing(#[case] script: Script) {
    assert_eq!(script.saga.on_cancel(&script.order, at_request()), Ok(Applied::Unchanged));
}

#[rstest]
#[case::rejected(Script::start().on_reply(&out_of_stock()))]
#[case::shipped(Script::confirmed().on_reply(&progressed(first(), ShipmentStatus::HandedOver)))]
fn a_shipped_or_rejected_order_can_not_be_cancelled(#[case] script: Script) {
    let refused = script.saga.on_cancel(&script.order, at_request());

    assert!(matches!(refused, Err(SagaError::InvalidTransition(_))), "{refused:?}");
}

#[test]
fn a_carrier_report_about_a_cancelled_shipment_raises_attention() {
    let script = Script::confirmed()
        .cancelled_by_customer()
        .on_reply(&shipments_cancelled())
        .on_reply(&progressed(second(), ShipmentStatus::InTransit))
        .sends([])
        .on_reply(&voided())
        .on_reply(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));

    assert!(script.order.attention.is_some());
}
