//! Starts the consumers of each queue: which slice handles which queue, one match arm each.

use crate::config::WorkerSettings;
use crate::recipients::OrderRecipients;
use domain::messages::Queue;
use inventory::Inventory;
use messaging::broker::BrokerConnections;
use messaging::consumer::{self, BatchHandler, BatchLimiter, ConsumerSettings, OneTransaction, TwoTransactions};
use messaging::{WriteContext, dead_letters};
use operations::FailedJobs;
use orders::SagaHandler;
use payments::Payments;
use platform::lifecycle::Lifecycle;
use shipping::Shipping;
use std::sync::Arc;

/// Consumers per queue whose handler calls a provider: while the batch of one waits for answers, the other continues.
const PAYMENTS_CONSUMERS: usize = 2;
const SHIPPING_CONSUMERS: usize = 2;

/// Starts the consumers of each queue that the settings name. Fails if a chosen provider has no settings.
pub fn start(
    settings: &WorkerSettings,
    write: &WriteContext,
    connections: &BrokerConnections,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let limiter = BatchLimiter::new(settings.batches_at_once());
    let spawner = ConsumerSpawner { write, connections, limiter, lifecycle };
    for queue in &settings.queues {
        match queue {
            Queue::Orders => spawner.spawn(OneTransaction(SagaHandler { time_scale: write.time_scale })),
            Queue::Inventory => {
                spawner.spawn(OneTransaction(Inventory { policy: settings.allocation.allocation_policy }));
            }
            Queue::Payments => {
                let payments = Arc::new(Payments::start(&settings.payments, &write.pool)?);
                for _ in 0..PAYMENTS_CONSUMERS {
                    spawner.spawn(TwoTransactions(Arc::clone(&payments)));
                }
            }
            Queue::Shipping => {
                let shipping = Arc::new(Shipping::start(&settings.shipping, Arc::new(OrderRecipients))?);
                for _ in 0..SHIPPING_CONSUMERS {
                    spawner.spawn(TwoTransactions(Arc::clone(&shipping)));
                }
            }
        }
        spawner.spawn_dead_letter_drain(*queue);
    }
    Ok(())
}

/// Spawns consumers, which share the pool, the relay, the connections and the batch limit of this process.
struct ConsumerSpawner<'a> {
    write: &'a WriteContext,
    connections: &'a BrokerConnections,
    limiter: BatchLimiter,
    lifecycle: &'a Lifecycle,
}

impl ConsumerSpawner<'_> {
    fn spawn<H: BatchHandler>(&self, handler: H) {
        let (write, connections, limiter) = (self.write.clone(), self.connections.clone(), self.limiter.clone());
        let (settings, lifecycle) = (ConsumerSettings::default(), self.lifecycle.clone());
        self.lifecycle.spawn(consumer::run(handler, write, connections, limiter, settings, lifecycle));
    }

    /// Stores the dead letters of the queue as failed jobs.
    fn spawn_dead_letter_drain(&self, queue: Queue) {
        let sink = FailedJobs::new(self.write.pool.clone());
        self.lifecycle.spawn(dead_letters::drain(queue, sink, self.connections.clone(), self.lifecycle.clone()));
    }
}
