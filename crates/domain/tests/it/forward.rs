//! The way forward, and what happens when a step is refused.

use crate::script::*;
use domain::messages::{PaymentCommand, ShipmentCommand};
use domain::order::{FulfilmentStatus, OrderStatus, PaymentStatus};
use domain::saga::{Ask, OrderSaga, Pace, PlanVersion};
use std::time::Duration;

#[test]
fn the_plan_is_what_it_says() {
    insta::assert_snapshot!(PlanVersion::CURRENT.plan().to_string());
}

#[test]
fn an_order_is_reserved_authorized_booked_and_confirmed() {
    Script::start()
        .asks([RESERVE])
        .in_phase("running", Some("reserve_stock"))
        .hears(&reserved())
        .asks([AUTHORIZE])
        .tells(["stock_reserved"])
        .stands(PaymentStatus::Unpaid, FulfilmentStatus::Allocated)
        .hears(&authorized())
        .asks([BOOK])
        .tells(["payment_authorized"])
        .stands(PaymentStatus::Authorized, FulfilmentStatus::Allocated)
        .is(OrderStatus::Pending)
        .hears(&booked())
        .asks([])
        .tells(["confirmed"])
        .in_phase("delivering", Some("deliver_shipments"))
        .stands(PaymentStatus::Authorized, FulfilmentStatus::Booked)
        .is(OrderStatus::Confirmed);
}

#[test]
fn the_whole_total_is_authorized_with_the_method_of_the_order() {
    let script = Script::reserved();

    let [Ask::Payment(PaymentCommand::Authorize(asked))] = script.asked() else { panic!("{:?}", script.asked()) };
    assert_eq!((asked.amount, asked.method.as_str()), (usd(TOTAL_MINOR), "sim_ok"));
}

#[test]
fn one_parcel_is_booked_a_warehouse() {
    let script = Script::authorized();

    let [Ask::Shipment(ShipmentCommand::Book(asked))] = script.asked() else { panic!("{:?}", script.asked()) };
    let parcels: Vec<_> = asked.parcels.iter().map(|it| (it.shipment_id, it.warehouse_id, it.lines.len())).collect();
    assert_eq!(parcels, [(shipment(first()), first(), 1), (shipment(second()), second(), 1)]);
}

#[test]
fn an_order_that_is_out_of_stock_is_rejected_at_once() {
    Script::start()
        .hears(&out_of_stock())
        .asks([])
        .tells(["stock_rejected", "rejected"])
        .stands(PaymentStatus::Unpaid, FulfilmentStatus::Unallocated)
        .ends(OrderStatus::Rejected, Some("out_of_stock"));
}

#[test]
fn a_declined_payment_gives_the_stock_back_and_rejects() {
    Script::reserved()
        .tells(["stock_reserved"])
        .hears(&declined())
        .asks([RELEASE])
        .tells(["payment_declined"])
        .is(OrderStatus::Pending)
        .hears(&released())
        .asks([])
        .tells(["stock_released", "rejected"])
        .stands(PaymentStatus::Declined, FulfilmentStatus::Released)
        .ends(OrderStatus::Rejected, Some("card_declined"));
}

#[test]
fn a_refused_booking_voids_the_payment_gives_the_stock_back_and_rejects() {
    Script::authorized()
        .hears(&shipping_refused())
        .asks([VOID])
        .hears(&voided())
        .asks([RELEASE])
        .hears(&released())
        .asks([])
        .tells([
            "stock_reserved",
            "payment_authorized",
            "shipments_refused",
            "payment_voided",
            "stock_released",
            "rejected",
        ])
        .stands(PaymentStatus::Voided, FulfilmentStatus::Released)
        .ends(OrderStatus::Rejected, Some("shipment_refused:address_not_served"));
}

#[test]
fn answers_to_other_questions_are_of_no_concern() {
    Script::start()
        .ignores(&authorized())
        .ignores(&booked())
        .ignores(&released())
        .ignores(&voided())
        .ignores(&called_back())
        .ignores(&too_late())
        .ignores(&captured(first(), 1))
        .ignores(&deducted(first()))
        .hears(&reserved())
        .ignores(&out_of_stock())
        .ignores(&booked());
}

#[test]
fn an_answer_that_contradicts_the_order_is_refused() {
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
fn deadlines_follow_the_plan_at_the_pace_that_is_set() {
    let saga = Script::start().saga;

    assert_eq!(saga.deadline(Pace::REAL, noon()), noon() + Duration::from_mins(1));
    assert_eq!(saga.deadline(Pace::percent(5), noon()), noon() + Duration::from_secs(3));
}

#[test]
fn the_stored_form_of_a_saga_is_kept() {
    insta::assert_snapshot!("stored_running", Script::start().saga.to_json());
    insta::assert_snapshot!("stored_delivering", Script::confirmed().saga.to_json());
    insta::assert_snapshot!("stored_undoing", Script::reserved().hears(&declined()).saga.to_json());
    insta::assert_snapshot!("stored_ended", Script::start().hears(&out_of_stock()).saga.to_json());
}

#[test]
fn a_stored_saga_of_an_unknown_plan_or_step_is_unreadable() {
    let stored = Script::start().saga.to_json();

    assert!(OrderSaga::from_json(&stored.replace(r#""plan":1"#, r#""plan":999"#)).is_err());
    assert!(OrderSaga::from_json(&stored.replace("reserve_stock", "guess_stock")).is_err());
    assert!(OrderSaga::from_json("{}").is_err());
}
