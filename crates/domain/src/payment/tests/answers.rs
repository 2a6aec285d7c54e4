use super::*;
use crate::messages::Reply;
use crate::payment::{Operation, PaymentStatus, Refusal};

#[test]
fn a_captured_payment_that_is_voided_gives_the_rest_back_and_says_how_much() {
    let payment = now(taken().refunded(&"damage".to_owned()));

    let payment = now(Ok::<_, Refusal>(Payment::void(Some(payment))));
    let payment = now(payment.voided(reversal(true, 600, 500)));

    let account = payment.account().unwrap();
    assert_eq!((account.captured_minor, account.refunded_minor), (600, 600));
    let answer = payment.answer_to(&void()).unwrap();
    assert!(matches!(answer, Some(Reply::PaymentVoided(voided)) if voided.refunded == Some(usd(500))));
}

#[test]
fn a_void_that_came_too_early_is_asked_for_again() {
    let voiding = now(Ok::<_, Refusal>(Payment::void(Some(now(Payment::authorize(None, usd(AMOUNT)))))));
    let voided = now(voiding.voided(reversal(false, 0, 0)));

    let late = now(Ok::<_, Refusal>(voided.authorized(usd(AMOUNT))));

    assert_eq!(late.operation_for(&authorize(AMOUNT)), Operation::Void);
    assert_eq!(late.answer_to(&authorize(AMOUNT)), Ok(None));
    assert_eq!(late.clone().voided(reversal(false, 0, 0)), Ok(Applied::Already), "it must find what we know of");
    assert_eq!(now(late.voided(reversal(true, 0, 0))).status(), PaymentStatus::Voided);
}

#[test]
fn a_declined_part_stays_declined_and_leaves_its_amount_to_others() {
    let payment = now(after(&[capture(1, 600)]).capture_declined(shipment(1), "expired".to_owned()));

    assert_eq!(
        Payment::request(Some(payment.clone()), &capture(1, 600)),
        Err(Refusal::DeclinedByGateway("expired".to_owned()))
    );
    assert_eq!(payment.answer_to(&capture(1, 600)), Err(Refusal::DeclinedByGateway("expired".to_owned())));
    assert!(Payment::request(Some(payment), &capture(2, AMOUNT)).is_ok());
}

#[test]
fn money_below_zero_or_of_another_currency_is_refused() {
    let euros = Money { amount_minor: 1, currency: "EUR".parse().unwrap() };

    assert!(matches!(Payment::request(None, &authorize(-1)), Err(Refusal::BadAmount(_))));
    assert!(matches!(Payment::request(Some(taken()), &capture(2, -1)), Err(Refusal::BadAmount(_))));
    assert!(matches!(Payment::request(Some(taken()), &refund("late", -1)), Err(Refusal::BadAmount(_))));
    assert_eq!(taken().capture(shipment(2), euros), Err(Refusal::OtherCurrency));
}

#[test]
fn the_status_follows_the_money() {
    let account = |captured_minor, refunded_minor| {
        let account = Account { captured_minor, refunded_minor, ..Account::new(usd(AMOUNT)) };
        Payment::Open(account).status()
    };

    assert_eq!(account(0, 0), PaymentStatus::Authorized);
    assert_eq!(account(600, 0), PaymentStatus::PartlyCaptured);
    assert_eq!(account(600, 100), PaymentStatus::PartlyCaptured);
    assert_eq!(account(AMOUNT, 100), PaymentStatus::Captured);
    assert_eq!(account(600, 600), PaymentStatus::Refunded);
}
