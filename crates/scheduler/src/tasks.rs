//! The list of tasks: name, period and function of each. Every task is safe to run in two schedulers at once: it locks
//! the rows that it processes, skips locked ones, and checks its preconditions.

use crate::config::SchedulerSettings;
use crate::driver::{BATCH_MAX, Task};
use crate::erasures::complete_erasures;
use crate::queues::UnconsumedQueues;
use crate::retention::Retention;
use crate::task_name::TaskName;
use domain::Timestamp;
use futures::future::BoxFuture;
use messaging::{WriteContext, inbox};
use operations::verify::{VerifyLimits, verify};
use payments::gateway::GatewaySettings;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use strum::IntoEnumIterator as _;

/// How long the history of task runs is kept.
const HISTORY_DAYS: i64 = 7;
const ROWS_MAX: u32 = BATCH_MAX as u32;

const EVERY_HALF_SECOND: Duration = Duration::from_millis(500);
const EVERY_SECOND: Duration = Duration::from_secs(1);
const EVERY_5_S: Duration = Duration::from_secs(5);
const EVERY_30_S: Duration = Duration::from_secs(30);
const EVERY_MINUTE: Duration = Duration::from_mins(1);
const EVERY_10_MIN: Duration = Duration::from_mins(10);
const EVERY_HOUR: Duration = Duration::from_hours(1);

/// How long a batch of an ordinary task may take, and how long `verify` may take.
const BATCH_LIMIT: Duration = Duration::from_mins(1);
const VERIFY_LIMIT: Duration = Duration::from_mins(15);
/// How long reading the reports and the ledger of the last days may take.
const SETTLEMENTS_LIMIT: Duration = Duration::from_mins(15);

/// All tasks.
pub fn all(settings: &SchedulerSettings, context: &WriteContext, unconsumed: &UnconsumedQueues) -> Vec<Task> {
    let (levels, ttl) = (settings.delays.levels(), settings.upkeep.reservation_ttl());
    let reconcile_after = settings.reconcile.min_age();
    let keys = settings.keys;
    let task_of = |name| match name {
        TaskName::WakeStalledSagas => {
            let unconsumed = unconsumed.clone();
            task(name, EVERY_HALF_SECOND, context, move |context, now| {
                let unconsumed = unconsumed.now();
                Box::pin(async move { Ok(orders::wake_stalled_sagas(&context, &unconsumed, now, BATCH_MAX).await?) })
            })
        }
        TaskName::WakeStalledReturns => returns_task(name, unconsumed.clone(), context),
        TaskName::AdvanceShipments => {
            let carriers = settings.carriers.clone();
            task(name, EVERY_HALF_SECOND, context, move |context, now| {
                let carriers = carriers.clone();
                Box::pin(async move { Ok(shipping::advance_shipments(&carriers, &context, now, ROWS_MAX).await?) })
            })
        }
        TaskName::MarkDelayedShipments => {
            let levels = levels.clone();
            task(name, EVERY_5_S, context, move |context, now| {
                let levels = levels.clone();
                Box::pin(async move { Ok(shipping::mark_delayed_shipments(&context, &levels, now, ROWS_MAX).await?) })
            })
        }
        TaskName::QueryStaleReservations => task(name, EVERY_MINUTE, context, move |context, now| {
            Box::pin(async move { Ok(inventory::query_stale_reservations(&context, ttl, now, ROWS_MAX).await?) })
        }),
        TaskName::CheckLowStock => task(name, EVERY_MINUTE, context, move |context, now| {
            Box::pin(async move { Ok(inventory::check_low_stock(&context.pool, now, ROWS_MAX).await?) })
        }),
        TaskName::FillBackorders => backorders_task(name, context),
        TaskName::ReconcilePayments => task(name, EVERY_30_S, context, move |context, now| {
            Box::pin(async move { Ok(payments::reconcile_payments(&context, reconcile_after, now, ROWS_MAX).await?) })
        }),
        TaskName::ReauthorizePayments => reauthorizations_task(name, settings.authorizations, context),
        TaskName::SummarizeSettlements => settlements_task(name, &settings.payment_gateways, context),
        TaskName::ReplayFailedJobs => task(name, EVERY_HALF_SECOND, context, move |context, now| {
            Box::pin(async move { Ok(operations::replays::run_replays(&context, now).await?) })
        }),
        TaskName::ExpireIdempotencyKeys => task(name, EVERY_MINUTE, context, move |context, now| {
            Box::pin(async move { expire_keys(&context.pool, keys.kept_since(now)).await })
        }),
        TaskName::PruneInbox => inbox_task(name, context),
        TaskName::PruneRefreshTokens => task(name, EVERY_10_MIN, context, move |context, now| {
            Box::pin(async move { counted(accounts::prune_refresh_tokens(&context.pool, now, ROWS_MAX).await?) })
        }),
        TaskName::PruneHistory => task(name, EVERY_10_MIN, context, move |context, now| {
            Box::pin(async move {
                counted(operations::schedule::prune(&context.pool, before(now, HISTORY_DAYS), ROWS_MAX).await?)
            })
        }),
        TaskName::ApplyRetention => retention_task(name, Retention::new(settings.retention), context),
        TaskName::CompleteErasures => task(name, EVERY_5_S, context, move |context, now| {
            Box::pin(async move { complete_erasures(&context.pool, now).await })
        }),
        TaskName::Verify => Task {
            batch_limit: VERIFY_LIMIT,
            ..task(name, settings.verify_period(), context, move |context, now| {
                Box::pin(async move { verify_all(&context.pool, now).await })
            })
        },
    };
    TaskName::iter().map(task_of).collect()
}

fn task(
    name: TaskName,
    period: Duration,
    context: &WriteContext,
    run: impl Fn(WriteContext, Timestamp) -> BoxFuture<'static, anyhow::Result<usize>> + Send + Sync + 'static,
) -> Task {
    let context = context.clone();
    Task { name: name.into(), period, batch_limit: BATCH_LIMIT, run: Box::new(move |now| run(context.clone(), now)) }
}

fn backorders_task(name: TaskName, context: &WriteContext) -> Task {
    task(name, EVERY_SECOND, context, move |context, now| {
        Box::pin(async move { Ok(inventory::fill_backorders(&context, now, ROWS_MAX).await?) })
    })
}

fn returns_task(name: TaskName, unconsumed: UnconsumedQueues, context: &WriteContext) -> Task {
    task(name, EVERY_5_S, context, move |context, now| {
        let unconsumed = unconsumed.now();
        Box::pin(async move { Ok(orders::wake_stalled_returns(&context, &unconsumed, now, BATCH_MAX).await?) })
    })
}

fn reauthorizations_task(name: TaskName, settings: orders::AuthorizationArgs, context: &WriteContext) -> Task {
    let reauthorized_after = settings.reauthorized_after();
    task(name, EVERY_30_S, context, move |context, now| {
        Box::pin(async move {
            let Some(reauthorized_after) = reauthorized_after else { return Ok(0) };
            Ok(orders::reauthorize_payments(&context, reauthorized_after, now, BATCH_MAX).await?)
        })
    })
}

fn inbox_task(name: TaskName, context: &WriteContext) -> Task {
    task(name, EVERY_MINUTE, context, move |context, now| {
        let kept_since = before(now, inbox::KEPT_DAYS);
        Box::pin(async move { counted(inbox::prune(&context.pool, kept_since, ROWS_MAX.into()).await?) })
    })
}

fn retention_task(name: TaskName, retention: Retention, context: &WriteContext) -> Task {
    let retention = Arc::new(retention);
    task(name, EVERY_10_MIN, context, move |context, now| {
        let retention = Arc::clone(&retention);
        Box::pin(async move { retention.run(&context.pool, now).await })
    })
}

fn settlements_task(name: TaskName, gateways: &GatewaySettings, context: &WriteContext) -> Task {
    let gateways: Arc<[_]> = gateways.start(&context.pool).into();
    let task = task(name, EVERY_HOUR, context, move |context, now| {
        let gateways = Arc::clone(&gateways);
        Box::pin(async move { Ok(payments::summarize_settlements(&context.pool, &gateways, now).await?) })
    });
    Task { batch_limit: SETTLEMENTS_LIMIT, ..task }
}

async fn expire_keys(pool: &PgPool, kept_since: Timestamp) -> anyhow::Result<usize> {
    let keys = orders::prune_keys(pool, kept_since, ROWS_MAX).await?;
    let responses = operations::idempotent_responses::prune_responses(pool, kept_since, ROWS_MAX).await?;
    counted(keys + responses)
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
    use crate::task_name::TASK_NAMES;
    use clap::Parser;

    #[tokio::test]
    async fn the_default_setting_names_every_task() {
        let arguments = ["scheduler", "--database-url=postgres://nowhere/nothing", "--rabbitmq-url=amqp://nowhere"];
        let settings = SchedulerSettings::try_parse_from(arguments).expect("defaults are good");
        let pool = PgPool::connect_lazy("postgres://nowhere/nothing").expect("a URL");

        let names: Vec<_> =
            all(&settings, &WriteContext::of(pool), &UnconsumedQueues::none()).iter().map(|task| task.name).collect();

        assert_eq!(names.join(","), *TASK_NAMES);
        assert_eq!(settings.tasks, names);
    }
}
