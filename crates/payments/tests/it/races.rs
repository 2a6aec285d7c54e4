//! Two processes that handle commands of one order at the same time. Each has three steps (begin, call, settle). The
//! tests run every interleaving of the six steps for voids and duplicates, and three kinds of interleavings for every
//! two commands from every state of a payment.

use crate::harness::{Harness, LONG_TIMEOUT, SteppedCommand, authorize, capture, new_order, refund, void};
use crate::ledger::{assert_settled, ledger_row};
use domain::ids::OrderId;
use domain::messages::{PaymentCommand, Reply};
use futures::StreamExt;
use messaging::Verdict;
use sqlx::PgPool;

const METHODS: [&str; 4] = ["sim_ok", "sim_timeout", "sim_flaky", "sim_declined"];

/// All sequences of three steps of each process. `true` is a step of the first process.
fn interleavings() -> Vec<Vec<bool>> {
    let all = (0_u32..64).filter(|bits| bits.count_ones() == 3);
    all.map(|bits| (0..6).map(|step| bits & (1 << step) != 0).collect()).collect()
}

/// Runs one interleaving, then repeats both commands until their outcomes are final, and returns the outcomes.
async fn race(harness: &Harness, commands: [&PaymentCommand; 2], steps: &[bool]) -> [Result<Reply, Verdict>; 2] {
    let [mut first, mut second] = commands.map(SteppedCommand::of);
    for is_first in steps {
        harness.step(if *is_first { &mut first } else { &mut second }).await;
    }
    let mut outcomes = Vec::new();
    for stepped in [first, second] {
        outcomes.push(match stepped.outcome.expect("all three steps ran") {
            Err(Verdict::Retry(_)) => harness.handle_until_final(&stepped.delivery.command).await,
            outcome => outcome,
        });
    }
    outcomes.try_into().expect("two outcomes of two commands")
}

fn commands(order: OrderId) -> [PaymentCommand; 6] {
    [
        authorize(order, "sim_ok"),
        capture(order, 1, 600),
        capture(order, 2, 400),
        refund(order, "damage", 250),
        refund(order, "late", 500),
        void(order),
    ]
}

/// The commands that lead into each state.
fn states(order: OrderId) -> [Vec<PaymentCommand>; 8] {
    let [authorize_ok, first, second, refund, _, void] = commands(order);
    [
        vec![],
        vec![authorize_ok.clone()],
        vec![authorize(order, "sim_declined")],
        vec![authorize_ok.clone(), first.clone()],
        vec![authorize_ok.clone(), first.clone(), second],
        vec![authorize_ok.clone(), first.clone(), refund],
        vec![authorize_ok, first, void.clone()],
        vec![void],
    ]
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_that_races_an_authorization_leaves_no_money_behind(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);
    for method in METHODS {
        for steps in interleavings() {
            let order = new_order();

            let [authorization, voiding] = race(&harness, [&authorize(order, method), &void(order)], &steps).await;

            assert!(matches!(voiding, Ok(Reply::PaymentVoided(ref reply)) if reply.refunded.is_none()), "{voiding:?}");
            let replied = matches!(authorization, Ok(Reply::PaymentAuthorized(_) | Reply::PaymentDeclined(_)));
            assert!(replied, "{method} {steps:?}: {authorization:?}");
            assert_no_money_is_held(&pool, order).await;
            let again = harness.handle_until_reply(&authorize(order, method)).await;
            assert!(matches!(again, Reply::PaymentDeclined(_)), "{again:?}");
        }
    }
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn concurrent_duplicates_are_executed_once_and_get_the_same_reply(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);
    for method in METHODS {
        for steps in interleavings() {
            let order = new_order();
            let [one, other] = race(&harness, [&authorize(order, method), &authorize(order, method)], &steps).await;
            assert_eq!(one, other);
            assert_eq!(ledger_row(&pool, order).await.unwrap().charges, i32::from(method != "sim_declined"));

            if method != "sim_declined" {
                for duplicate in [capture(order, 1, 600), refund(order, "damage", 100), void(order)] {
                    let [one, other] = race(&harness, [&duplicate, &duplicate], &steps).await;
                    assert_eq!(one, other, "{method} {steps:?}");
                    assert!(one.is_ok(), "{one:?}");
                }
                let row = ledger_row(&pool, order).await.unwrap();
                assert_eq!((row.captured_minor, row.refunded_minor), (600, 600));
            }
        }
    }
    assert_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn any_two_concurrent_commands_from_any_state_keep_the_ledgers_consistent(pool: PgPool) {
    let harness = Harness::new(&pool, &LONG_TIMEOUT);
    // One interleaving of each kind: overlapping, nested, and crossing at the end.
    let kinds = [
        [true, false, true, false, true, false],
        [true, false, false, false, true, true],
        [true, false, true, false, false, true],
    ];
    let cases = (0..8).flat_map(|state| (0..6).flat_map(move |one| (0..6).map(move |other| (state, one, other))));
    let cases = cases.flat_map(|case| kinds.iter().map(move |steps| (case, steps)));
    let run = async |((state, one, other), steps): ((usize, usize, usize), &[bool; 6])| {
        let order = new_order();
        for command in &states(order)[state] {
            harness.handle_until_reply(command).await;
        }
        let commands = commands(order);

        let outcomes = race(&harness, [&commands[one], &commands[other]], steps).await;

        let are_final = outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(Verdict::Poison(_))));
        assert!(are_final, "state {state}, {one} and {other}: {outcomes:?}");
    };
    futures::stream::iter(cases).for_each_concurrent(4, run).await;
    assert_settled(&pool).await;
}

async fn assert_no_money_is_held(pool: &PgPool, order: OrderId) {
    if let Some(row) = ledger_row(pool, order).await {
        assert_eq!(row.authorized_minor, row.released_minor + row.captured_minor);
        assert_eq!(row.captured_minor, row.refunded_minor);
    }
}
