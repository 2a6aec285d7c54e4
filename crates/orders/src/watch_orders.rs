//! Tells those who follow an order that something has happened to it. One look at the database serves all who follow in
//! this process, however many they are, and nobody looks while nobody follows.

use crate::store::timeline;
use domain::ids::OrderId;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::MissedTickBehavior;

/// How old news may be.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The orders that are followed; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct FollowedOrders(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    versions: Mutex<HashMap<OrderId, watch::Sender<i32>>>,
    somebody_came: Notify,
}

impl FollowedOrders {
    pub fn start(pool: PgPool, lifecycle: &Lifecycle) -> Self {
        let followed = Self::default();
        let (looking, stopping) = (followed.clone(), lifecycle.stopping.clone());
        lifecycle.spawn(async move {
            stopping.run_until_cancelled(looking.keep_looking(&pool)).await;
        });
        followed
    }

    /// Shows the version that the order was last seen at: nought until somebody has looked.
    pub fn follow(&self, order: OrderId) -> watch::Receiver<i32> {
        let receiver = self.versions().entry(order).or_default().subscribe();
        self.0.somebody_came.notify_one();
        receiver
    }

    async fn keep_looking(&self, pool: &PgPool) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let orders = self.still_followed();
            if orders.is_empty() {
                self.0.somebody_came.notified().await;
                continue;
            }
            match versions(pool, &orders).await {
                Ok(seen) => self.tell(seen),
                // They wait, and lose nothing by it.
                Err(error) => tracing::debug!(%error, "Followed orders could not be looked at"),
            }
        }
    }

    fn still_followed(&self) -> Vec<OrderId> {
        let mut versions = self.versions();
        versions.retain(|_, version| !version.is_closed());
        versions.keys().copied().collect()
    }

    fn tell(&self, seen: Vec<(OrderId, i32)>) {
        let versions = self.versions();
        for (order, now) in seen {
            if let Some(version) = versions.get(&order) {
                version.send_if_modified(|known| std::mem::replace(known, now) != now);
            }
        }
    }

    /// What a panic may have left is as good as any: the next look puts it right.
    fn versions(&self) -> MutexGuard<'_, HashMap<OrderId, watch::Sender<i32>>> {
        self.0.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn versions(pool: &PgPool, orders: &[OrderId]) -> sqlx::Result<Vec<(OrderId, i32)>> {
    timeline::versions(&mut *pool.acquire().await?, orders).await
}
