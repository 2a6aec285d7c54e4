//! An order that waits for units that are out of stock.

use crate::script::*;
use domain::applied::Applied;
use domain::messages::{InventoryCommand, ReserveLine};
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::saga::{AllocatedLine, Command, PlanVersion, TimeScale};
use std::time::Duration;

/// The attempts of the step that an order may wait for.
fn attempts_max() -> u32 {
    PlanVersion::CURRENT.plan().first().waiting.expect("orders may wait for stock").attempts_max
}

fn wait(script: &Script) -> Duration {
    (script.saga.deadline(TimeScale::REAL, noon()) - noon()).to_std().expect("in the future")
}

fn waiting() -> Script {
    Script::start().on_reply(&backordered(1)).records(["backordered"]).sends([]).is(OrderStatus::Pending)
}

#[test]
fn the_command_says_which_lines_may_wait() {
    let patient = AllocatedLine { may_wait: true, ..priced("SKU-HEADPHONES", 2, HEADPHONES_MINOR) };
    let script = Script::start_with(vec![patient, priced("SKU-MUG", 1, MUG_MINOR)]);

    let [Command::Inventory(InventoryCommand::Reserve(reserve))] = script.sent() else { panic!("one command") };
    assert_eq!(reserve.lines.iter().map(|line| line.may_wait).collect::<Vec<_>>(), [true, false]);
    assert_eq!(reserve.lines[1], ReserveLine::from(reserve.lines[1].line()));
}

#[test]
fn an_order_waits_for_missing_units_and_goes_on_when_everything_is_reserved() {
    waiting()
        .has_status(OrderPaymentStatus::Unpaid, FulfilmentStatus::Backordered)
        .in_phase("running", Some("reserve_stock"))
        .on_reply(&reserved())
        .sends([AUTHORIZE])
        .records(["stock_reserved"])
        .has_status(OrderPaymentStatus::Unpaid, FulfilmentStatus::Allocated)
        .ignores(&backordered(1))
        .on_reply(&authorized())
        .on_reply(&booked())
        .is(OrderStatus::Confirmed);
}

#[test]
fn later_replies_with_other_missing_units_change_nothing() {
    waiting().ignores(&backordered(2)).on_deadline().sends([RESERVE]).ignores(&backordered(2)).on_reply(&reserved());
}

#[test]
fn a_backorder_of_a_later_attempt_has_the_whole_time() {
    let script = Script::start().on_deadline_times(5).on_reply(&backordered(1));

    script.on_deadline_times(attempts_max() - 1).is(OrderStatus::Pending).in_phase("running", Some("reserve_stock"));
}

#[test]
fn an_order_waits_for_thirty_days_and_asks_once_per_hour() {
    let script = waiting();
    let (mut script, mut waited, mut asked) = (script, Duration::ZERO, 0);
    while script.order.status == OrderStatus::Pending && script.saga.step_name() == Some("reserve_stock") {
        waited += wait(&script);
        script = script.on_deadline();
        if script.sent().iter().any(|command| command.type_name() == RELEASE) {
            break;
        }
        asked += 1;
    }

    assert_eq!((waited, asked), (Duration::from_hours(30 * 24), 30 * 24 - 1));
    script
        .sends([RELEASE])
        .ignores(&reserved())
        .ignores(&backordered(1))
        .on_reply(&released())
        .records(["stock_released", "rejected"])
        .has_status(OrderPaymentStatus::Unpaid, FulfilmentStatus::Released)
        .ends(OrderStatus::Rejected, Some("backorder_expired"));
}

#[test]
fn an_outage_of_the_inventory_does_not_count_as_waiting() {
    let script = waiting();
    let script = (0..2 * attempts_max()).fold(script, |script, _| script.on_deadline_unreceived().sends([RESERVE]));

    assert_eq!(wait(&script), Duration::from_hours(1));
    script.is(OrderStatus::Pending).on_reply(&reserved()).sends([AUTHORIZE]);
}

#[test]
fn a_customer_can_cancel_while_the_order_waits() {
    waiting()
        .cancelled_by_customer()
        .sends([RELEASE])
        .ignores(&reserved())
        .ignores(&backordered(1))
        .on_reply(&released())
        .has_status(OrderPaymentStatus::Unpaid, FulfilmentStatus::Released)
        .ends(OrderStatus::Cancelled, Some("customer_request"));
}

#[test]
fn a_backorder_that_arrives_after_the_cancellation_changes_nothing() {
    Script::start().cancelled_by_customer().ignores(&backordered(1)).on_reply(&released()).ignores(&backordered(1));
}

#[test]
fn an_operator_can_send_the_command_again_while_the_order_waits() {
    let script = waiting();
    let retried = script.saga.clone().retry_step(&script.order, "received by hand");

    script.applies(retried).sends([RESERVE]).on_deadline_times(10).on_reply(&reserved()).sends([AUTHORIZE]);
}

#[test]
fn a_waiting_order_whose_reservation_is_gone_is_rejected() {
    waiting()
        .on_reply(&out_of_stock())
        .has_status(OrderPaymentStatus::Unpaid, FulfilmentStatus::Released)
        .ends(OrderStatus::Rejected, Some("out_of_stock"));
}

#[test]
fn an_abandoned_backorder_is_released_when_inventory_asks() {
    let script = waiting().cancelled_by_customer();
    let abandoned = script.saga.clone().abandon(&script.order, "the inventory is gone");
    let script = script.applies(abandoned).on_stale_reservation().sends([RELEASE]);

    assert_eq!(script.saga.clone().on_deadline(&script.order, true), Applied::Unchanged);
}
