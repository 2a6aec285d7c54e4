//! The list of tasks: name, period and function of each. Every task is safe to run in two schedulers at once: it locks
//! the rows that it processes, skips locked ones, and checks its preconditions.

use crate::config::SchedulerSettings;
use crate::driver::{BATCH_MAX, Task};
use crate::queues::UnconsumedQueues;
use domain::Timestamp;
use futures::future::BoxFuture;
use messaging::RelayHandle;
use operations::verify::{VerifyLimits, verify};
use sqlx::PgPool;
use std::time::Duration;

/// How long inbox rows are kept: longer than any message may be delivered again.
const INBOX_DAYS: i64 = 14;
/// How long the history of task runs is kept.
const HISTORY_DAYS: i64 = 7;
const ROWS_MAX: u32 = BATCH_MAX as u32;

const EVERY_HALF_SECOND: Duration = Duration::from_millis(500);
const EVERY_5_S: Duration = Duration::from_secs(5);
const EVERY_30_S: Duration = Duration::from_secs(30);
const EVERY_MINUTE: Duration = Duration::from_mins(1);
const EVERY_10_MIN: Duration = Duration::from_mins(10);

/// How long a batch of an ordinary task may take, and how long `verify` may take.
const BATCH_LIMIT: Duration = Duration::from_mins(1);
const VERIFY_LIMIT: Duration = Duration::from_mins(15);

/// All tasks.
pub fn all(
    settings: &SchedulerSettings,
    pool: &PgPool,
    relay: &RelayHandle,
    unconsumed: &UnconsumedQueues,
) -> Vec<Task> {
    let time_scale = settings.saga.time_scale();
    let (levels, ttl) = (settings.delays.levels(), settings.upkeep.reservation_ttl());
    let reconcile_after = settings.reconcile.min_age();
    let key_life = chrono::Duration::seconds(settings.idempotency_ttl_seconds.into());
    let (context, unconsumed) = ((pool.clone(), relay.clone()), unconsumed.clone());
    let carriers = settings.carriers.clone();
    vec![
        task("wake_stalled_sagas", EVERY_HALF_SECOND, &context, move |pool, relay, now| {
            let unconsumed = unconsumed.now();
            Box::pin(async move {
                Ok(orders::wake_stalled_sagas(&pool, &relay, time_scale, &unconsumed, now, BATCH_MAX).await?)
            })
        }),
        task("advance_shipments", EVERY_HALF_SECOND, &context, move |pool, relay, now| {
            let carriers = carriers.clone();
            Box::pin(async move { Ok(shipping::advance_shipments(&carriers, &pool, &relay, now, ROWS_MAX).await?) })
        }),
        task("mark_delayed_shipments", EVERY_5_S, &context, move |pool, relay, now| {
            let levels = levels.clone();
            Box::pin(async move { Ok(shipping::mark_delayed_shipments(&pool, &relay, &levels, now, ROWS_MAX).await?) })
        }),
        task("query_stale_reservations", EVERY_MINUTE, &context, move |pool, relay, now| {
            Box::pin(async move { Ok(inventory::query_stale_reservations(&pool, &relay, ttl, now, ROWS_MAX).await?) })
        }),
        task("check_low_stock", EVERY_MINUTE, &context, move |pool, _relay, now| {
            Box::pin(async move { Ok(inventory::check_low_stock(&pool, now, ROWS_MAX).await?) })
        }),
        task("reconcile_payments", EVERY_30_S, &context, move |pool, relay, now| {
            Box::pin(
                async move { Ok(payments::reconcile_payments(&pool, &relay, reconcile_after, now, ROWS_MAX).await?) },
            )
        }),
        task("replay_failed_jobs", EVERY_HALF_SECOND, &context, move |pool, relay, now| {
            Box::pin(async move { Ok(operations::replays::run_replays(&pool, &relay, now).await?) })
        }),
        task("expire_idempotency_keys", EVERY_MINUTE, &context, move |pool, _relay, now| {
            Box::pin(async move {
                let keys = orders::prune_keys(&pool, now - key_life, ROWS_MAX).await?;
                counted(
                    keys + operations::idempotent_responses::prune_responses(&pool, now - key_life, ROWS_MAX).await?,
                )
            })
        }),
        task("prune_inbox", EVERY_MINUTE, &context, move |pool, _relay, now| {
            Box::pin(
                async move { counted(messaging::inbox::prune(&pool, before(now, INBOX_DAYS), ROWS_MAX.into()).await?) },
            )
        }),
        task("prune_refresh_tokens", EVERY_10_MIN, &context, move |pool, _relay, now| {
            Box::pin(async move { counted(accounts::prune_refresh_tokens(&pool, now, ROWS_MAX).await?) })
        }),
        task("prune_history", EVERY_10_MIN, &context, move |pool, _relay, now| {
            Box::pin(
                async move { counted(operations::schedule::prune(&pool, before(now, HISTORY_DAYS), ROWS_MAX).await?) },
            )
        }),
        Task {
            batch_limit: VERIFY_LIMIT,
            ..task("verify", settings.verify_period(), &context, move |pool, _relay, now| {
                Box::pin(async move { verify_all(&pool, now).await })
            })
        },
    ]
}

fn task(
    name: &'static str,
    period: Duration,
    (pool, relay): &(PgPool, RelayHandle),
    run: impl Fn(PgPool, RelayHandle, Timestamp) -> BoxFuture<'static, anyhow::Result<usize>> + Send + Sync + 'static,
) -> Task {
    let (pool, relay) = (pool.clone(), relay.clone());
    Task { name, period, batch_limit: BATCH_LIMIT, run: Box::new(move |now| run(pool.clone(), relay.clone(), now)) }
}

/// Fails when an invariant is violated, so that the history and the log name the first offender of each check.
async fn verify_all(pool: &PgPool, now: Timestamp) -> anyhow::Result<usize> {
    let report = verify(pool, now, VerifyLimits::default()).await?;
    let violated = report.checks.iter().filter_map(|outcome| Some((outcome.check, outcome.offenders.first()?)));
    let violated: Vec<_> = violated.map(|(check, offender)| format!("{check}: {offender}")).collect();
    anyhow::ensure!(violated.is_empty(), "invariants are violated: {}", violated.join("; "));
    Ok(0)
}

fn before(now: Timestamp, days: i64) -> Timestamp {
    now - chrono::Duration::days(days)
}

fn counted(rows: u64) -> anyhow::Result<usize> {
    Ok(usize::try_from(rows)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_names::TASK_NAMES;
    use clap::Parser;

    #[tokio::test]
    async fn the_default_setting_names_every_task() {
        let arguments = ["scheduler", "--database-url=postgres://nowhere/nothing", "--rabbitmq-url=amqp://nowhere"];
        let settings = SchedulerSettings::try_parse_from(arguments).expect("defaults are good");
        let pool = PgPool::connect_lazy("postgres://nowhere/nothing").expect("a URL");

        let names: Vec<_> = all(&settings, &pool, &RelayHandle::default(), &UnconsumedQueues::none())
            .iter()
            .map(|task| task.name)
            .collect();

        assert_eq!(names.join(","), TASK_NAMES);
        assert_eq!(settings.tasks, names);
    }
}
