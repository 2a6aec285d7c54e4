//! Units of lines are cancelled after the confirmation: their shipments are amended, then their stock is released.

use crate::script::*;
use domain::ids::ShipmentId;
use domain::messages::{CapturePayment, InventoryCommand, PaymentCommand};
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::refund::LineUnits;
use domain::saga::{
    AmendedShipment, CancelRefusal, Command, LineCancelRefusal, LineCancellation, OrderedLine, SagaError,
};
use domain::shipment::ShipmentStatus;

const HEADPHONES: i16 = 1;
const MUG: i16 = 2;

fn lines() -> Vec<OrderedLine> {
    let line = |line_no, sku: &str, units: u32, total_minor| OrderedLine {
        line_no,
        sku: sku.parse().expect("a SKU"),
        quantity: units.try_into().expect("a quantity"),
        total_minor,
    };
    vec![line(HEADPHONES, "SKU-HEADPHONES", 2, 2 * HEADPHONES_MINOR), line(MUG, "SKU-MUG", 1, MUG_MINOR)]
}

fn units(line_no: i16, quantity: u32) -> LineUnits {
    LineUnits { line_no, quantity: quantity.try_into().expect("a quantity") }
}

fn plan(script: &Script, wanted: &[LineUnits]) -> Result<LineCancellation, LineCancelRefusal> {
    script.saga.plan_line_cancellation(&script.order, &lines(), wanted)
}

fn cancel(script: Script, wanted: &[LineUnits]) -> Script {
    let plan = plan(&script, wanted).expect("units that can be cancelled");
    let cancelled = script.saga.clone().on_cancel_lines(&script.order, plan, at_request());
    script.applies(cancelled.map_err(SagaError::from))
}

/// The shipment of the headphones after its first amendment.
fn replacement() -> ShipmentId {
    shipment(first()).revised(order_id(), 1)
}

/// One of two headphones is cancelled.
pub fn with_one_headphone() -> Script {
    cancel(Script::confirmed(), &[units(HEADPHONES, 1)])
        .records(["stock_reserved", "payment_authorized", "confirmed", "lines_cancelling"])
        .sends([AMEND])
        .on_reply(&amended(first(), Some(booked_as(replacement(), first()))))
        .records(["lines_cancelled"])
        .sends([REDUCE])
}

#[test]
fn cancelled_units_are_neither_captured_nor_shipped() {
    let script = with_one_headphone()
        .on_reply(&reduced(replacement()))
        .records(["stock_partly_released"])
        .sends([])
        .on_reply(&progressed_with(replacement(), ShipmentStatus::HandedOver, None))
        .sends([CAPTURE, SHIP]);

    let Command::Payment(PaymentCommand::Capture(CapturePayment { amount, shipment_id, .. })) = script.sent()[0] else {
        panic!("{:?}", script.sent());
    };
    assert_eq!((amount, shipment_id), (usd(HEADPHONES_MINOR), replacement()));
    assert_eq!(script.saga.cancelled_units()[&"SKU-HEADPHONES".parse().unwrap()], 1);
    script
        .on_reply(&captured_of(replacement(), amount))
        .on_reply(&stock_shipped_of(replacement()))
        .is(OrderStatus::Shipped);
}

#[test]
fn stock_is_shipped_only_after_the_cancelled_units_are_released() {
    with_one_headphone()
        .on_reply(&progressed_with(replacement(), ShipmentStatus::HandedOver, None))
        .sends([CAPTURE])
        .on_deadline()
        .on_reply(&reduced(replacement()))
        .sends([SHIP]);
}

#[test]
fn a_shipment_that_is_handed_over_first_keeps_its_units() {
    let script = cancel(Script::confirmed(), &[units(HEADPHONES, 1)])
        .on_reply(&progressed(first(), ShipmentStatus::HandedOver))
        .sends([CAPTURE, SHIP])
        .on_reply(&not_amended(first(), "handed_over"))
        .sends([]);

    let kinds: Vec<_> = script.timeline.iter().map(|event| event.entry.kind()).collect();
    assert_eq!(kinds.last(), Some(&"lines_not_cancelled"));
    assert!(script.saga.cancelled_units().is_empty());
}

#[test]
fn a_report_about_the_replacement_may_overtake_the_reply_to_the_amendment() {
    cancel(Script::confirmed(), &[units(HEADPHONES, 1)])
        .on_reply(&progressed_with(replacement(), ShipmentStatus::HandedOver, None))
        .sends([])
        .on_reply(&amended(first(), Some(booked_as(replacement(), first()))))
        .sends([REDUCE, CAPTURE])
        .is(OrderStatus::Shipped);
}

#[test]
fn a_command_without_a_reply_is_repeated_and_raises_attention_in_the_end() {
    let script = cancel(Script::confirmed(), &[units(HEADPHONES, 1)]).on_deadline();
    assert_eq!(script.sent()[0].type_name(), AMEND);

    let script = script.on_deadline_times(3);

    let attention = script.order.attention.clone().expect("a reason");
    assert_eq!(attention, "shipment.amend.v1 or inventory.reduce.v1 was sent 5 times without a reply");
    let script = script.on_reply(&amended(first(), Some(booked_as(replacement(), first()))));
    assert_eq!(script.order.attention, None);
}

#[test]
fn the_last_line_that_waits_lets_the_rest_of_the_order_end() {
    let mug = shipment(second());
    let delivered = Script::confirmed()
        .on_reply(&progressed(second(), ShipmentStatus::Delivered))
        .on_reply(&captured_of(mug, usd(MUG_MINOR)))
        .on_reply(&stock_shipped_of(mug))
        .has_status(OrderPaymentStatus::PartlyCaptured, FulfilmentStatus::PartlyShipped);

    cancel(delivered, &[units(HEADPHONES, 2)])
        .on_reply(&amended(first(), None))
        .sends([REDUCE])
        .is(OrderStatus::Delivered)
        .has_status(OrderPaymentStatus::Captured, FulfilmentStatus::Delivered)
        .on_reply(&reduced(shipment(first()).revised(order_id(), 1)))
        .ends(OrderStatus::Delivered, None);
}

#[test]
fn cancelling_every_unit_cancels_the_order() {
    cancel(Script::confirmed(), &[units(HEADPHONES, 2), units(MUG, 1)])
        .sends(["shipment.cancel.v1"])
        .is(OrderStatus::Cancelling);
}

#[test]
fn cancelling_the_last_units_one_after_another_cancels_the_order() {
    let mug_cancelled = cancel(Script::confirmed(), &[units(MUG, 1)])
        .on_reply(&amended(second(), None))
        .on_reply(&reduced(shipment(second()).revised(order_id(), 1)));

    cancel(mug_cancelled, &[units(HEADPHONES, 2)]).sends(["shipment.cancel.v1"]).is(OrderStatus::Cancelling);
}

#[test]
fn an_order_is_cancelled_when_each_of_its_shipments_was_cancelled_by_an_amendment() {
    let mut script = Script::confirmed();
    let every = plan(&script, &[units(HEADPHONES, 2)]).unwrap();
    let LineCancellation::Shipments(mut changes) = every else { panic!("one shipment") };
    let LineCancellation::Shipments(mug) = plan(&script, &[units(MUG, 1)]).unwrap() else { panic!("one shipment") };
    changes.extend(mug);
    // As two requests at once would, if they were not refused.
    let both = script.saga.clone().on_cancel_lines(&script.order, LineCancellation::Shipments(changes), at_request());
    script = script.applies(both.map_err(SagaError::from)).sends([AMEND, AMEND]);

    script
        .on_reply(&amended(first(), None))
        .on_reply(&amended(second(), None))
        .sends([VOID])
        .is(OrderStatus::Cancelling)
        .on_reply(&voided())
        .sends([RELEASE])
        .on_reply(&released())
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn units_that_can_not_be_cancelled_are_named() {
    let script = Script::confirmed();
    let refused = |wanted: &[LineUnits]| plan(&script, wanted).expect_err("refused");

    assert_eq!(refused(&[units(3, 1)]), LineCancelRefusal::UnknownLine(3));
    assert_eq!(refused(&[units(MUG, 1), units(MUG, 1)]), LineCancelRefusal::RepeatedLine(MUG));
    let too_many = LineCancelRefusal::TooManyUnits { line_no: HEADPHONES, requested: 3, left: 2 };
    assert_eq!(refused(&[units(HEADPHONES, 3)]), too_many);
    let pending = Script::authorized();
    assert_eq!(plan(&pending, &[units(MUG, 1)]), Err(LineCancelRefusal::NotConfirmed(OrderStatus::Pending)));
    let handed_over = Script::confirmed().on_reply(&progressed(second(), ShipmentStatus::HandedOver));
    let gone = LineCancelRefusal::TooManyUnits { line_no: MUG, requested: 1, left: 0 };
    assert_eq!(plan(&handed_over, &[units(MUG, 1)]), Err(gone));
}

#[test]
fn neither_lines_nor_the_order_are_cancelled_while_lines_are() {
    let script = cancel(Script::confirmed(), &[units(HEADPHONES, 1)]);

    assert_eq!(plan(&script, &[units(MUG, 1)]), Err(LineCancelRefusal::InProgress));
    let whole = script.saga.clone().on_cancel(&script.order, at_request());
    assert_eq!(whole, Err(SagaError::LinesBeingCancelled));
}

#[test]
fn a_refused_replacement_can_be_tried_again_under_another_id() {
    let script = cancel(Script::confirmed(), &[units(HEADPHONES, 1)]).on_reply(&not_amended(first(), "too_light"));

    let script = cancel(script, &[units(HEADPHONES, 1)]).sends([AMEND]).ignores(&not_amended(first(), "too_light"));

    let second_try = shipment(first()).revised(order_id(), 2);
    let script = script.on_reply(&amended_by(2, first(), Some(booked_as(second_try, first())))).sends([REDUCE]);
    let Command::Inventory(InventoryCommand::Reduce(reduce)) = &script.sent()[0] else { panic!("{:?}", script.sent()) };
    assert_eq!((reduce.shipment_id, reduce.lines[0].units), (second_try, 1));
}

#[test]
fn a_preview_says_what_a_cancellation_does() {
    let script = Script::confirmed();
    let preview = |wanted: &[LineUnits]| script.saga.preview_cancellation(&script.order, &lines(), wanted).unwrap();

    let one = preview(&[units(HEADPHONES, 1)]);
    let whole = preview(&[]);

    assert_eq!((one.voided, one.cancels_order), (usd(HEADPHONES_MINOR), false));
    assert_eq!(one.released.iter().map(|(_, line)| line.quantity.get()).collect::<Vec<_>>(), [1]);
    assert_eq!((one.cancelled_shipments, one.reshipped.len()), (vec![shipment(first())], 1));
    assert_eq!((whole.voided, whole.cancels_order, whole.released.len()), (usd(TOTAL_MINOR), true, 2));
    let shipped = Script::confirmed().on_reply(&progressed(first(), ShipmentStatus::HandedOver));
    let refused = shipped.saga.preview_cancellation(&shipped.order, &lines(), &[]);
    assert_eq!(refused, Err(CancelRefusal::TooLate(OrderStatus::Shipped)));
}

#[test]
fn shipping_is_captured_with_a_shipment_that_remains() {
    let mut script = Script::confirmed();
    // The mug's shipment is the last one, and contains the costs of shipping.
    script.order.total = usd(TOTAL_MINOR);
    let LineCancellation::Shipments(changes) = plan(&script, &[units(MUG, 1)]).unwrap() else { panic!("one shipment") };

    let AmendedShipment { reduced_minor, remaining, .. } = &changes[0];

    assert_eq!((*reduced_minor, remaining.len()), (MUG_MINOR, 0));
}

/// A paid mug, and headphones for nothing.
fn half_free() -> Script {
    let start = Script::start_with(vec![priced("SKU-HEADPHONES", 2, 0), priced("SKU-MUG", 1, TOTAL_MINOR)]);
    [reserved(), authorized(), booked()].iter().fold(start, Script::on_reply)
}

fn without_mug(script: Script) -> Script {
    let mut lines = lines();
    (lines[0].total_minor, lines[1].total_minor) = (0, TOTAL_MINOR);
    let plan =
        script.saga.plan_line_cancellation(&script.order, &lines, &[units(MUG, 1)]).expect("it can be cancelled");
    let cancelled = script.saga.clone().on_cancel_lines(&script.order, plan, at_request());
    let script = script.applies(cancelled.map_err(SagaError::from)).sends([AMEND]);
    let mug = shipment(second()).revised(order_id(), 1);
    script.on_reply(&amended(second(), None)).sends([REDUCE]).on_reply(&reduced(mug)).sends([VOID])
}

#[test]
fn the_authorization_is_voided_at_once_when_what_is_left_is_free() {
    without_mug(half_free())
        .on_reply(&progressed(first(), ShipmentStatus::Delivered))
        .sends([SHIP])
        .on_reply(&voided())
        .on_reply(&stock_shipped_of(shipment(first())))
        .has_status(OrderPaymentStatus::Voided, FulfilmentStatus::Delivered)
        .is(OrderStatus::Delivered);
}

#[test]
fn a_free_rest_that_is_delivered_before_ends_after_the_void() {
    let delivered = half_free()
        .on_reply(&progressed(first(), ShipmentStatus::Delivered))
        .on_reply(&stock_shipped_of(shipment(first())));

    without_mug(delivered)
        .in_phase("delivering", Some("deliver_shipments"))
        .on_deadline()
        .sends([VOID])
        .on_reply(&voided())
        .has_status(OrderPaymentStatus::Voided, FulfilmentStatus::Delivered)
        .ends(OrderStatus::Delivered, None);
}
