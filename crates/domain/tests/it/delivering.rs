//! From confirmed to delivered, with two shipments.

use crate::script::*;
use domain::messages::PaymentCommand;
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::saga::{Command, TimeScale};
use domain::shipment::ShipmentStatus::{Booked, Cancelled, Delivered, HandedOver, InTransit};

const FIRST_MINOR: i64 = 2 * HEADPHONES_MINOR;

#[test]
fn each_shipment_is_captured_when_its_carrier_has_it() {
    Script::confirmed()
        .records(["stock_reserved", "payment_authorized", "confirmed"])
        .on_reply(&progressed(second(), HandedOver))
        .sends([CAPTURE, SHIP])
        .records(["shipment_handed_over"])
        .is(OrderStatus::Shipped)
        .has_status(OrderPaymentStatus::Authorized, FulfilmentStatus::PartlyShipped)
        .on_reply(&captured(second(), MUG_MINOR))
        .on_reply(&stock_shipped(second()))
        .has_status(OrderPaymentStatus::PartlyCaptured, FulfilmentStatus::PartlyShipped)
        .on_reply(&progressed(first(), HandedOver))
        .sends([CAPTURE, SHIP])
        .has_status(OrderPaymentStatus::PartlyCaptured, FulfilmentStatus::Shipped)
        .on_reply(&stock_shipped(first()))
        .on_reply(&captured(first(), FIRST_MINOR))
        .has_status(OrderPaymentStatus::Captured, FulfilmentStatus::Shipped)
        .on_reply(&progressed(first(), Delivered))
        .is(OrderStatus::Shipped)
        .on_reply(&progressed(second(), Delivered))
        .has_status(OrderPaymentStatus::Captured, FulfilmentStatus::Delivered)
        .ends(OrderStatus::Delivered, None);
}

#[test]
fn the_captured_amounts_add_up_to_the_total() {
    let amounts: i64 = [first(), second()]
        .map(|warehouse| match Script::confirmed().on_reply(&progressed(warehouse, HandedOver)).sent() {
            [Command::Payment(PaymentCommand::Capture(capture)), _] => capture.amount.amount_minor,
            other => panic!("{other:?}"),
        })
        .iter()
        .sum();

    assert_eq!(amounts, TOTAL_MINOR);
}

#[test]
fn a_free_shipment_is_shipped_without_a_capture() {
    let mut script = Script::start_with(vec![priced("SKU-HEADPHONES", 2, 0), priced("SKU-MUG", 1, TOTAL_MINOR)]);
    for reply in [reserved(), authorized(), booked()] {
        script = script.on_reply(&reply);
    }

    script
        .on_reply(&progressed(first(), HandedOver))
        .sends([SHIP])
        .has_status(OrderPaymentStatus::PartlyCaptured, FulfilmentStatus::PartlyShipped)
        .on_reply(&progressed(second(), HandedOver))
        .sends([CAPTURE, SHIP])
        .on_reply(&captured(second(), TOTAL_MINOR))
        .has_status(OrderPaymentStatus::Captured, FulfilmentStatus::Shipped);
}

#[test]
fn reports_may_be_duplicated_late_and_out_of_order() {
    Script::confirmed()
        .ignores(&progressed(first(), Booked))
        .on_reply(&progressed(first(), Delivered))
        .sends([CAPTURE, SHIP])
        .records(["stock_reserved", "payment_authorized", "confirmed", "shipment_handed_over", "shipment_delivered"])
        .ignores(&progressed(first(), InTransit))
        .ignores(&progressed(first(), HandedOver))
        .ignores(&progressed(first(), Cancelled))
        .is(OrderStatus::Shipped);
}

#[test]
fn a_shipment_in_transit_is_recorded_once() {
    let expected = ["stock_reserved", "payment_authorized", "confirmed", "shipment_handed_over", "shipment_in_transit"];
    Script::confirmed()
        .on_reply(&progressed(first(), HandedOver))
        .on_reply(&progressed(first(), InTransit))
        .sends([])
        .records(expected)
        .ignores(&progressed(first(), InTransit))
        .ignores(&progressed(first(), HandedOver))
        .is(OrderStatus::Shipped)
        .has_status(OrderPaymentStatus::Authorized, FulfilmentStatus::PartlyShipped);
    Script::confirmed().on_reply(&progressed(first(), InTransit)).sends([CAPTURE, SHIP]).records(expected);
}

#[test]
fn reports_before_the_reply_to_the_booking_are_recorded_after_it() {
    Script::authorized()
        .on_reply(&progressed(first(), Delivered))
        .sends([])
        .on_reply(&progressed(second(), InTransit))
        .is(OrderStatus::Pending)
        .on_reply(&booked())
        .sends([CAPTURE, SHIP, CAPTURE, SHIP])
        .is(OrderStatus::Shipped)
        .has_status(OrderPaymentStatus::Authorized, FulfilmentStatus::Shipped)
        .on_reply(&progressed(second(), Delivered))
        .is(OrderStatus::Delivered);
}

#[test]
fn a_delivered_order_stays_active_until_it_is_captured() {
    let script = Script::confirmed()
        .on_reply(&progressed(first(), Delivered))
        .on_reply(&progressed(second(), Delivered))
        .is(OrderStatus::Delivered)
        .on_reply(&captured(second(), MUG_MINOR))
        .on_reply(&stock_shipped(second()))
        .on_reply(&stock_shipped(first()));
    assert!(script.saga.is_active());

    script.on_deadline().sends([CAPTURE]).on_reply(&captured(first(), FIRST_MINOR)).ends(OrderStatus::Delivered, None);
}

#[test]
fn outstanding_captures_are_repeated_without_limit_and_raise_attention() {
    let script = Script::confirmed().on_reply(&progressed(first(), HandedOver)).on_reply(&stock_shipped(first()));

    let script = script.on_deadline().sends([CAPTURE, TRACK]).on_deadline_times(3).sends([CAPTURE, TRACK]);
    assert!(script.order.attention.is_some());
    let script = script.on_deadline_times(5).in_phase("stuck", Some("deliver_shipments"));

    let script = script.on_reply(&captured(first(), FIRST_MINOR)).in_phase("delivering", Some("deliver_shipments"));
    assert_eq!(script.order.attention, None);
}

#[test]
fn a_carrier_without_reports_is_tracked_at_growing_intervals() {
    let waits = |script: &Script| (script.saga.deadline(TimeScale::REAL, noon()) - noon()).num_minutes();
    let script = Script::confirmed();

    let first = waits(&script);
    let script = script.on_deadline().sends([TRACK]);
    let second = waits(&script);
    let script = script.on_deadline_times(20).sends([TRACK]);

    assert_eq!((first, second, waits(&script)), (5, 10, 6 * 60));
    assert_eq!(script.order.attention, None);
}

#[test]
fn a_capture_of_another_amount_is_refused() {
    Script::confirmed().on_reply(&progressed(second(), HandedOver)).refuses(&captured(second(), MUG_MINOR - 1));
}

#[test]
fn a_delay_is_recorded_in_every_status() {
    Script::confirmed()
        .on_reply(&delayed(first(), 1))
        .is(OrderStatus::Confirmed)
        .records(["stock_reserved", "payment_authorized", "confirmed", "shipment_delayed"])
        .on_reply(&progressed(first(), HandedOver))
        .on_reply(&delayed(first(), 2))
        .is(OrderStatus::Shipped)
        .sends([]);
}

#[test]
fn a_delay_of_an_unknown_shipment_changes_nothing() {
    Script::confirmed().ignores(&delayed(domain::ids::WarehouseId::from_uuid(uuid::Uuid::nil()), 1));
}
