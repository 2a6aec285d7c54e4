//! Replays publish many failed jobs at a limited rate, each once.

use crate::failed_jobs::{dead_letter, jobs, justification, outbox, store};
use domain::Timestamp;
use domain::messages::Queue;
use messaging::WriteContext;
use messaging::dead_letters::DeadLetter;
use operations::Justification;
use operations::failed_jobs::JobStatus;
use operations::replays::{
    CancelReplayError, NewReplay, RateRamp, Replay, ReplayFilter, ReplayStatus, StartReplayError, cancel_replay,
    find_replay, run_replays, start_replay,
};
use platform::audit::NoAudit;
use sqlx::PgPool;
use std::time::Duration;

/// Starts a replay of the jobs of the inventory queue: four per second, without a ramp.
async fn start(pool: &PgPool) -> Replay {
    try_to_start(pool).await.expect("started")
}

async fn try_to_start(pool: &PgPool) -> Result<Replay, StartReplayError> {
    let filter = ReplayFilter::new(Some(Queue::Inventory), None).expect("a filter");
    let rate_ramp = RateRamp::new(4, 0).expect("valid");
    start_replay(pool, NewReplay { filter, rate_ramp, justification: justification() }, &NoAudit).await
}

async fn run(pool: &PgPool, at: Timestamp) -> usize {
    run_replays(&WriteContext::of(pool.clone()), at).await.expect("run")
}

async fn reload(pool: &PgPool, replay: &Replay) -> Replay {
    find_replay(pool, replay.id).await.expect("read").expect("there")
}

fn dead_letters(count: u32) -> Vec<DeadLetter> {
    (0..count).map(dead_letter).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_replay_publishes_the_due_jobs_of_its_queue_until_none_is_left(pool: PgPool) {
    store(&pool, &dead_letters(7)).await;
    store(&pool, &[DeadLetter { queue: Queue::Orders, ..dead_letter(8) }]).await;
    let replay = start(&pool).await;
    assert_eq!((replay.total, replay.status), (7, ReplayStatus::Running));
    let after = |milliseconds| replay.requested_at + Duration::from_millis(milliseconds);

    let sent = [run(&pool, after(500)).await, run(&pool, after(500)).await, run(&pool, after(3_600_000)).await];

    assert_eq!(sent, [2, 0, 4], "an hour without a scheduler is not caught up on");
    assert_eq!((reload(&pool, &replay).await.replayed, outbox(&pool).await.len()), (6, 6));
    assert_eq!(run(&pool, after(3_601_000)).await, 1);
    let done = reload(&pool, &replay).await;
    assert_eq!((done.status, done.replayed, done.skipped), (ReplayStatus::Done, 7, 0));
    assert!(outbox(&pool).await.iter().all(|(_, routing_key, ..)| routing_key == "inventory"));
    assert_eq!(jobs(&pool).await.iter().filter(|job| job.status == JobStatus::Open).count(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_fails_again_is_not_replayed_again(pool: PgPool) {
    let dead_letters = dead_letters(4);
    store(&pool, &dead_letters).await;
    let replay = start(&pool).await;
    let after = |milliseconds| replay.requested_at + Duration::from_millis(milliseconds);
    run(&pool, after(500)).await;

    let sent: Vec<_> = outbox(&pool).await.into_iter().map(|(_, _, message, _)| message).collect();
    let failed: Vec<_> =
        dead_letters.into_iter().filter(|letter| sent.contains(&letter.message_id.as_uuid())).collect();
    store(&pool, &failed).await;
    run(&pool, after(1_000)).await;
    run(&pool, after(2_000)).await;

    assert_eq!(outbox(&pool).await.len(), 4);
    let done = reload(&pool, &replay).await;
    assert_eq!((done.status, done.replayed, done.failed_again), (ReplayStatus::Done, 4, 2));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_job_that_can_not_be_replayed_is_skipped_and_stays_open(pool: PgPool) {
    store(&pool, &[DeadLetter { payload: vec![0xff], ..dead_letter(1) }, dead_letter(2)]).await;
    let replay = start(&pool).await;

    run(&pool, replay.requested_at + Duration::from_secs(1)).await;

    let done = reload(&pool, &replay).await;
    assert_eq!((done.status, done.replayed, done.skipped, done.failed_again), (ReplayStatus::Done, 1, 1, 0));
    assert_eq!(jobs(&pool).await.iter().filter(|job| job.status == JobStatus::Open).count(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_schedulers_at_once_send_no_more_than_one(pool: PgPool) {
    store(&pool, &dead_letters(20)).await;
    let replay = start(&pool).await;
    let second = replay.requested_at + Duration::from_secs(1);

    let (one, other) = tokio::join!(run(&pool, second), run(&pool, second));

    assert_eq!(one + other, 4);
    assert_eq!(outbox(&pool).await.len(), 4);
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_replay_runs_at_a_time(pool: PgPool) {
    store(&pool, &dead_letters(4)).await;

    let (one, other) = tokio::join!(try_to_start(&pool), try_to_start(&pool));

    let (started, refused) = if one.is_ok() { (one, other) } else { (other, one) };
    assert!(matches!(refused, Err(StartReplayError::AlreadyRunning)), "{refused:?}");
    run(&pool, started.expect("started").requested_at + Duration::from_secs(2)).await;
    assert_eq!(outbox(&pool).await.len(), 4);
}

#[sqlx::test(migrations = "../../migrations")]
async fn while_the_outbox_is_stalled_nothing_is_added_to_it(pool: PgPool) {
    store(&pool, &dead_letters(4)).await;
    let replay = start(&pool).await;
    let old = "INSERT INTO messaging.outbox (message_id, exchange, routing_key, type, payload, created_at)
               VALUES (gen_random_uuid(), '', 'inventory', 'test', '{}', now() - interval '1 hour')";
    sqlx::query(old).execute(&pool).await.expect("inserted");

    assert_eq!(run(&pool, replay.requested_at + Duration::from_secs(1)).await, 0);

    sqlx::query("DELETE FROM messaging.outbox").execute(&pool).await.expect("deleted");
    assert_eq!(run(&pool, replay.requested_at + Duration::from_mins(1)).await, 4, "a second's worth, not a minute's");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_cancelled_replay_publishes_no_more_and_a_done_one_can_not_be_cancelled(pool: PgPool) {
    store(&pool, &dead_letters(8)).await;
    let replay = start(&pool).await;
    run(&pool, replay.requested_at + Duration::from_secs(1)).await;
    let justification = Justification { reason: "it fails again".to_owned(), ..justification() };

    for _ in 0..2 {
        let cancelled = cancel_replay(&pool, replay.id, &justification, &NoAudit).await.expect("cancelled");
        assert_eq!((cancelled.status, cancelled.replayed), (ReplayStatus::Cancelled, 4));
    }
    assert_eq!(run(&pool, replay.requested_at + Duration::from_secs(2)).await, 0);

    let rest = start(&pool).await;
    run(&pool, rest.requested_at + Duration::from_secs(1)).await;
    run(&pool, rest.requested_at + Duration::from_secs(2)).await;
    let refused = cancel_replay(&pool, rest.id, &justification, &NoAudit).await;
    assert!(matches!(refused, Err(CancelReplayError::Done)), "{refused:?}");
    assert_eq!(start(&pool).await.status, ReplayStatus::Done, "nothing is left");
}
