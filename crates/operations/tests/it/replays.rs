//! Many failed jobs are sent again at a pace, each once.

use crate::failed_jobs::{decided, jobs, keep, letter, outbox};
use domain::Timestamp;
use domain::messages::Queue;
use messaging::RelayHandle;
use messaging::dead_letters::DeadLetter;
use operations::failed_jobs::{Decided, JobStatus};
use operations::replays::{
    CancelReplayError, NewReplay, Pace, Replay, ReplayFilter, ReplayStatus, StartReplayError, cancel_replay,
    find_replay, run_replays, start_replay,
};
use platform::audit::NoAudit;
use sqlx::PgPool;
use std::time::Duration;

/// A replay of the inventory's jobs, four a second from the first moment on.
async fn start(pool: &PgPool) -> Replay {
    try_to_start(pool).await.expect("started")
}

async fn try_to_start(pool: &PgPool) -> Result<Replay, StartReplayError> {
    let filter = ReplayFilter::new(Some(Queue::Inventory), None).expect("a filter");
    let pace = Pace::new(4, 0).expect("a pace");
    start_replay(pool, NewReplay { filter, pace, decided: decided() }, &NoAudit).await
}

async fn run(pool: &PgPool, at: Timestamp) -> usize {
    run_replays(pool, &RelayHandle::default(), at).await.expect("run")
}

async fn seen(pool: &PgPool, replay: &Replay) -> Replay {
    find_replay(pool, replay.id).await.expect("read").expect("there")
}

fn letters(count: u32) -> Vec<DeadLetter> {
    (0..count).map(letter).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn it_sends_what_is_due_and_nothing_of_other_queues_until_nothing_is_left(pool: PgPool) {
    keep(&pool, &letters(7)).await;
    keep(&pool, &[DeadLetter { queue: Queue::Orders, ..letter(8) }]).await;
    let replay = start(&pool).await;
    assert_eq!((replay.total, replay.status), (7, ReplayStatus::Running));
    let after = |milliseconds| replay.asked_at + Duration::from_millis(milliseconds);

    let sent = [run(&pool, after(500)).await, run(&pool, after(500)).await, run(&pool, after(3_600_000)).await];

    assert_eq!(sent, [2, 0, 4], "an hour without a scheduler is not made up for");
    assert_eq!((seen(&pool, &replay).await.replayed, outbox(&pool).await.len()), (6, 6));
    assert_eq!(run(&pool, after(3_601_000)).await, 1);
    let done = seen(&pool, &replay).await;
    assert_eq!((done.status, done.replayed, done.skipped), (ReplayStatus::Done, 7, 0));
    assert!(outbox(&pool).await.iter().all(|(_, routing_key, ..)| routing_key == "inventory"));
    assert_eq!(jobs(&pool).await.iter().filter(|job| job.status == JobStatus::Open).count(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_dies_again_is_left_to_people(pool: PgPool) {
    let letters = letters(4);
    keep(&pool, &letters).await;
    let replay = start(&pool).await;
    let after = |milliseconds| replay.asked_at + Duration::from_millis(milliseconds);
    run(&pool, after(500)).await;

    let sent: Vec<_> = outbox(&pool).await.into_iter().map(|(_, _, message, _)| message).collect();
    let died: Vec<_> = letters.into_iter().filter(|letter| sent.contains(&letter.message_id.as_uuid())).collect();
    keep(&pool, &died).await;
    run(&pool, after(1_000)).await;
    run(&pool, after(2_000)).await;

    assert_eq!(outbox(&pool).await.len(), 4);
    let done = seen(&pool, &replay).await;
    assert_eq!((done.status, done.replayed, done.died_again), (ReplayStatus::Done, 4, 2));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_can_not_be_sent_is_passed_over_and_stays_open(pool: PgPool) {
    keep(&pool, &[DeadLetter { payload: vec![0xff], ..letter(1) }, letter(2)]).await;
    let replay = start(&pool).await;

    run(&pool, replay.asked_at + Duration::from_secs(1)).await;

    let done = seen(&pool, &replay).await;
    assert_eq!((done.status, done.replayed, done.skipped, done.died_again), (ReplayStatus::Done, 1, 1, 0));
    assert_eq!(jobs(&pool).await.iter().filter(|job| job.status == JobStatus::Open).count(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_schedulers_at_once_send_no_more_than_one(pool: PgPool) {
    keep(&pool, &letters(20)).await;
    let replay = start(&pool).await;
    let second = replay.asked_at + Duration::from_secs(1);

    let (one, other) = tokio::join!(run(&pool, second), run(&pool, second));

    assert_eq!(one + other, 4);
    assert_eq!(outbox(&pool).await.len(), 4);
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_runs_at_a_time(pool: PgPool) {
    keep(&pool, &letters(4)).await;

    let (one, other) = tokio::join!(try_to_start(&pool), try_to_start(&pool));

    let (started, refused) = if one.is_ok() { (one, other) } else { (other, one) };
    assert!(matches!(refused, Err(StartReplayError::OneRuns)), "{refused:?}");
    run(&pool, started.expect("started").asked_at + Duration::from_secs(2)).await;
    assert_eq!(outbox(&pool).await.len(), 4);
}

#[sqlx::test(migrations = "../../migrations")]
async fn while_the_outbox_is_not_carried_away_nothing_is_added_to_it(pool: PgPool) {
    keep(&pool, &letters(4)).await;
    let replay = start(&pool).await;
    let old = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, created_at)
               VALUES (gen_random_uuid(), '', 'inventory', 'test', '{}', now() - interval '1 hour')";
    sqlx::query(old).execute(&pool).await.expect("said");

    assert_eq!(run(&pool, replay.asked_at + Duration::from_secs(1)).await, 0);

    sqlx::query("DELETE FROM messaging.outbox").execute(&pool).await.expect("carried");
    assert_eq!(run(&pool, replay.asked_at + Duration::from_mins(1)).await, 4, "a second's worth, not a minute's");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_cancelled_sends_no_more_and_what_is_done_can_not_be(pool: PgPool) {
    keep(&pool, &letters(8)).await;
    let replay = start(&pool).await;
    run(&pool, replay.asked_at + Duration::from_secs(1)).await;
    let why = Decided { reason: "it dies again".to_owned(), ..decided() };

    for _ in 0..2 {
        let cancelled = cancel_replay(&pool, replay.id, &why, &NoAudit).await.expect("cancelled");
        assert_eq!((cancelled.status, cancelled.replayed), (ReplayStatus::Cancelled, 4));
    }
    assert_eq!(run(&pool, replay.asked_at + Duration::from_secs(2)).await, 0);

    let rest = start(&pool).await;
    run(&pool, rest.asked_at + Duration::from_secs(1)).await;
    run(&pool, rest.asked_at + Duration::from_secs(2)).await;
    let refused = cancel_replay(&pool, rest.id, &why, &NoAudit).await;
    assert!(matches!(refused, Err(CancelReplayError::Done)), "{refused:?}");
    assert_eq!(start(&pool).await.status, ReplayStatus::Done, "nothing is left");
}
