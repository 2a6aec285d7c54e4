//! Two processes at work on one order: each has three steps (begin, call, settle), and every interleaving of the six
//! is played, for every two commands, from every state that a payment can be in.

use crate::books::{check_settled, page};
use crate::harness::{Desk, Journey, PATIENT, authorize, capture, new_order, refund, void};
use domain::ids::OrderId;
use domain::messages::{PaymentCommand, Reply};
use futures::StreamExt;
use messaging::Verdict;
use payments::gateway::simulated::SimulatedGateway;
use sqlx::PgPool;

const METHODS: [&str; 4] = ["sim_ok", "sim_timeout", "sim_flaky", "sim_declined"];

/// All orders of three steps of one and three of the other: true is a step of the first.
fn interleavings() -> Vec<Vec<bool>> {
    let all = (0_u32..64).filter(|bits| bits.count_ones() == 3);
    all.map(|bits| (0..6).map(|step| bits & (1 << step) != 0).collect()).collect()
}

/// Plays one interleaving, then repeats both commands until they end; returns their ends.
async fn race(
    desk: &Desk<SimulatedGateway>,
    commands: [&PaymentCommand; 2],
    steps: &[bool],
) -> [Result<Reply, Verdict>; 2] {
    let [mut first, mut second] = commands.map(Journey::of);
    for is_first in steps {
        desk.step(if *is_first { &mut first } else { &mut second }).await;
    }
    let mut ends = Vec::new();
    for journey in [first, second] {
        ends.push(match journey.end.expect("it took all its steps") {
            Err(Verdict::Retry(_)) => desk.end(&journey.delivery.command).await,
            end => end,
        });
    }
    ends.try_into().expect("two ends of two commands")
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
    let [set_aside, first, second, refund, _, void] = commands(order);
    [
        vec![],
        vec![set_aside.clone()],
        vec![authorize(order, "sim_declined")],
        vec![set_aside.clone(), first.clone()],
        vec![set_aside.clone(), first.clone(), second],
        vec![set_aside.clone(), first.clone(), refund],
        vec![set_aside, first, void.clone()],
        vec![void],
    ]
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_void_that_races_an_authorization_leaves_no_money_behind(pool: PgPool) {
    let desk = Desk::open(&pool, &PATIENT);
    for method in METHODS {
        for steps in interleavings() {
            let order = new_order();

            let [authorization, voiding] = race(&desk, [&authorize(order, method), &void(order)], &steps).await;

            assert!(matches!(voiding, Ok(Reply::PaymentVoided(ref reply)) if reply.refunded.is_none()), "{voiding:?}");
            let said = matches!(authorization, Ok(Reply::PaymentAuthorized(_) | Reply::PaymentDeclined(_)));
            assert!(said, "{method} {steps:?}: {authorization:?}");
            assert_no_money_is_held(&pool, order).await;
            let again = desk.insist(&authorize(order, method)).await;
            assert!(matches!(again, Reply::PaymentDeclined(_)), "{again:?}");
        }
    }
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_of_the_same_are_done_once_and_answered_alike(pool: PgPool) {
    let desk = Desk::open(&pool, &PATIENT);
    for method in METHODS {
        for steps in interleavings() {
            let order = new_order();
            let [one, other] = race(&desk, [&authorize(order, method), &authorize(order, method)], &steps).await;
            assert_eq!(one, other);
            assert_eq!(page(&pool, order).await.unwrap().charges, i32::from(method != "sim_declined"));

            if method != "sim_declined" {
                for twin in [capture(order, 1, 600), refund(order, "damage", 100), void(order)] {
                    let [one, other] = race(&desk, [&twin, &twin], &steps).await;
                    assert_eq!(one, other, "{method} {steps:?}");
                    assert!(one.is_ok(), "{one:?}");
                }
                let books = page(&pool, order).await.unwrap();
                assert_eq!((books.captured_minor, books.refunded_minor), (600, 600));
            }
        }
    }
    check_settled(&pool).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn any_two_commands_from_any_state_keep_the_books_together(pool: PgPool) {
    let desk = Desk::open(&pool, &PATIENT);
    // One interleaving of each kind: overlapping calls, nested, one after the other.
    let kinds = [
        [true, false, true, false, true, false],
        [true, false, false, false, true, true],
        [true, false, true, false, false, true],
    ];
    let cases = (0..8).flat_map(|state| (0..6).flat_map(move |one| (0..6).map(move |other| (state, one, other))));
    let cases = cases.flat_map(|case| kinds.iter().map(move |steps| (case, steps)));
    let play = async |((state, one, other), steps): ((usize, usize, usize), &[bool; 6])| {
        let order = new_order();
        for command in &states(order)[state] {
            desk.insist(command).await;
        }
        let commands = commands(order);

        let ends = race(&desk, [&commands[one], &commands[other]], steps).await;

        let ended = ends.iter().all(|end| matches!(end, Ok(_) | Err(Verdict::Poison(_))));
        assert!(ended, "state {state}, {one} and {other}: {ends:?}");
    };
    futures::stream::iter(cases).for_each_concurrent(4, play).await;
    check_settled(&pool).await;
}

async fn assert_no_money_is_held(pool: &PgPool, order: OrderId) {
    if let Some(books) = page(pool, order).await {
        assert_eq!(books.authorized_minor, books.released_minor + books.captured_minor);
        assert_eq!(books.captured_minor, books.refunded_minor);
    }
}
