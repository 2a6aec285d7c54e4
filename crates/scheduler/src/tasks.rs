//! Which tasks there are: name, period, function; one row each. Each is safe in two schedulers at once: it locks what it
//! takes and leaves alone what another has locked, and states its preconditions.

use crate::config::SchedulerSettings;
use crate::driver::{BATCH_MAX, Task};
use crate::queues::Unattended;
use domain::Timestamp;
use futures::future::BoxFuture;
use messaging::Relay;
use operations::verify::{VerifyLimits, verify};
use sqlx::PgPool;
use std::time::Duration;

/// How long readers remember what they took: longer than any message may still come again.
const INBOX_DAYS: i64 = 14;
/// How long the history of the schedule is kept.
const HISTORY_DAYS: i64 = 7;
const ROWS_MAX: u32 = BATCH_MAX as u32;

const HALF_A_SECOND: Duration = Duration::from_millis(500);
const SECONDS: Duration = Duration::from_secs(5);
const HALF_A_MINUTE: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_mins(1);
const MINUTES: Duration = Duration::from_mins(10);

/// How long a batch of an ordinary task may take, and a look at everything.
const BATCH_LIMIT: Duration = Duration::from_mins(1);
const VERIFY_LIMIT: Duration = Duration::from_mins(15);

/// All tasks of the house.
pub fn all(settings: &SchedulerSettings, pool: &PgPool, relay: &Relay, unattended: &Unattended) -> Vec<Task> {
    let (patience, pace) = (settings.saga.pace(), settings.shipping.pace());
    let (levels, ttl) = (settings.delays.levels(), settings.upkeep.reservation_ttl());
    let reconcile_after = settings.reconcile.patience();
    let key_life = chrono::Duration::seconds(settings.idempotency_ttl_seconds.into());
    let (hands, unattended) = ((pool.clone(), relay.clone()), unattended.clone());
    vec![
        task("wake_stalled_sagas", HALF_A_SECOND, &hands, move |pool, relay, now| {
            let unattended = unattended.now();
            Box::pin(async move {
                Ok(orders::wake_stalled_sagas(&pool, &relay, patience, &unattended, now, BATCH_MAX).await?)
            })
        }),
        task("move_simulated_shipments", HALF_A_SECOND, &hands, move |pool, relay, now| {
            Box::pin(async move { Ok(shipping::move_simulated_shipments(&pool, &relay, &pace, now, ROWS_MAX).await?) })
        }),
        task("mark_delayed_shipments", SECONDS, &hands, move |pool, relay, now| {
            let levels = levels.clone();
            Box::pin(async move { Ok(shipping::mark_delayed_shipments(&pool, &relay, &levels, now, ROWS_MAX).await?) })
        }),
        task("expire_reservations", MINUTE, &hands, move |pool, relay, now| {
            Box::pin(async move { Ok(inventory::question_holds(&pool, &relay, ttl, now, ROWS_MAX).await?) })
        }),
        task("check_low_stock", MINUTE, &hands, move |pool, _waker, now| {
            Box::pin(async move { Ok(inventory::check_low_stock(&pool, now, ROWS_MAX).await?) })
        }),
        task("reconcile_payments", HALF_A_MINUTE, &hands, move |pool, relay, now| {
            Box::pin(
                async move { Ok(payments::reconcile_payments(&pool, &relay, reconcile_after, now, ROWS_MAX).await?) },
            )
        }),
        task("replay_failed_jobs", HALF_A_SECOND, &hands, move |pool, relay, now| {
            Box::pin(async move { Ok(operations::replays::run_replays(&pool, &relay, now).await?) })
        }),
        task("expire_idempotency_keys", MINUTE, &hands, move |pool, _waker, now| {
            Box::pin(async move {
                let keys = orders::prune_keys(&pool, now - key_life, ROWS_MAX).await?;
                counted(keys + operations::answers::prune_answers(&pool, now - key_life, ROWS_MAX).await?)
            })
        }),
        task("prune_inbox", MINUTE, &hands, move |pool, _waker, now| {
            Box::pin(
                async move { counted(messaging::inbox::prune(&pool, before(now, INBOX_DAYS), ROWS_MAX.into()).await?) },
            )
        }),
        task("prune_refresh_tokens", MINUTES, &hands, move |pool, _waker, now| {
            Box::pin(async move { counted(accounts::prune_refresh_tokens(&pool, now, ROWS_MAX).await?) })
        }),
        task("prune_history", MINUTES, &hands, move |pool, _waker, now| {
            Box::pin(
                async move { counted(operations::schedule::prune(&pool, before(now, HISTORY_DAYS), ROWS_MAX).await?) },
            )
        }),
        Task {
            batch_limit: VERIFY_LIMIT,
            ..task("verify", settings.verify_period(), &hands, move |pool, _waker, now| {
                Box::pin(async move { find_nothing(&pool, now).await })
            })
        },
    ]
}

/// The names of all, as settings write them.
pub const ALL: &str = "wake_stalled_sagas,move_simulated_shipments,mark_delayed_shipments,expire_reservations,\
    check_low_stock,reconcile_payments,replay_failed_jobs,expire_idempotency_keys,prune_inbox,prune_refresh_tokens,prune_history,verify";

fn task(
    name: &'static str,
    period: Duration,
    (pool, relay): &(PgPool, Relay),
    run: impl Fn(PgPool, Relay, Timestamp) -> BoxFuture<'static, anyhow::Result<usize>> + Send + Sync + 'static,
) -> Task {
    let (pool, relay) = (pool.clone(), relay.clone());
    Task { name, period, batch_limit: BATCH_LIMIT, run: Box::new(move |now| run(pool.clone(), relay.clone(), now)) }
}

/// A broken promise is a failed task: the history and the log name the first offender of each check.
async fn find_nothing(pool: &PgPool, now: Timestamp) -> anyhow::Result<usize> {
    let report = verify(pool, now, VerifyLimits::default()).await?;
    let broken = report.checks.iter().filter_map(|outcome| Some((outcome.check, outcome.offenders.first()?)));
    let broken: Vec<_> = broken.map(|(check, offender)| format!("{check}: {offender}")).collect();
    anyhow::ensure!(broken.is_empty(), "promises are broken: {}", broken.join("; "));
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
    use clap::Parser;

    #[tokio::test]
    async fn the_settings_know_every_task_by_its_name() {
        let places = ["scheduler", "--database-url=postgres://nowhere/nothing", "--rabbitmq-url=amqp://nowhere"];
        let settings = SchedulerSettings::try_parse_from(places).expect("defaults are good");
        let pool = PgPool::connect_lazy("postgres://nowhere/nothing").expect("a URL");

        let names: Vec<_> =
            all(&settings, &pool, &Relay::default(), &Unattended::none()).iter().map(|task| task.name).collect();

        assert_eq!(names.join(","), ALL);
        assert_eq!(settings.tasks, names);
    }
}
