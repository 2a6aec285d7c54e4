//! Orders with products of several vendors: one shipment per warehouse and vendor.

use crate::script::*;
use domain::applied::Applied;
use domain::ids::{ShipmentId, UserId};
use domain::messages::{InventoryCommand, PaymentCommand, Reply, ShipmentCommand, ShipmentRequest};
use domain::order::{Order, OrderStatus, TimelineEntry};
use domain::product::Sku;
use domain::saga::{AllocatedLine, Command, OrderSaga, PlanVersion};
use domain::shipment::ShipmentStatus::{Delivered, HandedOver};
use uuid::Uuid;

const HER: UserId = UserId::from_uuid(Uuid::from_u128(21));
const HIS: UserId = UserId::from_uuid(Uuid::from_u128(22));

/// A saga of the version before, as it was stored when the order was confirmed.
const STORED_BY_PLAN_1: &str = r#"{"plan":1,"generation":3,"attempt":1,"phase":"delivering","allocation":{"booked":[
    {"warehouse":"00000000-0000-0000-0000-00000000000b","lines":[{"sku":"SKU-HEADPHONES","quantity":2}],"amount":10000},
    {"warehouse":"00000000-0000-0000-0000-00000000000c","lines":[{"sku":"SKU-MUG","quantity":1}],"amount":1333}]}}"#;

/// Her headphones and his mug.
fn lines() -> Vec<AllocatedLine> {
    let sold_by = |vendor, line| AllocatedLine { vendor: Some(vendor), ..line };
    vec![sold_by(HER, priced("SKU-HEADPHONES", 2, HEADPHONES_MINOR)), sold_by(HIS, priced("SKU-MUG", 1, MUG_MINOR))]
}

/// Both products are in the first warehouse.
fn reserved_together() -> Reply {
    reserved_of(vec![allocation(first(), "SKU-HEADPHONES", 2), allocation(first(), "SKU-MUG", 1)])
}

fn ids() -> [ShipmentId; 2] {
    [HER, HIS].map(|vendor| ShipmentId::of_vendor(order_id(), first(), vendor))
}

fn confirmed() -> Script {
    let script = Script::start_with(lines()).on_reply(&reserved_together()).on_reply(&authorized());
    script.on_reply(&booked_of(ids().map(|id| booked_as(id, first())).into()))
}

#[test]
fn each_vendor_has_a_shipment_of_their_own_lines() {
    let script = Script::start_with(lines()).on_reply(&reserved_together()).on_reply(&authorized());

    let [Command::Shipment(ShipmentCommand::Book(book))] = script.sent() else { panic!("no booking") };
    let vendors_and_skus = |request: &ShipmentRequest| (request.vendor_id, request.lines[0].sku.to_string());
    let booked: Vec<_> = book.shipments.iter().map(vendors_and_skus).collect();
    assert_eq!(booked, [(Some(HER), "SKU-HEADPHONES".to_owned()), (Some(HIS), "SKU-MUG".to_owned())]);
    assert_eq!(book.shipments.iter().map(|request| request.shipment_id).collect::<Vec<_>>(), ids());
    assert!(book.shipments.iter().all(|request| request.warehouse_id == first() && request.lines.len() == 1));
}

#[test]
fn a_hand_over_captures_and_deducts_the_lines_of_its_vendor_only() {
    let [hers, his] = ids();

    let hers_left = confirmed().on_reply(&progressed_with(hers, HandedOver, None));
    let his_left = confirmed().on_reply(&progressed_with(his, HandedOver, None));

    assert_eq!(captured_and_deducted(hers_left.sent()), (hers, 10_000, vec![sku("SKU-HEADPHONES")]));
    assert_eq!(captured_and_deducted(his_left.sent()), (his, 1_333, vec![sku("SKU-MUG")]));
}

#[test]
fn an_order_is_delivered_after_both_vendors_shipments() {
    let script = ids().iter().zip([10_000, 1_333]).fold(confirmed(), |script, (id, amount)| {
        assert_ne!(script.order.status, OrderStatus::Delivered);
        let script = script.on_reply(&progressed_with(*id, Delivered, None));
        script.on_reply(&captured_of(*id, usd(amount))).on_reply(&stock_shipped_of(*id))
    });

    assert_eq!(script.order.status, OrderStatus::Delivered);
    let handed_over = |entry: &TimelineEntry| matches!(entry, TimelineEntry::ShipmentHandedOver { .. });
    assert_eq!(script.timeline.iter().filter(|event| handed_over(&event.entry)).count(), 2);
    assert!(!script.saga.is_active());
}

#[test]
fn one_vendors_products_in_two_warehouses_are_two_shipments() {
    let reserved = reserved_of(vec![
        allocation(first(), "SKU-HEADPHONES", 1),
        allocation(second(), "SKU-HEADPHONES", 1),
        allocation(second(), "SKU-MUG", 1),
    ]);
    let script = Script::start_with(lines()).on_reply(&reserved).on_reply(&authorized());

    let [Command::Shipment(ShipmentCommand::Book(book))] = script.sent() else { panic!("no booking") };
    let booked: Vec<_> = book.shipments.iter().map(|request| (request.warehouse_id, request.vendor_id)).collect();
    assert_eq!(booked, [(first(), Some(HER)), (second(), Some(HER)), (second(), Some(HIS))]);
}

#[test]
fn the_stored_form_of_a_saga_with_vendors_is_stable() {
    insta::assert_snapshot!("stored_with_vendors", confirmed().saga.to_json());
}

#[test]
fn a_stored_saga_of_the_version_before_ships_per_warehouse_until_it_is_delivered() {
    let saga = OrderSaga::from_json(STORED_BY_PLAN_1).expect("a saga of plan 1");
    let order = Script::confirmed().order;

    let shipped = advanced(&saga, &order, &progressed(first(), HandedOver));

    assert_eq!(saga.plan_version().number(), 1);
    let skus = vec![sku("SKU-HEADPHONES")];
    assert_eq!(captured_and_deducted(&shipped), (shipment(first()), 10_000, skus));
    assert!(PlanVersion::CURRENT.number() > 1, "the version before does not read the new form");
}

fn advanced(saga: &OrderSaga, order: &Order, reply: &Reply) -> Vec<Command> {
    let Ok(Applied::Changed(transition)) = saga.clone().on_reply(order, reply) else { panic!("{reply:?}") };
    transition.commands.into_iter().map(|numbered| numbered.command).collect()
}

fn captured_and_deducted(commands: &[Command]) -> (ShipmentId, i64, Vec<Sku>) {
    match commands {
        [Command::Payment(PaymentCommand::Capture(capture)), Command::Inventory(InventoryCommand::Ship(ship))] => {
            assert_eq!(capture.shipment_id, ship.shipment_id);
            (ship.shipment_id, capture.amount.amount_minor, ship.skus.clone())
        }
        other => panic!("{other:?}"),
    }
}

fn sku(name: &str) -> Sku {
    name.parse().expect("a SKU")
}
