//! Notifies subscribers of new versions of orders. One query per interval serves all subscribers of the process;
//! without subscribers there are no queries.

use crate::store::timeline;
use domain::ids::OrderId;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::MissedTickBehavior;

/// The longest delay of a notification, apart from the query.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The orders with subscribers; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct OrderWatch(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    versions: Mutex<HashMap<OrderId, watch::Sender<i32>>>,
    subscriber_added: Notify,
}

impl OrderWatch {
    pub fn start(pool: PgPool, lifecycle: &Lifecycle) -> Self {
        let watch = Self::default();
        let (polling, stopping) = (watch.clone(), lifecycle.stopping.clone());
        lifecycle.spawn(async move {
            stopping.run_until_cancelled(polling.run_polling(&pool)).await;
        });
        watch
    }

    /// The receiver holds the last version of the order that was read; 0 before the first query.
    pub fn subscribe(&self, order: OrderId) -> watch::Receiver<i32> {
        let receiver = self.versions().entry(order).or_default().subscribe();
        self.0.subscriber_added.notify_one();
        receiver
    }

    async fn run_polling(&self, pool: &PgPool) {
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let orders = self.watched_orders();
            if orders.is_empty() {
                self.0.subscriber_added.notified().await;
                continue;
            }
            match versions(pool, &orders).await {
                Ok(current) => self.notify(current),
                // Subscribers get a later version at the next successful query, so no change is lost.
                Err(error) => tracing::debug!(%error, "The versions of watched orders could not be queried"),
            }
        }
    }

    /// The orders that still have subscribers; removes the others.
    fn watched_orders(&self) -> Vec<OrderId> {
        let mut versions = self.versions();
        versions.retain(|_, version| !version.is_closed());
        versions.keys().copied().collect()
    }

    fn notify(&self, current: Vec<(OrderId, i32)>) {
        let versions = self.versions();
        for (order, version) in current {
            if let Some(sender) = versions.get(&order) {
                sender.send_if_modified(|last| std::mem::replace(last, version) != version);
            }
        }
    }

    /// Ignores poisoning: after a panic the next query corrects the versions.
    fn versions(&self) -> MutexGuard<'_, HashMap<OrderId, watch::Sender<i32>>> {
        self.0.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn versions(pool: &PgPool, orders: &[OrderId]) -> sqlx::Result<Vec<(OrderId, i32)>> {
    timeline::versions(&mut *platform::postgres::reader(pool).await?, orders).await
}
