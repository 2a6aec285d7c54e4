//! Expired deadlines: commands are repeated, given up, or repeated without limit.

use crate::script::*;
use domain::order::{OrderStatus, TimelineEntry};
use domain::saga::{PlanVersion, TimeScale};
use rstest::rstest;

#[rstest]
#[case::reserve(Script::start(), RESERVE)]
#[case::authorize(Script::reserved(), AUTHORIZE)]
#[case::book(Script::authorized(), BOOK)]
fn a_command_without_a_reply_is_repeated_unchanged(#[case] script: Script, #[case] command: &str) {
    let before = script.sent().to_vec();

    let script = script.on_deadline().sends([command]);

    assert_eq!(script.sent(), before);
}

#[rstest]
#[case::reserve(Script::start(), 0, RELEASE, "stock_unavailable")]
#[case::authorize(Script::reserved(), 1, VOID, "payment_unavailable")]
#[case::book(Script::authorized(), 2, CANCEL, "shipping_unavailable")]
fn a_step_that_is_given_up_counts_as_possibly_done(
    #[case] script: Script,
    #[case] step: usize,
    #[case] undo: &str,
    #[case] reason: &str,
) {
    let attempts = PlanVersion::CURRENT.plan().steps[step].attempts_max;

    let script = script.on_deadline_times(attempts - 1).is(OrderStatus::Pending).on_deadline().sends([undo]);

    let undos = [shipments_cancelled(), voided(), released()];
    let script = undos.into_iter().skip(2 - step).fold(script, |script, undo| script.on_reply(&undo));
    script.ends(OrderStatus::Rejected, Some(reason));
}

#[rstest]
#[case::authorize(Script::reserved(), AUTHORIZE)]
#[case::undo(Script::reserved().on_reply(&declined()), RELEASE)]
fn a_command_that_nobody_received_is_sent_again_unchanged_and_is_not_an_attempt(
    #[case] script: Script,
    #[case] command: &str,
) {
    let wait = |script: &Script| (script.saga.deadline(TimeScale::REAL, noon()) - noon()).num_seconds();
    let (open, first) = (script.saga.open_command(&script.order), wait(&script));
    let recorded = script.timeline.len();

    let script = (0..50).fold(script, |script, _| script.on_deadline_unreceived().sends([command]));

    assert_eq!(script.saga.open_command(&script.order), open, "the same command under the same number");
    assert!(wait(&script) > first, "it is sent less and less often");
    assert_eq!(script.timeline.len(), recorded, "nothing is given up, and no attention is raised");
    let script = script.on_deadline_times(2).sends([command]);
    assert_eq!(script.saga.generation(), open.expect("it is open").generation + 2);
}

#[test]
fn a_reply_after_the_step_was_given_up_changes_nothing() {
    Script::reserved()
        .on_deadline_times(4)
        .sends([VOID])
        .ignores(&authorized())
        .ignores(&declined())
        .on_reply(&voided())
        .ignores(&authorized())
        .on_reply(&released())
        .ends(OrderStatus::Rejected, Some("payment_unavailable"));
}

#[test]
fn a_reply_to_an_earlier_attempt_counts() {
    Script::reserved().on_deadline().on_reply(&authorized()).sends([BOOK]).is(OrderStatus::Pending);
}

#[test]
fn a_compensation_is_repeated_without_limit_and_raises_attention() {
    let undoing = Script::reserved().on_reply(&declined()).records(["stock_reserved", "payment_declined"]);

    let raised = undoing.on_deadline_times(4).sends([RELEASE]).records(["attention_raised"]);
    assert!(raised.order.attention.as_deref().is_some_and(|reason| reason.contains(RELEASE)));
    let stuck = raised.on_deadline_times(5).in_phase("stuck", Some("reserve_stock")).records(["attention_raised"]);
    let stuck = stuck.on_deadline_times(50).sends([RELEASE]).records([]);

    let ended = stuck.on_reply(&released()).records(["attention_cleared", "stock_released", "rejected"]);
    assert_eq!(ended.order.attention, None);
    ended.ends(OrderStatus::Rejected, Some("card_declined"));
}

#[test]
fn waits_grow_with_each_attempt_and_restart_with_the_next_command() {
    let wait = |script: &Script| (script.saga.deadline(TimeScale::REAL, noon()) - noon()).num_seconds();
    let undoing = Script::authorized().on_reply(&shipping_refused());

    let first = wait(&undoing);
    let undoing = undoing.on_deadline();
    let second = wait(&undoing);
    let next = wait(&undoing.on_reply(&voided()));

    assert_eq!((first, second, next), (10, 20, 10));
}

#[test]
fn a_booking_that_was_given_up_continues_when_a_carrier_has_a_shipment() {
    Script::authorized()
        .on_deadline_times(6)
        .sends([CANCEL])
        .on_reply(&too_late())
        .sends([BOOK])
        .is(OrderStatus::Pending)
        .on_reply(&booked())
        .is(OrderStatus::Confirmed);
}

#[test]
fn the_timeline_records_the_step_that_was_given_up() {
    let script = Script::reserved().on_deadline_times(4);

    let given_up = script.timeline.iter().find(|event| event.entry.kind() == "step_given_up").unwrap();
    assert!(matches!(given_up.entry, TimelineEntry::StepGivenUp { attempts: 4, .. }));
}
