//! Returns: which inputs each state accepts, and what may be requested and counted.

use domain::Timestamp;
use domain::applied::Applied;
use domain::ids::{OrderId, ReturnId, UserId, WarehouseId};
use domain::money::Money;
use domain::product::Quantity;
use domain::refund::LineUnits;
use domain::returns::{
    Condition, CountRefusal, CountedUnits, NewReturn, RefundReport, RequestedReturn, Restocking, Return, ReturnCommand,
    ReturnLine, ReturnRefund, ReturnRefusal, ReturnState, ReturnStatus, ReturnTransition, ReturnableLine, check_counts,
    check_request,
};
use domain::saga::TimeScale;
use rstest::rstest;
use uuid::Uuid;

pub const ORDER: OrderId = OrderId::from_uuid(Uuid::from_u128(1));
/// The inputs of a return.
pub const INPUTS: [&str; 7] = ["approve", "decline", "cancel", "receive", "deadline", "restocked", "refunded"];
pub const EAST: WarehouseId = WarehouseId::from_uuid(Uuid::from_u128(2));

pub fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("a time")
}

pub fn days(days: i64) -> chrono::TimeDelta {
    chrono::TimeDelta::days(days)
}

fn units(units: u32) -> Quantity {
    units.try_into().expect("a quantity")
}

pub fn usd(amount_minor: i64) -> Money {
    Money { amount_minor, currency: "USD".parse().expect("a currency") }
}

pub fn count(line_no: i16, condition: Condition, quantity: u32, is_refunded: bool) -> CountedUnits {
    CountedUnits { line_no, condition, quantity: units(quantity), is_refunded }
}

/// A return of three units.
fn requested() -> Return {
    let line = ReturnLine { line_no: 1, sku: "A".parse().expect("a SKU"), quantity: units(3) };
    let (id, vendor_id) = (ReturnId::from_uuid(Uuid::from_u128(3)), UserId::from_uuid(Uuid::from_u128(4)));
    Return::request(NewReturn { id, order_id: ORDER, vendor_id, lines: vec![line] }).to
}

fn changed(applied: Applied<ReturnTransition>) -> ReturnTransition {
    match applied {
        Applied::Changed(transition) => transition,
        Applied::Unchanged => panic!("it changes"),
    }
}

fn approved() -> Return {
    changed(requested().approve(now() + days(30)).expect("approved")).to
}

/// One resellable, one damaged, one missing.
fn mixed() -> Vec<CountedUnits> {
    [(Condition::Resellable, true), (Condition::Damaged, true), (Condition::Missing, false)]
        .map(|(condition, is_refunded)| count(1, condition, 1, is_refunded))
        .into()
}

fn received() -> Return {
    approved().receive(EAST, mixed(), true).expect("received").to
}

fn closed() -> Return {
    changed(changed(received().on_restocked()).to.on_refund(RefundReport::Refunded(usd(200)))).to
}

pub fn in_state(status: ReturnStatus) -> Return {
    match status {
        ReturnStatus::Requested => requested(),
        ReturnStatus::Approved => approved(),
        ReturnStatus::Declined => changed(requested().decline().expect("declined")).to,
        ReturnStatus::Cancelled => changed(requested().cancel().expect("cancelled")).to,
        ReturnStatus::Expired => changed(approved().on_deadline(true)).to,
        ReturnStatus::Received => received(),
        ReturnStatus::Closed => closed(),
    }
}

/// The status after an input: the same if it changes nothing, `None` if it is refused.
pub fn after(returned: Return, input: &str) -> Option<ReturnStatus> {
    let before = returned.status();
    let applied = |applied: Applied<ReturnTransition>| match applied {
        Applied::Changed(transition) => transition.to.status(),
        Applied::Unchanged => before,
    };
    match input {
        "approve" => returned.approve(now()).ok().map(applied),
        "decline" => returned.decline().ok().map(applied),
        "cancel" => returned.cancel().ok().map(applied),
        "receive" => returned.receive(EAST, mixed(), true).ok().map(|transition| transition.to.status()),
        "deadline" => Some(applied(returned.on_deadline(true))),
        "restocked" => Some(applied(returned.on_restocked())),
        "refunded" => Some(applied(returned.on_refund(RefundReport::Refunded(usd(1))))),
        other => panic!("no input {other}"),
    }
}

#[test]
fn every_state_accepts_exactly_its_inputs() {
    use ReturnStatus::{Approved, Cancelled, Closed, Declined, Expired, Received, Requested};
    let same = Some;
    let table = [
        (
            Requested,
            [Some(Approved), Some(Declined), Some(Cancelled), None, same(Requested), same(Requested), same(Requested)],
        ),
        (
            Approved,
            [same(Approved), None, Some(Cancelled), Some(Received), Some(Expired), same(Approved), same(Approved)],
        ),
        (Declined, [None, same(Declined), None, None, same(Declined), same(Declined), same(Declined)]),
        (Cancelled, [None, None, same(Cancelled), None, same(Cancelled), same(Cancelled), same(Cancelled)]),
        (Expired, [None, None, None, None, same(Expired), same(Expired), same(Expired)]),
        (Received, [None, None, None, None, same(Received), same(Received), same(Received)]),
        (Closed, [None, None, None, None, same(Closed), same(Closed), same(Closed)]),
    ];
    for (status, expected) in table {
        for (input, expected) in INPUTS.into_iter().zip(expected) {
            assert_eq!(after(in_state(status), input), expected, "{status} {input}");
        }
    }
}

#[test]
fn only_an_active_return_has_a_deadline() {
    for status in <ReturnStatus as strum::IntoEnumIterator>::iter() {
        let returned = in_state(status);
        assert_eq!(returned.deadline(TimeScale::REAL, now()).is_some(), returned.state.is_active(), "{status}");
        assert_eq!(ReturnState::from_json(&returned.state.to_json()), Ok(returned.state));
    }
}

#[test]
fn a_received_return_restocks_and_refunds_and_closes_when_both_are_done() {
    let transition = approved().receive(EAST, mixed(), true).expect("received");

    assert_eq!(transition.commands, [ReturnCommand::Restock, ReturnCommand::Refund]);
    assert_eq!(transition.to.restocked_lines().iter().map(|line| line.quantity.get()).collect::<Vec<_>>(), [1]);
    assert_eq!(transition.to.refunded_units(), [LineUnits { line_no: 1, quantity: units(2) }]);
    let refunded = changed(transition.to.on_refund(RefundReport::Refunded(usd(200))));
    assert_eq!(refunded.to.status(), ReturnStatus::Received);
    let closed = changed(refunded.to.on_restocked()).to;
    assert_eq!(closed.status(), ReturnStatus::Closed);
    assert_eq!(closed.state.outcomes(), Some((Restocking::Done, &ReturnRefund::Done { amount: usd(200) })));
}

#[test]
fn a_return_of_missing_units_closes_at_once() {
    let closed = approved().receive(EAST, vec![count(1, Condition::Missing, 3, false)], true).expect("received");

    assert_eq!((closed.commands, closed.to.status()), (vec![], ReturnStatus::Closed));
}

#[test]
fn open_commands_are_sent_again_without_end_and_raise_attention() {
    let mut returned = received();
    for _ in 0..20 {
        let transition = changed(returned.on_deadline(true));
        assert_eq!(transition.commands, [ReturnCommand::Restock, ReturnCommand::Refund]);
        returned = transition.to;
    }
    assert!(returned.attention.is_some());

    let restocked = changed(returned.on_restocked()).to;

    assert_eq!(restocked.attention, None);
    assert_eq!(changed(restocked.on_deadline(true)).commands, [ReturnCommand::Refund]);
}

#[test]
fn a_refund_waits_for_the_capture_that_pays_for_it() {
    let waiting = approved().receive(EAST, mixed(), false).expect("received");
    assert_eq!(waiting.commands, [ReturnCommand::Restock]);
    let mut returned = changed(waiting.to.on_restocked()).to;
    for _ in 0..5 {
        let transition = changed(returned.on_deadline(false));
        assert_eq!(transition.commands, []);
        returned = transition.to;
    }
    assert!(returned.attention.as_ref().is_some_and(|reason| reason.contains("capture")), "{returned:?}");

    assert_eq!(changed(returned.on_deadline(true)).commands, [ReturnCommand::Refund]);
}

#[test]
fn a_refused_refund_needs_a_person_and_is_done_or_given_up_by_them() {
    let refused = |is_acknowledged| RefundReport::Refused { reason: "limit".to_owned(), is_acknowledged };
    let returned = changed(changed(received().on_restocked()).to.on_refund(refused(false))).to;
    assert!(returned.attention.as_ref().is_some_and(|reason| reason.contains("limit")));
    assert_eq!(returned.clone().on_refund(refused(false)), Applied::Unchanged);

    let done = changed(returned.clone().on_refund(RefundReport::Refunded(usd(5)))).to;
    let given_up = changed(returned.on_refund(refused(true))).to;

    assert_eq!((done.status(), done.attention), (ReturnStatus::Closed, None));
    assert_eq!((given_up.status(), given_up.attention.as_ref()), (ReturnStatus::Closed, None));
    let late = changed(given_up.on_refund(RefundReport::Refunded(usd(5)))).to;
    assert_eq!(late.state.outcomes(), Some((Restocking::Done, &ReturnRefund::Done { amount: usd(5) })));
}

#[test]
fn a_refund_that_turned_out_to_be_refused_is_not_looked_for_any_more() {
    let unresolved = changed(changed(received().on_restocked()).to.on_refund(RefundReport::Unresolved)).to;

    let refused = RefundReport::Refused { reason: "limit".to_owned(), is_acknowledged: false };
    let returned = changed(unresolved.on_refund(refused)).to;

    assert!(returned.attention.as_ref().is_some_and(|reason| reason.contains("limit")), "{:?}", returned.attention);
}

#[test]
fn a_refund_that_is_not_possible_now_stays_open() {
    let returned = changed(received().on_restocked()).to;
    let not_possible = changed(returned.on_refund(RefundReport::NotPossible { reason: "voiding".to_owned() })).to;

    assert!(not_possible.attention.is_some());
    assert_eq!(changed(not_possible.clone().on_deadline(true)).commands, [ReturnCommand::Refund]);
    let closed = changed(not_possible.on_refund(RefundReport::NothingLeft)).to;
    assert_eq!((closed.status(), closed.attention), (ReturnStatus::Closed, None));
}

#[rstest]
#[case(vec![count(2, Condition::Resellable, 3, true)], CountRefusal::UnknownLine(2))]
#[case(vec![count(1, Condition::Missing, 3, true)], CountRefusal::MissingRefunded(1))]
#[case(vec![count(1, Condition::Damaged, 2, true)], CountRefusal::Different { line_no: 1, expected: 3, counted: 2 })]
#[case(vec![count(1, Condition::Damaged, 4, true)], CountRefusal::Different { line_no: 1, expected: 3, counted: 4 })]
#[case(vec![], CountRefusal::Different { line_no: 1, expected: 3, counted: 0 })]
#[case(
    vec![count(1, Condition::Damaged, 1, true), count(1, Condition::Damaged, 2, false)],
    CountRefusal::Repeated { line_no: 1, condition: Condition::Damaged }
)]
fn a_count_has_every_unit_once(#[case] counts: Vec<CountedUnits>, #[case] refusal: CountRefusal) {
    assert_eq!(check_counts(&requested().lines, &counts), Err(refusal));
    assert_eq!(check_counts(&requested().lines, &mixed()), Ok(()));
}

pub fn line(line_no: i16, vendor: u128, delivered_units: i64, returned_units: i64) -> ReturnableLine {
    ReturnableLine {
        line_no,
        sku: format!("SKU-{line_no}").parse().expect("a SKU"),
        vendor_id: UserId::from_uuid(Uuid::from_u128(vendor)),
        delivered_units,
        returned_units,
        delivered_at: Some(now()),
    }
}

pub fn of(line_no: i16, quantity: u32) -> LineUnits {
    LineUnits { line_no, quantity: units(quantity) }
}

#[test]
fn each_vendor_gets_a_return_of_their_lines() {
    let order = [line(1, 1, 2, 0), line(2, 2, 2, 0), line(3, 1, 2, 0)];

    let returns = check_request(&order, &[of(3, 1), of(2, 2), of(1, 1)], days(30), now()).expect("returnable");

    let lines = |requested: &RequestedReturn| requested.lines.iter().map(|line| line.line_no).collect::<Vec<_>>();
    assert_eq!(returns.iter().map(lines).collect::<Vec<_>>(), [vec![3, 1], vec![2]]);
}

#[rstest]
#[case(&[of(9, 1)], 0, ReturnRefusal::UnknownLine(9))]
#[case(&[of(1, 1), of(1, 1)], 0, ReturnRefusal::RepeatedLine(1))]
#[case(&[of(2, 1)], 0, ReturnRefusal::NotDelivered(2))]
#[case(&[of(1, 2)], 0, ReturnRefusal::TooManyUnits { line_no: 1, requested: 2, left: 1 })]
#[case(&[of(1, 1)], 31, ReturnRefusal::TooLate { line_no: 1, delivered_at: now(), until: now() + days(30) })]
fn units_that_can_not_be_returned_are_refused(
    #[case] requested: &[LineUnits],
    #[case] later: i64,
    #[case] refusal: ReturnRefusal,
) {
    let order = [line(1, 1, 3, 2), ReturnableLine { delivered_at: None, ..line(2, 1, 0, 0) }];
    assert_eq!(check_request(&order, requested, days(30), now() + days(later)), Err(refusal));
    assert!(check_request(&order, &[of(1, 1)], days(30), now() + days(30)).is_ok());
}
