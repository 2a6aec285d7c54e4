//! From confirmed to delivered, with two shipments.

use crate::script::*;
use domain::messages::PaymentCommand;
use domain::order::{FulfilmentStatus, OrderStatus, PaymentStatus};
use domain::saga::{Ask, Pace};
use domain::shipment::ShipmentStatus::{Booked, Cancelled, Delivered, HandedOver, InTransit};

const FIRST_MINOR: i64 = 2 * HEADPHONES_MINOR;

#[test]
fn each_shipment_is_paid_for_when_its_carrier_has_it() {
    Script::confirmed()
        .tells(["stock_reserved", "payment_authorized", "confirmed"])
        .hears(&progressed(second(), HandedOver))
        .asks([CAPTURE, SHIP])
        .tells(["shipment_handed_over"])
        .is(OrderStatus::Shipped)
        .stands(PaymentStatus::Authorized, FulfilmentStatus::PartlyShipped)
        .hears(&captured(second(), MUG_MINOR))
        .hears(&deducted(second()))
        .stands(PaymentStatus::PartlyCaptured, FulfilmentStatus::PartlyShipped)
        .hears(&progressed(first(), HandedOver))
        .asks([CAPTURE, SHIP])
        .stands(PaymentStatus::PartlyCaptured, FulfilmentStatus::Shipped)
        .hears(&deducted(first()))
        .hears(&captured(first(), FIRST_MINOR))
        .stands(PaymentStatus::Captured, FulfilmentStatus::Shipped)
        .hears(&progressed(first(), Delivered))
        .is(OrderStatus::Shipped)
        .hears(&progressed(second(), Delivered))
        .stands(PaymentStatus::Captured, FulfilmentStatus::Delivered)
        .ends(OrderStatus::Delivered, None);
}

#[test]
fn what_is_captured_adds_up_to_the_total() {
    let amounts: i64 = [first(), second()]
        .map(|warehouse| match Script::confirmed().hears(&progressed(warehouse, HandedOver)).asked() {
            [Ask::Payment(PaymentCommand::Capture(capture)), _] => capture.amount.amount_minor,
            other => panic!("{other:?}"),
        })
        .iter()
        .sum();

    assert_eq!(amounts, TOTAL_MINOR);
}

#[test]
fn reports_come_twice_late_and_out_of_order() {
    Script::confirmed()
        .ignores(&progressed(first(), Booked))
        .hears(&progressed(first(), Delivered))
        .asks([CAPTURE, SHIP])
        .tells(["stock_reserved", "payment_authorized", "confirmed", "shipment_handed_over", "shipment_delivered"])
        .ignores(&progressed(first(), InTransit))
        .ignores(&progressed(first(), HandedOver))
        .ignores(&progressed(first(), Cancelled))
        .is(OrderStatus::Shipped);
}

#[test]
fn a_shipment_that_is_in_transit_is_told_once() {
    let told = ["stock_reserved", "payment_authorized", "confirmed", "shipment_handed_over", "shipment_in_transit"];
    Script::confirmed()
        .hears(&progressed(first(), HandedOver))
        .hears(&progressed(first(), InTransit))
        .asks([])
        .tells(told)
        .ignores(&progressed(first(), InTransit))
        .ignores(&progressed(first(), HandedOver))
        .is(OrderStatus::Shipped)
        .stands(PaymentStatus::Authorized, FulfilmentStatus::PartlyShipped);
    Script::confirmed().hears(&progressed(first(), InTransit)).asks([CAPTURE, SHIP]).tells(told);
}

#[test]
fn reports_that_overtake_the_booking_are_told_when_it_is_known() {
    Script::authorized()
        .hears(&progressed(first(), Delivered))
        .asks([])
        .hears(&progressed(second(), InTransit))
        .is(OrderStatus::Pending)
        .hears(&booked())
        .asks([CAPTURE, SHIP, CAPTURE, SHIP])
        .is(OrderStatus::Shipped)
        .stands(PaymentStatus::Authorized, FulfilmentStatus::Shipped)
        .hears(&progressed(second(), Delivered))
        .is(OrderStatus::Delivered);
}

#[test]
fn a_delivered_order_goes_on_until_it_is_paid() {
    let script = Script::confirmed()
        .hears(&progressed(first(), Delivered))
        .hears(&progressed(second(), Delivered))
        .is(OrderStatus::Delivered)
        .hears(&captured(second(), MUG_MINOR))
        .hears(&deducted(second()))
        .hears(&deducted(first()));
    assert!(script.saga.is_active());

    script.hears_nothing().asks([CAPTURE]).hears(&captured(first(), FIRST_MINOR)).ends(OrderStatus::Delivered, None);
}

#[test]
fn what_is_owed_is_asked_for_without_end_and_calls_a_human() {
    let script = Script::confirmed().hears(&progressed(first(), HandedOver)).hears(&deducted(first()));

    let script = script.hears_nothing().asks([CAPTURE, TRACK]).hears_nothing_times(3).asks([CAPTURE, TRACK]);
    assert!(script.order.attention.is_some());
    let script = script.hears_nothing_times(5).in_phase("stuck", Some("deliver_shipments"));

    let script = script.hears(&captured(first(), FIRST_MINOR)).in_phase("delivering", Some("deliver_shipments"));
    assert_eq!(script.order.attention, None);
}

#[test]
fn a_silent_carrier_is_asked_at_growing_intervals() {
    let waits = |script: &Script| (script.saga.deadline(Pace::REAL, noon()) - noon()).num_minutes();
    let script = Script::confirmed();

    let first = waits(&script);
    let script = script.hears_nothing().asks([TRACK]);
    let second = waits(&script);
    let script = script.hears_nothing_times(20).asks([TRACK]);

    assert_eq!((first, second, waits(&script)), (5, 10, 6 * 60));
    assert_eq!(script.order.attention, None);
}

#[test]
fn a_capture_of_another_amount_is_refused() {
    Script::confirmed().hears(&progressed(second(), HandedOver)).refuses(&captured(second(), MUG_MINOR - 1));
}

#[test]
fn a_delay_is_told_whatever_the_order_is_by_then() {
    Script::confirmed()
        .hears(&delayed(first(), 1))
        .is(OrderStatus::Confirmed)
        .tells(["stock_reserved", "payment_authorized", "confirmed", "shipment_delayed"])
        .hears(&progressed(first(), HandedOver))
        .hears(&delayed(first(), 2))
        .is(OrderStatus::Shipped)
        .asks([]);
}

#[test]
fn a_delay_of_a_parcel_that_the_order_does_not_have_is_of_no_concern() {
    Script::confirmed().ignores(&delayed(domain::ids::WarehouseId::from_uuid(uuid::Uuid::nil()), 1));
}
