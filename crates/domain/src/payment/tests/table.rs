use super::*;
use crate::payment::Refusal;

/// One cell for every state: the state after, `=` when nothing changes, or the refusal.
type Row = (&'static str, Transition, [&'static str; 10]);
type Transition = fn(Option<Payment>) -> Result<Applied<Payment>, Refusal>;

#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                     none           authorizing    declined       open           taken          voiding?       voiding        voided?        voided         tombstone
    ("authorize",          authorize_it, ["authorizing", "=",           "=",           "=",           "=",           "=",           "=",           "=",           "=",           "="]),
    ("authorize other",    other_amount, ["authorizing", "OtherAmount", "OtherAmount", "OtherAmount", "OtherAmount", "OtherAmount", "OtherAmount", "OtherAmount", "OtherAmount", "="]),
    ("void",               void_it,      ["tombstone",   "voiding?",    "=",           "voiding",     "voiding",     "=",           "=",           "=",           "=",           "="]),
    ("capture 1 again",    capture_1,    ["NoPayment",   "NotAuthorized", "NotAuthorized", "=",       "=",           "Voided",      "=",           "Voided",      "=",           "Voided"]),
    ("capture 2",          capture_2,    ["NoPayment",   "NotAuthorized", "NotAuthorized", "open",    "taken",       "Voided",      "Voided",      "Voided",      "Voided",      "Voided"]),
    ("capture 2, all",     capture_all,  ["NoPayment",   "NotAuthorized", "NotAuthorized", "TooMuch", "TooMuch",     "Voided",      "Voided",      "Voided",      "Voided",      "Voided"]),
    ("refund again",       refund_1,     ["NoPayment",   "NotAuthorized", "NotAuthorized", "TooMuch", "=",           "Voided",      "=",           "Voided",      "=",           "Voided"]),
    ("refund other cause", refund_2,     ["NoPayment",   "NotAuthorized", "NotAuthorized", "TooMuch", "taken",       "Voided",      "Voided",      "Voided",      "Voided",      "Voided"]),
    ("refund all",         refund_all,   ["NoPayment",   "NotAuthorized", "NotAuthorized", "TooMuch", "TooMuch",     "Voided",      "Voided",      "Voided",      "Voided",      "Voided"]),
    ("authorized",         |state| Ok(state.unwrap().authorized(usd(AMOUNT))), ["-",           "open",        "voiding",     "=",           "=",           "voiding",     "=",           "voiding",     "=",           "voiding"]),
    ("declined",           |state| Ok(state.unwrap().declined("expired".to_owned())), ["-",           "declined",    "=",           "=",           "=",           "=",           "=",           "=",           "=",           "="]),
    ("captured 1",         captured_1,   ["-",           "NeverAsked",  "NeverAsked",  "taken",       "=",           "NeverAsked",  "=",           "NeverAsked",  "=",           "NeverAsked"]),
    ("captured 2",         captured_2,   ["-",           "NeverAsked",  "NeverAsked",  "NeverAsked",  "NeverAsked",  "NeverAsked",  "NeverAsked",  "NeverAsked",  "NeverAsked",  "NeverAsked"]),
    ("capture 1 declined", declined_1,   ["-",           "NeverAsked",  "NeverAsked",  "open",        "=",           "NeverAsked",  "=",           "NeverAsked",  "=",           "NeverAsked"]),
    ("refunded",           refunded,     ["-",           "NeverAsked",  "NeverAsked",  "NeverAsked",  "taken",       "NeverAsked",  "voiding",     "NeverAsked",  "voided",      "NeverAsked"]),
    ("refund declined",    refused,      ["-",           "NeverAsked",  "NeverAsked",  "NeverAsked",  "taken",       "NeverAsked",  "voiding",     "NeverAsked",  "voided",      "NeverAsked"]),
    ("voided: nothing",    found_none,   ["-",           "NeverAsked",  "=",           "NeverAsked",  "NeverAsked",  "voided?",     "=",           "=",           "=",           "="]),
    ("voided: 600 of it",  found_600,    ["-",           "NeverAsked",  "=",           "NeverAsked",  "NeverAsked",  "voided",      "voided",      "=",           "=",           "="]),
    ("voided: too little", found_500,    ["-",           "NeverAsked",  "=",           "NeverAsked",  "NeverAsked",  "voided",      "BooksDiffer", "=",           "=",           "="]),
    ("voided: too much",   found_1001,   ["-",           "NeverAsked",  "=",           "NeverAsked",  "NeverAsked",  "BooksDiffer", "BooksDiffer", "=",           "=",           "="]),
];

fn states() -> [Option<Payment>; 10] {
    let authorizing = now(Payment::authorize(None, usd(AMOUNT)));
    let declined = now(Ok::<_, Refusal>(authorizing.clone().declined("card_declined".to_owned())));
    let voiding_unknown = now(Ok::<_, Refusal>(Payment::void(Some(authorizing.clone()))));
    let voiding = now(Ok::<_, Refusal>(Payment::void(Some(taken()))));
    let voided_nothing = now(voiding_unknown.clone().voided(reversal(false, 0, 0)));
    let voided = now(voiding.clone().voided(reversal(true, 600, 600)));
    let open = after(&[capture(1, 600)]);
    [
        None,
        Some(authorizing),
        Some(declined),
        Some(open),
        Some(taken()),
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
        Payment::Open(account) if account.captured_minor > 0 => "taken",
        Payment::Open(_) => "open",
        Payment::Voiding { authorized: false, .. } => "voiding?",
        Payment::Voiding { authorized: true, .. } => "voiding",
        Payment::Voided { authorized: false, .. } => "voided?",
        Payment::Voided { authorized: true, .. } => "voided",
        Payment::Tombstone => "tombstone",
    }
}

fn cell(transition: Transition, state: Option<Payment>) -> String {
    match transition(state) {
        Ok(Applied::Now(payment)) => name(&payment).to_owned(),
        Ok(Applied::Already) => "=".to_owned(),
        Err(refusal) => format!("{refusal:?}").split([' ', '(']).next().unwrap().to_owned(),
    }
}

#[test]
fn every_transition_from_every_state_does_what_the_table_says() {
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
    state.unwrap().captured(shipment(1))
}

fn captured_2(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().captured(shipment(2))
}

fn declined_1(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().capture_declined(shipment(1), "expired".to_owned())
}

fn refunded(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().refunded(&"damage".to_owned())
}

fn refused(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().refund_declined(&"damage".to_owned(), "expired".to_owned())
}

fn found_none(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().voided(reversal(false, 0, 0))
}

fn found_600(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().voided(reversal(true, 600, 600))
}

fn found_500(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().voided(reversal(true, 500, 500))
}

fn found_1001(state: Option<Payment>) -> Result<Applied<Payment>, Refusal> {
    state.unwrap().voided(reversal(true, AMOUNT + 1, 0))
}
