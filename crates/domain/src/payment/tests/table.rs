//! Every request and every report, from every state.

use super::*;
use crate::payment::Refusal;

/// One cell per state: the state after, `=` when nothing changes, or the refusal.
type Row = (&'static str, Apply, [&'static str; 10]);
type Apply = fn(Option<Payment>) -> Result<Applied<Payment>, Refusal>;

#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                                    none           authorizing       declined          open              captured          voiding?          voiding           voided?           voided            tombstone
    ("authorize",          authorize_it, ["authorizing", "=",              "=",              "=",              "=",              "=",              "=",              "=",              "=",              "="]),
    ("authorize other",    other_amount, ["authorizing", "OtherAmount",    "OtherAmount",    "OtherAmount",    "OtherAmount",    "OtherAmount",    "OtherAmount",    "OtherAmount",    "OtherAmount",    "="]),
    ("void",               void_it,      ["tombstone",   "voiding?",       "=",              "voiding",        "voiding",        "=",              "=",              "=",              "=",              "="]),
    ("capture 1 again",    capture_1,    ["NoPayment",   "NotAuthorized",  "NotAuthorized",  "=",              "=",              "Voided",         "=",              "Voided",         "=",              "Voided"]),
    ("capture 2",          capture_2,    ["NoPayment",   "NotAuthorized",  "NotAuthorized",  "open",           "captured",       "Voided",         "Voided",         "Voided",         "Voided",         "Voided"]),
    ("capture 2, all",     capture_all,  ["NoPayment",   "NotAuthorized",  "NotAuthorized",  "TooMuch",        "TooMuch",        "Voided",         "Voided",         "Voided",         "Voided",         "Voided"]),
    ("refund again",       refund_1,     ["NoPayment",   "NotAuthorized",  "NotAuthorized",  "TooMuch",        "=",              "Voided",         "=",              "Voided",         "=",              "Voided"]),
    ("refund other cause", refund_2,     ["NoPayment",   "NotAuthorized",  "NotAuthorized",  "TooMuch",        "captured",       "Voided",         "Voided",         "Voided",         "Voided",         "Voided"]),
    ("refund all",         refund_all,   ["NoPayment",   "NotAuthorized",  "NotAuthorized",  "TooMuch",        "TooMuch",        "Voided",         "Voided",         "Voided",         "Voided",         "Voided"]),
    ("authorized",         |state| Ok(state.unwrap().authorized(usd(AMOUNT))), ["-",           "open",           "voiding",        "=",              "=",              "voiding",        "=",              "voiding",        "=",              "voiding"]),
    ("declined",           |state| Ok(state.unwrap().declined("expired".to_owned())), ["-",           "declined",       "=",              "=",              "=",              "=",              "=",              "=",              "=",              "="]),
    ("captured 1",         captured_1,   ["-",           "NeverRequested", "NeverRequested", "captured",       "=",              "NeverRequested", "=",              "NeverRequested", "=",              "NeverRequested"]),
    ("captured 2",         captured_2,   ["-",           "NeverRequested", "NeverRequested", "NeverRequested", "NeverRequested", "NeverRequested", "NeverRequested", "NeverRequested", "NeverRequested", "NeverRequested"]),
    ("capture 1 declined", declined_1,   ["-",           "NeverRequested", "NeverRequested", "open",           "=",              "NeverRequested", "=",              "NeverRequested", "=",              "NeverRequested"]),
    ("refunded",           refunded,     ["-",           "NeverRequested", "NeverRequested", "NeverRequested", "captured",       "NeverRequested", "voiding",        "NeverRequested", "voided",         "NeverRequested"]),
    ("refund declined",    refused,      ["-",           "NeverRequested", "NeverRequested", "NeverRequested", "captured",       "NeverRequested", "voiding",        "NeverRequested", "voided",         "NeverRequested"]),
    ("voided: nothing",    found_none,   ["-",           "NeverRequested", "=",              "NeverRequested", "NeverRequested", "voided?",        "=",              "=",              "=",              "="]),
    ("voided: 600 of it",  found_600,    ["-",           "NeverRequested", "=",              "NeverRequested", "NeverRequested", "voided",         "voided",         "=",              "=",              "="]),
    ("voided: too little", found_500,    ["-",           "NeverRequested", "=",              "NeverRequested", "NeverRequested", "voided",         "LedgerMismatch", "=",              "=",              "="]),
    ("voided: too much",   found_1001,   ["-",           "NeverRequested", "=",              "NeverRequested", "NeverRequested", "LedgerMismatch", "LedgerMismatch", "=",              "=",              "="]),
];

fn states() -> [Option<Payment>; 10] {
    let authorizing = changed(Payment::authorize(None, usd(AMOUNT)));
    let declined = changed(Ok::<_, Refusal>(authorizing.clone().declined("card_declined".to_owned())));
    let voiding_unknown = changed(Ok::<_, Refusal>(Payment::void(Some(authorizing.clone()))));
    let voiding = changed(Ok::<_, Refusal>(Payment::void(Some(partly_captured()))));
    let voided_nothing = changed(voiding_unknown.clone().voided(void_result(false, 0, 0)));
    let voided = changed(voiding.clone().voided(void_result(true, 600, 600)));
    let open = after(&[capture(1, 600)]);
    [
        None,
        Some(authorizing),
        Some(declined),
        Some(open),
        Some(partly_captured()),
        Some(voiding_unknown),
        Some(voiding),
        Some(voided_nothing),
        Some(voided),
        Some(Payment::Tombstone),
    ]
}

fn name(payment: &Payment) -> &'static str {
    match payment {
        Payment::Authorizing { .. } => "authorizing",
        Payment::Declined { .. } => "declined",
        Payment::Open(balance) if balance.captured_minor > 0 => "captured",
        Payment::Open(_) => "open",
        Payment::Voiding { authorized: false, .. } => "voiding?",
        Payment::Voiding { authorized: true, .. } => "voiding",
        Payment::Voided { authorized: false, .. } => "voided?",
        Payment::Voided { authorized: true, .. } => "voided",
        Payment::Tombstone => "tombstone",
    }
}

fn cell(apply: Apply, state: Option<Payment>) -> String {
    match apply(state) {
        Ok(Applied::Changed(payment)) => name(&payment).to_owned(),
        Ok(Applied::Unchanged) => "=".to_owned(),
        Err(refusal) => format!("{refusal:?}").split([' ', '(']).next().unwrap().to_owned(),
    }
}

#[test]
fn every_transition_from_every_state_matches_the_table() {
    for (transition, apply, expected) in TABLE {
        for (state, expected) in states().into_iter().zip(expected).filter(|(_, expected)| **expected != "-") {
            let from = state.as_ref().map_or("none", name);
            assert_eq!(cell(*apply, state), *expected, "{transition} on {from}");
        }
    }
}

fn authorize_it(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &authorize(AMOUNT))
}

fn other_amount(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &authorize(AMOUNT + 1))
}

fn void_it(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &void())
}

fn capture_1(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &capture(1, 600))
}

fn capture_2(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &capture(2, 400))
}

fn capture_all(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &capture(2, 401))
}

fn refund_1(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &refund("damage", 100))
}

fn refund_2(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &refund("late", 500))
}

fn refund_all(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    Payment::request(state, &refund("late", 501))
}

fn captured_1(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().captured(first_attempt(1))
}

fn captured_2(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().captured(first_attempt(2))
}

fn declined_1(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().capture_declined(first_attempt(1), "expired".to_owned())
}

fn refunded(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().refunded(&"damage".to_owned())
}

fn refused(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().refund_declined(&"damage".to_owned(), "expired".to_owned())
}

fn found_none(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().voided(void_result(false, 0, 0))
}

fn found_600(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().voided(void_result(true, 600, 600))
}

fn found_500(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().voided(void_result(true, 500, 500))
}

fn found_1001(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().voided(void_result(true, AMOUNT + 1, 0))
}
