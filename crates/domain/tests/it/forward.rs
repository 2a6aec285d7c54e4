//! The steps up to the confirmation, and refused steps.

use crate::script::*;
use domain::messages::{PaymentCommand, ShipmentCommand};
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus, TimelineEntry};
use domain::saga::{Command, OrderSaga, PlanVersion, TimeScale};
use domain::shipment::ShipmentStatus::HandedOver;
use domain::shipment::Transport;
use std::time::Duration;

#[test]
fn every_plan_matches_its_snapshot() {
    for version in PlanVersion::all() {
        insta::assert_snapshot!(format!("plan_{}", version.number()), version.plan().to_string());
    }
}

#[test]
fn an_order_is_reserved_authorized_booked_and_confirmed() {
    Script::start()
        .sends([RESERVE])
        .in_phase("running", Some("reserve_stock"))
        .on_reply(&reserved())
        .sends([AUTHORIZE])
        .records(["stock_reserved"])
        .has_status(OrderPaymentStatus::Unpaid, FulfilmentStatus::Allocated)
        .on_reply(&authorized())
        .sends([BOOK])
        .records(["payment_authorized"])
        .has_status(OrderPaymentStatus::Authorized, FulfilmentStatus::Allocated)
        .is(OrderStatus::Pending)
        .on_reply(&booked())
        .sends([])
        .records(["confirmed"])
        .in_phase("delivering", Some("deliver_shipments"))
        .has_status(OrderPaymentStatus::Authorized, FulfilmentStatus::Booked)
        .is(OrderStatus::Confirmed);
}

#[test]
fn the_whole_total_is_authorized_with_the_method_of_the_order() {
    let script = Script::reserved();

    let [Command::Payment(PaymentCommand::Authorize(command))] = script.sent() else { panic!("{:?}", script.sent()) };
    assert_eq!((command.amount, command.method.as_str()), (usd(TOTAL_MINOR), "sim_ok"));
}

#[test]
fn one_shipment_is_booked_per_warehouse() {
    let script = Script::authorized();

    let [Command::Shipment(ShipmentCommand::Book(command))] = script.sent() else { panic!("{:?}", script.sent()) };
    let requests = command.shipments.iter();
    let requests: Vec<_> = requests.map(|it| (it.shipment_id, it.warehouse_id, it.lines.len())).collect();
    assert_eq!(requests, [(shipment(first()), first(), 1), (shipment(second()), second(), 1)]);
}

#[test]
fn an_order_that_is_out_of_stock_is_rejected_at_once() {
    Script::start()
        .on_reply(&out_of_stock())
        .sends([])
        .records(["stock_rejected", "rejected"])
        .has_status(OrderPaymentStatus::Unpaid, FulfilmentStatus::Unallocated)
        .ends(OrderStatus::Rejected, Some("out_of_stock"));
}

#[test]
fn a_declined_payment_releases_the_stock_and_rejects_the_order() {
    Script::reserved()
        .records(["stock_reserved"])
        .on_reply(&declined())
        .sends([RELEASE])
        .records(["payment_declined"])
        .is(OrderStatus::Pending)
        .on_reply(&released())
        .sends([])
        .records(["stock_released", "rejected"])
        .has_status(OrderPaymentStatus::Declined, FulfilmentStatus::Released)
        .ends(OrderStatus::Rejected, Some("card_declined"));
}

#[test]
fn a_refused_booking_voids_the_payment_releases_the_stock_and_rejects_the_order() {
    Script::authorized()
        .on_reply(&shipping_refused())
        .sends([VOID])
        .on_reply(&voided())
        .sends([RELEASE])
        .on_reply(&released())
        .sends([])
        .records([
            "stock_reserved",
            "payment_authorized",
            "shipments_refused",
            "payment_voided",
            "stock_released",
            "rejected",
        ])
        .has_status(OrderPaymentStatus::Voided, FulfilmentStatus::Released)
        .ends(OrderStatus::Rejected, Some("shipment_refused:address_not_served"));
}

#[test]
fn replies_to_other_commands_change_nothing() {
    Script::start()
        .ignores(&authorized())
        .ignores(&booked())
        .ignores(&released())
        .ignores(&voided())
        .ignores(&shipments_cancelled())
        .ignores(&too_late())
        .ignores(&captured(first(), 1))
        .ignores(&stock_shipped(first()))
        .on_reply(&reserved())
        .ignores(&out_of_stock())
        .ignores(&booked());
}

#[test]
fn the_hand_over_names_the_transport_that_a_person_entered_also_when_its_report_came_early() {
    let transport = Some(Transport { carrier: "DHL".to_owned(), tracking_number: "JJD1".to_owned() });
    let report = progressed_with(shipment(first()), HandedOver, transport.clone());

    let in_time = Script::confirmed().on_reply(&report);
    let early = Script::authorized().on_reply(&report).on_reply(&booked());

    for script in [in_time, early] {
        let named = script.timeline.iter().find_map(|event| match &event.entry {
            TimelineEntry::ShipmentHandedOver { transport, .. } => transport.clone(),
            _ => None,
        });
        assert_eq!(named, transport);
    }
}

#[test]
fn a_reply_that_contradicts_the_order_is_refused() {
    let mut too_few = reserved();
    if let domain::messages::Reply::StockReserved(reply) = &mut too_few {
        reply.allocations.pop();
    }
    Script::start().refuses(&too_few);

    let mut too_much = authorized();
    if let domain::messages::Reply::PaymentAuthorized(reply) = &mut too_much {
        reply.amount = usd(TOTAL_MINOR + 1);
    }
    Script::reserved().refuses(&too_much);
}

#[test]
fn deadlines_follow_the_plan_in_the_given_time_scale() {
    let saga = Script::start().saga;

    assert_eq!(saga.deadline(TimeScale::REAL, noon()), noon() + Duration::from_mins(1));
    assert_eq!(saga.deadline(TimeScale::percent(5), noon()), noon() + Duration::from_secs(3));
}

#[test]
fn the_stored_form_of_a_saga_is_stable() {
    insta::assert_snapshot!("stored_running", Script::start().saga.to_json());
    insta::assert_snapshot!("stored_delivering", Script::confirmed().saga.to_json());
    insta::assert_snapshot!("stored_undoing", Script::reserved().on_reply(&declined()).saga.to_json());
    insta::assert_snapshot!("stored_ended", Script::start().on_reply(&out_of_stock()).saga.to_json());
}

#[test]
fn the_stored_progress_of_a_shipment_is_stable() {
    let script = Script::confirmed().on_reply(&progressed(first(), HandedOver)).on_reply(&stock_shipped(first()));

    let stored = script.saga.to_json();

    assert!(stored.contains(r#""amount":10000,"progress":"handed_over","stock_shipped":true}"#), "{stored}");
}

#[test]
fn the_stored_number_of_resends_is_stable() {
    let stored = Script::start().on_deadline_unreceived().saga.to_json();

    assert!(stored.contains(r#""attempt":1,"unreceived":1,"phase""#), "{stored}");
}

#[test]
fn a_saga_that_was_stored_under_the_old_names_is_read() {
    let script = Script::confirmed().on_reply(&progressed(first(), HandedOver)).on_reply(&stock_shipped(first()));
    let stored = script.saga.to_json();
    let old = stored.replace("allocation", "goods").replace("progress", "way").replace("stock_shipped", "deducted");

    assert_ne!(stored, old);
    assert_eq!(OrderSaga::from_json(&old), Ok(script.saga));
}

#[test]
fn a_stored_saga_of_an_unknown_plan_or_step_is_unreadable() {
    let stored = Script::start().saga.to_json();

    assert!(OrderSaga::from_json(&stored.replace(r#""plan":2"#, r#""plan":999"#)).is_err());
    assert!(OrderSaga::from_json(&stored.replace("reserve_stock", "guess_stock")).is_err());
    assert!(OrderSaga::from_json("{}").is_err());
}
