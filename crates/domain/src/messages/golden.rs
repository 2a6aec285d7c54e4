//! Compares the wire form of every message with its file under `golden/`. A file changes by addition only: this release
//! must read what the last one published, and the other way round.
//!
//! For a new message, add a sample below, and the file that the failing test prints.

use super::golden_values::{
    allocation, booked, id, line, missing, money, noon, order, refundable, returned, shipment, shortage, warehouse,
};
use super::*;
use crate::allocation_policy::AllocationPolicy;
use crate::ids::{RefundId, ShipmentId, UserId};
use crate::location::Location;
use crate::order_status::OrderStatus;
use crate::product::Line;
use crate::refund::{LineUnits, RefundReason};
use crate::return_reason::ReturnReason;
use crate::shipment::{DeliveryException, ShipmentStatus, Transport};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;
use strum::EnumCount;

#[test]
fn every_message_is_serialized_as_in_its_golden_file() {
    for (type_name, json) in every_message() {
        let golden = std::fs::read_to_string(path(type_name)).unwrap_or_default();

        assert_eq!(json, golden, "golden/{type_name}.json differs from the message, which is\n{json}");
    }
}

#[test]
fn every_golden_file_is_deserialized_as_its_message() {
    reads_back(inventory_commands());
    reads_back(payment_commands());
    reads_back(shipment_commands());
    reads_back(replies());
    reads_back(events());
    reads_back(return_events());
}

#[test]
fn every_message_has_a_golden_file_and_every_file_a_message() {
    let messages: BTreeSet<String> = every_message().iter().map(|(name, _)| format!("{name}.json")).collect();
    let files: BTreeSet<String> = std::fs::read_dir(path("").parent().unwrap())
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();

    let commands = InventoryCommand::COUNT + PaymentCommand::COUNT + ShipmentCommand::COUNT;
    let variants = commands + Reply::COUNT + OrderEvent::COUNT + ReturnEvent::COUNT;
    assert_eq!(messages.len(), variants, "a message has no sample");
    assert_eq!(messages, files);
}

#[test]
fn messages_of_the_version_before_vendors_had_shipments_of_their_own_are_read() {
    let book = std::fs::read_to_string(path("shipment.book.v1")).unwrap();
    let ship = std::fs::read_to_string(path("inventory.ship.v1")).unwrap();
    let (mut book, mut ship): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&book).unwrap(), serde_json::from_str(&ship).unwrap());
    book["data"]["shipments"][0].as_object_mut().unwrap().remove("vendor_id").unwrap();
    ship["data"].as_object_mut().unwrap().remove("skus").unwrap();

    let ShipmentCommand::Book(book) = serde_json::from_value(book).unwrap() else { panic!("a booking") };
    let InventoryCommand::Ship(ship) = serde_json::from_value(ship).unwrap() else { panic!("a shipment") };

    assert_eq!((book.shipments[0].vendor_id, ship.skus), (None, vec![]));
}

#[test]
fn a_reserve_command_of_an_earlier_version_has_no_policy_and_no_destination() {
    let json =
        r#"{"type":"inventory.reserve.v1","data":{"order_id":"01900000-0000-7000-8000-000000000001","lines":[]}}"#;

    let old: InventoryCommand = serde_json::from_str(json).unwrap();

    assert_eq!(old, InventoryCommand::Reserve(ReserveStock::new(order(), vec![])));
    assert_eq!(serde_json::to_string(&old).unwrap(), json);
}

#[test]
fn a_booking_with_the_old_member_parcels_is_read() {
    let golden = std::fs::read_to_string(path("shipment.book.v1")).unwrap();
    let old = golden.replace(r#""shipments""#, r#""parcels""#);

    assert_ne!(golden, old);
    assert_eq!(serde_json::from_str::<ShipmentCommand>(&old).unwrap(), serde_json::from_str(&golden).unwrap());
}

#[test]
fn a_booking_of_an_earlier_version_has_no_recipient() {
    let json =
        r#"{"type":"shipment.book.v1","data":{"order_id":"01900000-0000-7000-8000-000000000001","shipments":[]}}"#;

    let old: ShipmentCommand = serde_json::from_str(json).unwrap();

    let expected = BookShipments { order_id: order(), shipments: vec![], has_recipient: false };
    assert_eq!(old, ShipmentCommand::Book(expected));
    assert_eq!(serde_json::to_string(&old).unwrap(), json);
}

#[test]
fn a_capture_of_an_earlier_version_is_the_first_attempt() {
    let json = r#"{"type":"payment.capture.v1","data":{"order_id":"01900000-0000-7000-8000-000000000001","shipment_id":"01900000-0000-7000-8000-000000000003","amount":{"amount_minor":1,"currency":"USD"}}}"#;

    let old: PaymentCommand = serde_json::from_str(json).unwrap();

    let expected = CapturePayment { order_id: order(), shipment_id: shipment(), amount: money(1), attempt: 1 };
    assert_eq!(old, PaymentCommand::Capture(expected));
    assert_eq!(serde_json::to_string(&old).unwrap(), json);
}

#[test]
fn a_member_that_a_later_release_adds_is_ignored() {
    let json = r#"{"type":"inventory.released.v1","data":{"order_id":"01900000-0000-7000-8000-000000000001","new":1}}"#;

    let reply: Reply = serde_json::from_str(json).unwrap();

    assert_eq!(reply, Reply::StockReleased(StockReleased { order_id: order() }));
}

fn every_message() -> Vec<(&'static str, String)> {
    [
        written(&inventory_commands()),
        written(&payment_commands()),
        written(&shipment_commands()),
        written(&replies()),
        written(&events()),
        written(&return_events()),
    ]
    .concat()
}

fn written<M: Message>(messages: &[M]) -> Vec<(&'static str, String)> {
    let json = |message: &M| format!("{}\n", serde_json::to_string_pretty(message).unwrap());
    messages.iter().map(|message| (message.type_name(), json(message))).collect()
}

fn reads_back<M: Message + DeserializeOwned + PartialEq + Debug>(messages: Vec<M>) {
    for message in messages {
        let golden = std::fs::read_to_string(path(message.type_name())).unwrap();

        let read: M = serde_json::from_str(&golden).unwrap();

        assert_eq!(read, message);
    }
}

fn path(type_name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/messages/golden").join(format!("{type_name}.json"))
}

fn inventory_commands() -> Vec<InventoryCommand> {
    let order_id = order();
    vec![
        InventoryCommand::Reserve(ReserveStock {
            order_id,
            lines: vec![ReserveLine { may_wait: true, ..line("SKU-HEADPHONES", 2).into() }, line("SKU-MUG", 1).into()],
            policy: Some(AllocationPolicy::MinimiseSplits),
            destination: Some(Location { country: "US".parse().unwrap(), region: Some("NV".parse().unwrap()) }),
        }),
        InventoryCommand::Release(ReleaseStock { order_id }),
        InventoryCommand::Ship(ShipStock {
            order_id,
            shipment_id: shipment(),
            warehouse_id: warehouse(),
            skus: vec![line("SKU-HEADPHONES", 1).sku],
        }),
        InventoryCommand::Reduce(ReduceReservation {
            order_id,
            shipment_id: shipment(),
            warehouse_id: warehouse(),
            lines: vec![RemainingUnits { sku: line("SKU-HEADPHONES", 1).sku, units: 0 }],
        }),
        InventoryCommand::Restock(RestockReturn {
            order_id,
            return_id: returned(),
            warehouse_id: warehouse(),
            lines: vec![line("SKU-HEADPHONES", 1)],
        }),
    ]
}

fn payment_commands() -> Vec<PaymentCommand> {
    let (order_id, amount) = (order(), money(12_997));
    vec![
        PaymentCommand::Authorize(AuthorizePayment {
            order_id,
            amount,
            method: "sim_ok".to_owned(),
            customer_id: Some(UserId::from_uuid(id(4))),
        }),
        PaymentCommand::Void(VoidPayment { order_id }),
        PaymentCommand::Capture(CapturePayment { order_id, shipment_id: shipment(), amount, attempt: 2 }),
        PaymentCommand::Refund(RefundPayment { order_id, cause: "damaged".to_owned(), amount }),
        PaymentCommand::RefundLines(RefundLines {
            order_id,
            refund_id: RefundId::of_return(order_id, returned()),
            reason: RefundReason::Customer,
            units: vec![LineUnits { line_no: 1, quantity: line("SKU-HEADPHONES", 1).quantity }],
            order: refundable(),
        }),
        PaymentCommand::WriteOff(WriteOffPayment { order_id, shipment_id: shipment(), amount, attempt: 2 }),
        PaymentCommand::Reauthorize(ReauthorizePayment { order_id, attempt: 1 }),
    ]
}

fn shipment_commands() -> Vec<ShipmentCommand> {
    let order_id = order();
    let request = ShipmentRequest {
        shipment_id: shipment(),
        warehouse_id: warehouse(),
        vendor_id: Some(UserId::from_uuid(id(4))),
        lines: vec![line("SKU-HEADPHONES", 2)],
    };
    vec![
        ShipmentCommand::Book(BookShipments { order_id, shipments: vec![request.clone()], has_recipient: true }),
        ShipmentCommand::Cancel(CancelShipments { order_id }),
        ShipmentCommand::Track(TrackShipments { order_id }),
        ShipmentCommand::Amend(AmendShipment {
            order_id,
            shipment_id: shipment(),
            amendment: 1,
            replacement: Some(request),
        }),
    ]
}

fn replies() -> Vec<Reply> {
    [replies_of_inventory(), replies_of_payments(), replies_of_shipping()].concat()
}

fn replies_of_inventory() -> Vec<Reply> {
    let (order_id, shipment_id) = (order(), shipment());
    vec![
        Reply::StockReserved(StockReserved { order_id, allocations: vec![allocation()] }),
        Reply::StockRejected(StockRejected { order_id, shortages: vec![shortage()] }),
        Reply::StockBackordered(StockBackordered { order_id, missing: vec![missing()] }),
        Reply::StockReleased(StockReleased { order_id }),
        Reply::StockShipped(StockShipped { order_id, shipment_id }),
        Reply::StockNotShipped(StockNotShipped {
            order_id,
            shipment_id,
            reason: "the reservation of this order in this warehouse has been released".to_owned(),
        }),
        Reply::ReservationReduced(ReservationReduced { order_id, shipment_id }),
        Reply::ReservationStale(ReservationStale { order_id, held_since: noon() }),
        Reply::ReturnRestocked(ReturnRestocked { order_id, return_id: returned() }),
    ]
}

fn replies_of_payments() -> Vec<Reply> {
    let (order_id, shipment_id, amount) = (order(), shipment(), money(12_997));
    let reason = || "card_declined".to_owned();
    vec![
        Reply::PaymentAuthorized(PaymentAuthorized { order_id, amount }),
        Reply::PaymentDeclined(PaymentDeclined { order_id, reason: reason() }),
        Reply::PaymentVoided(PaymentVoided { order_id, refunded: Some(amount) }),
        Reply::PaymentCaptured(PaymentCaptured { order_id, shipment_id, amount }),
        Reply::PaymentCaptureDeclined(PaymentCaptureDeclined {
            order_id,
            shipment_id,
            amount,
            attempt: 2,
            reason: reason(),
        }),
        Reply::PaymentRefunded(PaymentRefunded { order_id, cause: "damaged".to_owned(), amount }),
        Reply::PaymentRefundRefused(PaymentRefundRefused {
            order_id,
            cause: "damaged".to_owned(),
            amount,
            reason: reason(),
            is_acknowledged: true,
        }),
        Reply::PaymentRefundUnresolved(PaymentRefundUnresolved { order_id, cause: "damaged".to_owned(), amount }),
        Reply::PaymentRefundLinesRefused(PaymentRefundLinesRefused {
            order_id,
            refund_id: RefundId::of_return(order_id, returned()),
            reason: "nothing of the order is captured".to_owned(),
            is_final: true,
        }),
        Reply::PaymentWrittenOff(PaymentWrittenOff { order_id, shipment_id, amount }),
        Reply::PaymentReauthorized(PaymentReauthorized { order_id, attempt: 1 }),
        Reply::PaymentReauthorizationDeclined(PaymentReauthorizationDeclined {
            order_id,
            attempt: 2,
            reason: reason(),
        }),
    ]
}

fn replies_of_shipping() -> Vec<Reply> {
    let (order_id, shipment_id) = (order(), shipment());
    vec![
        Reply::ShipmentsBooked(ShipmentsBooked { order_id, shipments: vec![booked()] }),
        Reply::ShipmentsRefused(ShipmentsRefused { order_id, reason: "address_not_served".to_owned() }),
        Reply::ShipmentsCancelled(ShipmentsCancelled { order_id }),
        Reply::ShipmentsTooLate(ShipmentsTooLate { order_id }),
        Reply::ShipmentAmended(ShipmentAmended { order_id, shipment_id, amendment: 1, replacement: Some(booked()) }),
        Reply::ShipmentNotAmended(ShipmentNotAmended {
            order_id,
            shipment_id,
            amendment: 1,
            reason: "handed_over".to_owned(),
        }),
        Reply::ShipmentProgressed(ShipmentProgressed {
            order_id,
            shipment_id,
            status: ShipmentStatus::HandedOver,
            occurred_at: noon(),
            transport: Some(Transport { carrier: "DHL".to_owned(), tracking_number: "JJD0001".to_owned() }),
            is_cancelled: false,
        }),
        Reply::ShipmentException(ShipmentException {
            order_id,
            shipment_id,
            exception: DeliveryException::Lost,
            occurred_at: noon(),
            is_cancelled: false,
        }),
        Reply::ShipmentDelayed(ShipmentDelayed { order_id, shipment_id, level: 2, promised_by: noon() }),
    ]
}

fn events() -> Vec<OrderEvent> {
    let (order_id, customer_id) = (order(), UserId::from_uuid(id(4)));
    vec![
        OrderEvent::Created(OrderCreated { order_id, customer_id, total: money(12_997) }),
        OrderEvent::Changed(OrderChanged {
            order_id,
            from: OrderStatus::Pending,
            to: OrderStatus::Rejected,
            reason: Some("out_of_stock".to_owned()),
            version: 3,
        }),
        OrderEvent::ShipmentDelayed(OrderShipmentDelayed {
            order_id,
            shipment_id: shipment(),
            level: 2,
            promised_by: noon(),
            version: 9,
        }),
        OrderEvent::LinesCancelled(OrderLinesCancelled {
            order_id,
            shipment_id: shipment(),
            replaced_by: Some(ShipmentId::from_uuid(id(5))),
            lines: vec![line("SKU-HEADPHONES", 1)],
            amount: money(1_999),
            version: 7,
        }),
        OrderEvent::ShipmentException(OrderShipmentException {
            order_id,
            shipment_id: shipment(),
            exception: DeliveryException::ReturnedToSender,
            occurred_at: noon(),
            version: 9,
        }),
        OrderEvent::Backordered(OrderBackordered { order_id, missing: vec![missing()], version: 2 }),
    ]
}

fn return_events() -> Vec<ReturnEvent> {
    let (order_id, return_id, vendor_id) = (order(), returned(), UserId::from_uuid(id(5)));
    let Line { sku, quantity } = line("SKU-HEADPHONES", 2);
    let requested = RequestedLine { line_no: 1, sku: sku.clone(), quantity };
    let received = ReceivedLine { line_no: 1, sku, resellable: 1, damaged: 1, missing: 0 };
    vec![
        ReturnEvent::Requested(ReturnRequested {
            order_id,
            return_id,
            customer_id: UserId::from_uuid(id(4)),
            vendor_id,
            reason: ReturnReason::NotAsDescribed,
            lines: vec![requested],
        }),
        ReturnEvent::Received(ReturnReceived { order_id, return_id, warehouse_id: warehouse(), lines: vec![received] }),
        ReturnEvent::Refunded(ReturnRefunded {
            order_id,
            return_id,
            refund_id: RefundId::of_return(order_id, return_id),
            amount: money(12_997),
        }),
    ]
}
