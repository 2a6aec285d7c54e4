//! Replies to commands, and the operations that they need first.

use super::*;
use crate::messages::Reply;
use crate::payment::{Operation, PaymentStatus, Refusal};

#[test]
fn a_void_refunds_the_rest_of_a_captured_payment_and_replies_with_the_amount() {
    let payment = changed(partly_captured().refunded(&"damage".to_owned()));

    let payment = changed(Ok::<_, Refusal>(Payment::void(Some(payment))));
    let payment = changed(payment.voided(void_result(true, 600, 500)));

    let balance = payment.balance().unwrap();
    assert_eq!((balance.captured_minor, balance.refunded_minor), (600, 600));
    let reply = payment.reply_to(&void()).unwrap();
    assert!(matches!(reply, Some(Reply::PaymentVoided(voided)) if voided.refunded == Some(usd(500))));
}

#[test]
fn a_void_that_was_executed_before_the_authorization_is_repeated() {
    let voiding = changed(Ok::<_, Refusal>(Payment::void(Some(changed(Payment::authorize(None, usd(AMOUNT)))))));
    let voided = changed(voiding.voided(void_result(false, 0, 0)));

    let late = changed(Ok::<_, Refusal>(voided.authorized(usd(AMOUNT))));

    assert_eq!(late.operation_for(&authorize(AMOUNT)), Operation::Void);
    assert_eq!(late.reply_to(&authorize(AMOUNT)), Ok(None));
    assert_eq!(
        late.clone().voided(void_result(false, 0, 0)),
        Ok(Applied::Unchanged),
        "it must find the authorization that we know of"
    );
    assert_eq!(changed(late.voided(void_result(true, 0, 0))).status(), PaymentStatus::Voided);
}

#[test]
fn a_declined_capture_stays_declined_and_frees_its_amount() {
    let payment = changed(after(&[capture(1, 600)]).capture_declined(first_attempt(1), "expired".to_owned()));

    assert_eq!(Payment::request(Some(payment.clone()), &capture(1, 600)), Ok(Applied::Unchanged));
    let reply = payment.reply_to(&capture(1, 600)).unwrap();
    assert!(matches!(reply, Some(Reply::PaymentCaptureDeclined(declined)) if declined.reason == "expired"));
    assert!(Payment::request(Some(payment), &capture(2, AMOUNT)).is_ok());
}

#[test]
fn a_shipment_is_captured_again_only_after_a_decline() {
    let again = |payment: Payment| payment.capture(CaptureAttempt { attempt: 2, ..first_attempt(1) }, usd(600));
    let requested = after(&[capture(1, 600)]);
    let declined = changed(requested.clone().capture_declined(first_attempt(1), "expired".to_owned()));

    assert_eq!(again(requested.clone()), Err(Refusal::EarlierAttempt));
    assert_eq!(again(changed(requested.captured(first_attempt(1)))), Err(Refusal::EarlierAttempt));
    let second = changed(changed(again(declined)).captured(CaptureAttempt { attempt: 2, ..first_attempt(1) }));
    assert_eq!(second.balance().unwrap().captured_minor, 600);
}

#[test]
fn a_refused_refund_frees_its_amount() {
    let payment = partly_captured();
    assert_eq!(payment.balance().unwrap().refundable_minor(), 500);

    let payment = changed(payment.refund_declined(&"damage".to_owned(), "expired".to_owned()));

    let reply = payment.reply_to(&refund("damage", 100)).unwrap();
    assert!(matches!(reply, Some(Reply::PaymentRefundRefused(refused)) if refused.reason == "expired"));
    assert_eq!(payment.balance().unwrap().refundable_minor(), 600);
}

#[test]
fn a_negative_amount_or_another_currency_is_refused() {
    let euros = Money { amount_minor: 1, currency: "EUR".parse().unwrap() };

    assert!(matches!(Payment::request(None, &authorize(-1)), Err(Refusal::BadAmount(_))));
    assert!(matches!(Payment::request(Some(partly_captured()), &capture(2, -1)), Err(Refusal::BadAmount(_))));
    assert!(matches!(Payment::request(Some(partly_captured()), &refund("late", -1)), Err(Refusal::BadAmount(_))));
    assert_eq!(partly_captured().capture(first_attempt(2), euros), Err(Refusal::OtherCurrency));
}

#[test]
fn the_status_follows_the_amounts() {
    let status = |captured_minor, refunded_minor| {
        let balance = Balance { captured_minor, refunded_minor, ..Balance::new(usd(AMOUNT)) };
        Payment::Open(balance).status()
    };

    assert_eq!(status(0, 0), PaymentStatus::Authorized);
    assert_eq!(status(600, 0), PaymentStatus::PartlyCaptured);
    assert_eq!(status(600, 100), PaymentStatus::PartlyCaptured);
    assert_eq!(status(AMOUNT, 100), PaymentStatus::Captured);
    assert_eq!(status(600, 600), PaymentStatus::Refunded);
}
