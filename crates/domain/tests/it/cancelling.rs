//! Called back by the customer, at every point of the way.

use crate::script::*;
use domain::order::{Applied, FulfilmentStatus, OrderStatus, PaymentStatus};
use domain::saga::SagaError;
use domain::shipment::ShipmentStatus;
use rstest::rstest;

#[test]
fn while_stock_is_asked_for_it_is_released() {
    Script::start()
        .cancelled_by_customer()
        .asks([RELEASE])
        .tells(["cancelling"])
        .is(OrderStatus::Cancelling)
        .ignores(&reserved())
        .ignores(&out_of_stock())
        .hears(&released())
        .tells(["stock_released", "cancelled"])
        .stands(PaymentStatus::Unpaid, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn while_the_payment_is_asked_for_it_is_voided_first() {
    Script::reserved()
        .cancelled_by_customer()
        .asks([VOID])
        .ignores(&authorized())
        .ignores(&declined())
        .hears(&voided())
        .asks([RELEASE])
        .hears(&released())
        .stands(PaymentStatus::Voided, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[rstest]
#[case::while_shipments_are_asked_for(Script::authorized())]
#[case::after_it_was_confirmed(Script::confirmed())]
fn shipments_are_called_back_first(#[case] script: Script) {
    script
        .cancelled_by_customer()
        .asks([CANCEL])
        .is(OrderStatus::Cancelling)
        .ignores(&booked())
        .ignores(&shipping_refused())
        .hears(&called_back())
        .asks([VOID])
        .hears(&voided())
        .asks([RELEASE])
        .hears(&released())
        .asks([])
        .stands(PaymentStatus::Voided, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn while_a_rejection_is_undone_the_order_ends_as_cancelled() {
    Script::authorized()
        .hears(&shipping_refused())
        .asks([VOID])
        .cancelled_by_customer()
        .asks([])
        .is(OrderStatus::Cancelling)
        .hears(&voided())
        .hears(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn every_undo_may_have_to_be_asked_twice() {
    Script::confirmed()
        .cancelled_by_customer()
        .hears_nothing()
        .asks([CANCEL])
        .hears(&called_back())
        .hears_nothing()
        .asks([VOID])
        .hears(&voided())
        .hears_nothing()
        .asks([RELEASE])
        .hears(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn it_is_too_late_when_the_carrier_has_it() {
    Script::confirmed()
        .tells(["stock_reserved", "payment_authorized", "confirmed"])
        .cancelled_by_customer()
        .hears(&too_late())
        .asks([TRACK])
        .tells(["cancelling", "too_late_to_cancel"])
        .is(OrderStatus::Confirmed)
        .hears(&progressed(first(), ShipmentStatus::HandedOver))
        .asks([CAPTURE, SHIP])
        .is(OrderStatus::Shipped);
}

#[test]
fn a_hand_over_that_is_reported_before_the_refusal_is_not_forgotten() {
    Script::confirmed()
        .cancelled_by_customer()
        .hears(&progressed(first(), ShipmentStatus::HandedOver))
        .asks([])
        .is(OrderStatus::Cancelling)
        .hears(&too_late())
        .asks([CAPTURE, SHIP, TRACK])
        .is(OrderStatus::Shipped)
        .stands(PaymentStatus::Authorized, FulfilmentStatus::PartlyShipped);
}

#[test]
fn too_late_while_shipments_were_asked_for_books_on() {
    Script::authorized()
        .cancelled_by_customer()
        .hears(&too_late())
        .asks([BOOK])
        .is(OrderStatus::Pending)
        .hears(&booked())
        .is(OrderStatus::Confirmed);
}

#[test]
fn after_it_was_too_late_it_can_be_tried_again() {
    Script::confirmed()
        .cancelled_by_customer()
        .hears(&too_late())
        .cancelled_by_customer()
        .asks([CANCEL])
        .hears(&called_back())
        .hears(&voided())
        .hears(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[rstest]
#[case::cancelling(Script::confirmed().cancelled_by_customer())]
#[case::cancelled(Script::start().cancelled_by_customer().hears(&released()))]
fn calling_it_back_twice_changes_nothing(#[case] script: Script) {
    assert_eq!(script.saga.on_cancel(&script.order, at_request()), Ok(Applied::Already));
}

#[rstest]
#[case::rejected(Script::start().hears(&out_of_stock()))]
#[case::shipped(Script::confirmed().hears(&progressed(first(), ShipmentStatus::HandedOver)))]
fn what_is_shipped_or_over_is_not_called_back(#[case] script: Script) {
    let refused = script.saga.on_cancel(&script.order, at_request());

    assert!(matches!(refused, Err(SagaError::InvalidTransition(_))), "{refused:?}");
}

#[test]
fn a_carrier_that_has_what_was_called_back_is_a_case_for_humans() {
    let script = Script::confirmed()
        .cancelled_by_customer()
        .hears(&called_back())
        .hears(&progressed(second(), ShipmentStatus::InTransit))
        .asks([])
        .hears(&voided())
        .hears(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));

    assert!(script.order.attention.is_some());
}
