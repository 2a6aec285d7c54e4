//! Declined captures and refunds: what the gateway refuses after the confirmation is seen at once, and has an action.

use crate::script::*;
use domain::messages::PaymentCommand;
use domain::order::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use domain::saga::{Command, SagaError};
use domain::shipment::ShipmentStatus::{Delivered, HandedOver};
use rstest::rstest;

const FIRST_MINOR: i64 = 2 * HEADPHONES_MINOR;

/// Delivered but for the capture of the first shipment, which was declined.
fn unpaid() -> Script {
    Script::confirmed()
        .on_reply(&progressed(second(), Delivered))
        .on_reply(&captured(second(), MUG_MINOR))
        .on_reply(&stock_shipped(second()))
        .on_reply(&progressed(first(), Delivered))
        .on_reply(&stock_shipped(first()))
        .on_reply(&capture_declined(first(), FIRST_MINOR, 1))
}

fn delivered() -> Script {
    let mut script = unpaid();
    let action = script.saga.clone().capture_again(&script.order, "the card is renewed");
    script = script.applies(action).on_reply(&captured(first(), FIRST_MINOR));
    script.ends(OrderStatus::Delivered, None)
}

fn has_attention(script: &Script) -> bool {
    script.order.attention.is_some()
}

#[test]
fn a_declined_capture_raises_attention_at_once_and_is_not_repeated() {
    let script = unpaid().sends([]);

    assert!(script.order.attention.as_ref().is_some_and(|reason| reason.contains("expired")));
    script
        .is(OrderStatus::Delivered)
        .has_status(OrderPaymentStatus::PartlyCaptured, FulfilmentStatus::Delivered)
        .in_phase("delivering", Some("deliver_shipments"))
        .ignores(&capture_declined(first(), FIRST_MINOR, 1))
        .on_deadline_times(20)
        .sends([])
        .in_phase("delivering", Some("deliver_shipments"));
}

#[test]
fn a_declined_capture_is_attempted_again_under_another_key_when_a_person_says_so() {
    let script = unpaid();
    let action = script.saga.clone().capture_again(&script.order, "the card is renewed");

    let script = script.applies(action).sends([CAPTURE]);

    assert!(!has_attention(&script));
    let [Command::Payment(PaymentCommand::Capture(capture))] = script.sent() else { panic!("{:?}", script.sent()) };
    assert_eq!((capture.attempt, capture.amount), (2, usd(FIRST_MINOR)));
    let declined_again =
        script.ignores(&capture_declined(first(), FIRST_MINOR, 1)).on_reply(&capture_declined(first(), FIRST_MINOR, 2));
    assert!(has_attention(&declined_again));
    let action = declined_again.saga.clone().capture_again(&declined_again.order, "another card");
    let captured = declined_again.applies(action).on_reply(&captured(first(), FIRST_MINOR));
    captured.has_status(OrderPaymentStatus::Captured, FulfilmentStatus::Delivered).ends(OrderStatus::Delivered, None);
}

#[test]
fn the_stock_of_a_shipment_with_a_declined_capture_is_still_shipped() {
    Script::confirmed()
        .on_reply(&progressed(first(), HandedOver))
        .on_reply(&capture_declined(first(), FIRST_MINOR, 1))
        .on_deadline()
        .sends([SHIP, TRACK])
        .on_reply(&stock_shipped(first()));
}

#[test]
fn a_capture_that_succeeds_after_its_decline_clears_the_attention() {
    let script = unpaid().on_reply(&captured(first(), FIRST_MINOR));
    assert!(!has_attention(&script));
    script.ends(OrderStatus::Delivered, None);
}

#[test]
fn a_written_off_capture_ends_the_order() {
    let script = unpaid();
    let action = script.saga.clone().mark_step_done(&script.order, "paid in cash");
    let script = script.applies(action).sends([WRITE_OFF]);
    assert!(!has_attention(&script));
    let [Command::Payment(PaymentCommand::WriteOff(write_off))] = script.sent() else { panic!("{:?}", script.sent()) };
    assert_eq!((write_off.amount, write_off.attempt), (usd(FIRST_MINOR), 1));
    script.on_reply(&written_off(first(), FIRST_MINOR)).ends(OrderStatus::Delivered, None);
}

#[test]
fn a_write_off_is_repeated_until_payments_have_recorded_it() {
    let script = unpaid();
    let action = script.saga.clone().mark_step_done(&script.order, "paid in cash");

    let script = script.applies(action).in_phase("delivering", Some("deliver_shipments")).on_deadline();
    let script = script.sends([WRITE_OFF]).on_reply(&written_off(first(), FIRST_MINOR));

    script.ignores(&written_off(first(), FIRST_MINOR)).ends(OrderStatus::Delivered, None);
}

#[test]
fn an_order_of_which_everything_is_written_off_is_voided_before_it_ends() {
    let declined = Script::confirmed()
        .on_reply(&progressed(second(), Delivered))
        .on_reply(&stock_shipped(second()))
        .on_reply(&capture_declined(second(), MUG_MINOR, 1))
        .on_reply(&progressed(first(), Delivered))
        .on_reply(&stock_shipped(first()))
        .on_reply(&capture_declined(first(), FIRST_MINOR, 1));
    let action = declined.saga.clone().mark_step_done(&declined.order, "lost");

    declined
        .applies(action)
        .sends([WRITE_OFF, WRITE_OFF])
        .on_reply(&written_off(first(), FIRST_MINOR))
        .sends([])
        .on_reply(&written_off(second(), MUG_MINOR))
        .sends([VOID])
        .in_phase("delivering", Some("deliver_shipments"))
        .on_deadline()
        .sends([VOID])
        .on_reply(&voided())
        .has_status(OrderPaymentStatus::Voided, FulfilmentStatus::Delivered)
        .ends(OrderStatus::Delivered, None);
}

#[test]
fn a_void_without_a_reply_is_marked_as_done() {
    let mut script = Script::confirmed();
    for (shipment, amount) in [(first(), FIRST_MINOR), (second(), MUG_MINOR)] {
        script = script.on_reply(&progressed(shipment, Delivered)).on_reply(&stock_shipped(shipment));
        script = script.on_reply(&capture_declined(shipment, amount, 1));
    }
    let action = script.saga.clone().mark_step_done(&script.order, "lost");
    let script = script.applies(action).on_reply(&written_off(first(), FIRST_MINOR));
    let script = script.on_reply(&written_off(second(), MUG_MINOR));

    let action = script.saga.clone().mark_step_done(&script.order, "the gateway shows the void");

    script.applies(action).has_status(OrderPaymentStatus::Voided, FulfilmentStatus::Delivered);
}

#[test]
fn a_written_off_shipment_whose_stock_is_marked_as_shipped_is_not_captured() {
    let script = Script::confirmed().on_reply(&progressed(first(), HandedOver)).on_reply(&capture_declined(
        first(),
        FIRST_MINOR,
        1,
    ));
    let action = script.saga.clone().mark_step_done(&script.order, "gives up");
    let script = script.applies(action);
    let action = script.saga.clone().mark_step_done(&script.order, "the reply is lost");

    assert_eq!(script.applies(action).saga.captured_minor(), 0);
}

#[test]
fn a_capture_that_succeeds_after_its_write_off_is_captured() {
    let script = unpaid();
    let action = script.saga.clone().mark_step_done(&script.order, "gives up");

    let script = script.applies(action).on_reply(&captured(first(), FIRST_MINOR));

    assert_eq!(script.saga.captured_minor(), TOTAL_MINOR);
    script.has_status(OrderPaymentStatus::Captured, FulfilmentStatus::Delivered).ends(OrderStatus::Delivered, None);
}

#[test]
fn what_is_written_off_is_not_captured_until_its_capture_succeeds_after_all() {
    let script = unpaid();
    let action = script.saga.clone().mark_step_done(&script.order, "gives up");
    let script = script.applies(action).has_status(OrderPaymentStatus::PartlyCaptured, FulfilmentStatus::Delivered);

    assert_eq!(script.saga.captured_units().len(), 1, "the mug alone");
    assert_eq!(script.saga.captured_minor(), MUG_MINOR);
}

#[rstest]
#[case::nothing_handed_over(Script::confirmed())]
#[case::nothing_declined(Script::confirmed().on_reply(&progressed(first(), HandedOver)))]
#[case::ended(delivered())]
fn only_a_declined_capture_is_attempted_again(#[case] script: Script) {
    let refused = script.saga.capture_again(&script.order, "why not");
    assert!(matches!(refused, Err(SagaError::ActionRefused { .. })), "{refused:?}");
}

#[test]
fn refunds_change_the_payment_status_of_a_delivered_order() {
    delivered()
        .on_reply(&refunded(1, 100))
        .has_status(OrderPaymentStatus::PartlyRefunded, FulfilmentStatus::Delivered)
        .on_reply(&refunded(2, TOTAL_MINOR - 100))
        .has_status(OrderPaymentStatus::Refunded, FulfilmentStatus::Delivered)
        .ends(OrderStatus::Delivered, None);
}

#[test]
fn an_order_that_is_refunded_so_far_is_partly_refunded_after_the_next_capture() {
    Script::confirmed()
        .on_reply(&progressed(second(), HandedOver))
        .on_reply(&captured(second(), MUG_MINOR))
        .on_reply(&refunded(1, MUG_MINOR))
        .has_status(OrderPaymentStatus::Refunded, FulfilmentStatus::PartlyShipped)
        .on_reply(&progressed(first(), HandedOver))
        .on_reply(&captured(first(), FIRST_MINOR))
        .has_status(OrderPaymentStatus::PartlyRefunded, FulfilmentStatus::Shipped);
}

#[test]
fn a_refused_refund_raises_attention_until_it_succeeds_or_a_person_acknowledges_it() {
    let refused = || delivered().on_reply(&refund_refused(1, 1, false));
    assert!(has_attention(&refused()));

    let succeeded = refused().ignores(&refund_refused(1, 1, false)).on_reply(&refunded(1, 1));
    assert!(!has_attention(&succeeded));
    succeeded.ignores(&refund_refused(1, 2, false));

    let acknowledged = refused().on_reply(&refund_refused(1, 1, true));
    assert!(!has_attention(&acknowledged));
    let again = acknowledged.on_reply(&refund_refused(1, 2, false));
    assert!(has_attention(&again));
}

#[test]
fn a_refund_that_nobody_can_look_up_raises_attention_until_a_person_resolves_it() {
    let unresolved = || delivered().on_reply(&refund_unresolved(1));
    assert!(has_attention(&unresolved()));

    assert!(!has_attention(&unresolved().on_reply(&refunded(1, 1))));
    assert!(!has_attention(&unresolved().on_reply(&refund_refused(1, 1, true))));
}

#[test]
fn the_attention_names_the_reason_that_remains() {
    let both = unpaid().on_reply(&refund_refused(1, 1, false));
    let captured = both.on_reply(&captured(first(), FIRST_MINOR));
    assert!(captured.order.attention.as_ref().is_some_and(|reason| reason.contains("refund")));
    assert!(!has_attention(&captured.on_reply(&refunded(1, 1))));
}

#[test]
fn a_resolved_refund_leaves_the_attention_of_a_command_without_a_reply() {
    let mut script = Script::confirmed()
        .on_reply(&progressed(second(), HandedOver))
        .on_reply(&captured(second(), MUG_MINOR))
        .on_reply(&progressed(first(), HandedOver));
    while !has_attention(&script) {
        script = script.on_deadline();
    }
    let refused = script.on_deadline().on_reply(&refund_refused(1, 1, false));
    assert!(refused.order.attention.as_ref().is_some_and(|reason| reason.contains("refund")));

    let refunded = refused.on_reply(&refunded(1, 1));

    assert!(refunded.order.attention.as_ref().is_some_and(|reason| reason.ends_with("without a reply")));
}

#[test]
fn a_saga_names_the_units_that_are_captured() {
    assert!(Script::confirmed().saga.captured_units().is_empty());
    let units = unpaid().saga.captured_units();
    assert_eq!(
        units.into_iter().map(|(sku, units)| (sku.to_string(), units)).collect::<Vec<_>>(),
        [("SKU-MUG".to_owned(), 1)]
    );
}

#[test]
fn stock_that_is_not_shipped_raises_attention_until_a_person_retries() {
    let script =
        Script::confirmed().on_reply(&progressed(first(), Delivered)).on_reply(&captured(first(), FIRST_MINOR));
    let refused = script.on_reply(&stock_not_shipped(first())).on_deadline().sends([TRACK]);
    assert!(refused.order.attention.as_ref().is_some_and(|reason| reason.contains("it was released")));

    let action = refused.saga.clone().retry_step(&refused.order, "the stock is reserved again");
    let script = refused.applies(action).sends([SHIP, TRACK]);

    assert!(!has_attention(&script));
    let refused_again = script.on_reply(&stock_not_shipped(first()));
    assert!(has_attention(&refused_again));
    assert!(!has_attention(&refused_again.on_reply(&stock_shipped(first()))));
}

#[test]
fn stock_that_is_not_shipped_is_marked_as_done() {
    let script =
        Script::confirmed().on_reply(&progressed(first(), Delivered)).on_reply(&captured(first(), FIRST_MINOR));
    let refused = script.on_reply(&stock_not_shipped(first()));

    let action = refused.saga.clone().mark_step_done(&refused.order, "the stock is counted again");

    assert!(!has_attention(&refused.applies(action)));
}
