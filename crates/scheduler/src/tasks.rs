//! Which tasks there are: name, period, function; one row each.

use crate::config::SchedulerSettings;
use crate::driver::{BATCH_MAX, Task};
use domain::Timestamp;
use futures::future::BoxFuture;
use messaging::Waker;
use sqlx::PgPool;
use std::time::Duration;

/// How long readers remember what they took: longer than any message may still come again.
const INBOX_DAYS: i64 = 14;

/// All tasks of the house.
pub fn all(settings: &SchedulerSettings, pool: &PgPool, waker: &Waker) -> Vec<Task> {
    let (patience, pace) = (settings.saga.pace(), settings.shipping.pace());
    let key_life = chrono::Duration::seconds(settings.idempotency_ttl_seconds.into());
    let hands = (pool.clone(), waker.clone());
    vec![
        task("wake_stalled_sagas", Duration::from_millis(500), &hands, move |pool, waker, now| {
            Box::pin(async move { Ok(orders::wake_stalled_sagas(&pool, &waker, patience, now, BATCH_MAX).await?) })
        }),
        task("move_simulated_shipments", Duration::from_millis(500), &hands, move |pool, waker, now| {
            Box::pin(async move {
                Ok(shipping::move_simulated_shipments(&pool, &waker, &pace, now, BATCH_MAX.into()).await?)
            })
        }),
        task("expire_idempotency_keys", Duration::from_mins(1), &hands, move |pool, _waker, now| {
            Box::pin(
                async move { Ok(usize::try_from(orders::prune_keys(&pool, now - key_life, BATCH_MAX.into()).await?)?) },
            )
        }),
        task("prune_inbox", Duration::from_mins(1), &hands, move |pool, _waker, now| {
            let before = now - chrono::Duration::days(INBOX_DAYS);
            Box::pin(
                async move { Ok(usize::try_from(messaging::inbox::prune(&pool, before, BATCH_MAX.into()).await?)?) },
            )
        }),
    ]
}

fn task(
    name: &'static str,
    period: Duration,
    (pool, waker): &(PgPool, Waker),
    run: impl Fn(PgPool, Waker, Timestamp) -> BoxFuture<'static, anyhow::Result<usize>> + Send + Sync + 'static,
) -> Task {
    let (pool, waker) = (pool.clone(), waker.clone());
    Task { name, period, run: Box::new(move |now| run(pool.clone(), waker.clone(), now)) }
}
