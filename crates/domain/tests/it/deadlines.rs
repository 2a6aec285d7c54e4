//! Nobody answers: questions are asked again, given up, or pressed without end.

use crate::script::*;
use domain::order::{Entry, OrderStatus};
use domain::saga::{Pace, PlanVersion};
use rstest::rstest;

#[rstest]
#[case::reserve(Script::start(), RESERVE)]
#[case::authorize(Script::reserved(), AUTHORIZE)]
#[case::book(Script::authorized(), BOOK)]
fn an_unanswered_step_is_asked_again_with_the_same_words(#[case] script: Script, #[case] command: &str) {
    let before = script.asked().to_vec();

    let script = script.hears_nothing().asks([command]);

    assert_eq!(script.asked(), before);
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

    let script = script.hears_nothing_times(attempts - 1).is(OrderStatus::Pending).hears_nothing().asks([undo]);

    let undos = [called_back(), voided(), released()];
    let script = undos.into_iter().skip(2 - step).fold(script, |script, undo| script.hears(&undo));
    script.ends(OrderStatus::Rejected, Some(reason));
}

#[rstest]
#[case::authorize(Script::reserved(), AUTHORIZE)]
#[case::undo(Script::reserved().hears(&declined()), RELEASE)]
fn a_command_that_nobody_received_is_sent_again_as_it_was_and_counts_as_no_attempt(
    #[case] script: Script,
    #[case] command: &str,
) {
    let wait = |script: &Script| (script.saga.deadline(Pace::REAL, noon()) - noon()).num_seconds();
    let (open, first) = (script.saga.open_command(&script.order), wait(&script));
    let told = script.timeline.len();

    let script = (0..50).fold(script, |script, _| script.goes_unreceived().asks([command]));

    assert_eq!(script.saga.open_command(&script.order), open, "the same command under the same number");
    assert!(wait(&script) > first, "it is sent less and less often");
    assert_eq!(script.timeline.len(), told, "nothing is given up, and nobody is called");
    let script = script.hears_nothing_times(2).asks([command]);
    assert_eq!(script.saga.generation(), open.expect("it is open").generation + 2);
}

#[test]
fn an_answer_that_comes_after_the_step_was_given_up_is_too_late() {
    Script::reserved()
        .hears_nothing_times(4)
        .asks([VOID])
        .ignores(&authorized())
        .ignores(&declined())
        .hears(&voided())
        .ignores(&authorized())
        .hears(&released())
        .ends(OrderStatus::Rejected, Some("payment_unavailable"));
}

#[test]
fn an_answer_to_an_earlier_asking_of_the_same_question_counts() {
    Script::reserved().hears_nothing().hears(&authorized()).asks([BOOK]).is(OrderStatus::Pending);
}

#[test]
fn an_undo_is_asked_without_end_and_calls_a_human() {
    let undoing = Script::reserved().hears(&declined()).tells(["stock_reserved", "payment_declined"]);

    let pressed = undoing.hears_nothing_times(4).asks([RELEASE]).tells(["attention_raised"]);
    assert!(pressed.order.attention.as_deref().is_some_and(|reason| reason.contains(RELEASE)));
    let stuck = pressed.hears_nothing_times(5).in_phase("stuck", Some("reserve_stock")).tells(["attention_raised"]);
    let stuck = stuck.hears_nothing_times(50).asks([RELEASE]).tells([]);

    let ended = stuck.hears(&released()).tells(["attention_cleared", "stock_released", "rejected"]);
    assert_eq!(ended.order.attention, None);
    ended.ends(OrderStatus::Rejected, Some("card_declined"));
}

#[test]
fn waits_grow_with_each_asking_and_begin_anew_with_the_next_question() {
    let wait = |script: &Script| (script.saga.deadline(Pace::REAL, noon()) - noon()).num_seconds();
    let undoing = Script::authorized().hears(&shipping_refused());

    let first = wait(&undoing);
    let undoing = undoing.hears_nothing();
    let second = wait(&undoing);
    let next = wait(&undoing.hears(&voided()));

    assert_eq!((first, second, next), (10, 20, 10));
}

#[test]
fn a_booking_that_was_given_up_but_is_with_the_carrier_goes_on() {
    Script::authorized()
        .hears_nothing_times(6)
        .asks([CANCEL])
        .hears(&too_late())
        .asks([BOOK])
        .is(OrderStatus::Pending)
        .hears(&booked())
        .is(OrderStatus::Confirmed);
}

#[test]
fn the_timeline_tells_what_was_given_up() {
    let script = Script::reserved().hears_nothing_times(4);

    let given_up = script.timeline.iter().find(|event| event.entry.kind() == "step_given_up").unwrap();
    assert!(matches!(given_up.entry, Entry::StepGivenUp { attempts: 4, .. }));
}
