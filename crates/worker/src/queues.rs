//! Which slice hears which queue: one row each.

use crate::config::WorkerSettings;
use domain::messages::Queue;
use inventory::Inventory;
use messaging::broker::Links;
use messaging::consumer::{self, AroundProvider, ConsumerSettings, InOneTransaction, Turns, Work};
use messaging::{Relay, dead};
use operations::FailedJobs;
use orders::SagaHandler;
use payments::Payments;
use payments::gateway::simulated::SimulatedGateway;
use platform::lifecycle::Lifecycle;
use shipping::Shipping;
use shipping::carriers::simulated::SimulatedCarrier;
use sqlx::PgPool;
use std::sync::Arc;

/// How many batches of a queue with a provider behind it are under way at once: while one waits for its answers, the
/// others go on.
const PAYMENTS_CONSUMERS: usize = 2;
const SHIPPING_CONSUMERS: usize = 2;

/// Starts the consumers of each queue that the settings name.
pub fn start(settings: &WorkerSettings, pool: &PgPool, links: &Links, relay: &Relay, lifecycle: &Lifecycle) {
    let hall = Hall { pool, links, relay, turns: Turns::new(settings.batches_at_once()), lifecycle };
    for queue in &settings.queues {
        match queue {
            Queue::Orders => hall.open(InOneTransaction(SagaHandler { pace: settings.saga.pace() })),
            Queue::Inventory => hall.open(InOneTransaction(Inventory)),
            Queue::Payments => {
                let gateway = SimulatedGateway::start(pool.clone(), &settings.payments);
                let payments = Arc::new(Payments::new(gateway, &settings.payments));
                for _ in 0..PAYMENTS_CONSUMERS {
                    hall.open(AroundProvider(Arc::clone(&payments)));
                }
            }
            Queue::Shipping => {
                let carrier = SimulatedCarrier::new(&settings.shipping);
                let shipping = Arc::new(Shipping::new(carrier, &settings.shipping));
                for _ in 0..SHIPPING_CONSUMERS {
                    hall.open(AroundProvider(Arc::clone(&shipping)));
                }
            }
        }
        hall.drain(*queue);
    }
}

/// What every consumer of this process shares.
struct Hall<'a> {
    pool: &'a PgPool,
    links: &'a Links,
    relay: &'a Relay,
    turns: Turns,
    lifecycle: &'a Lifecycle,
}

impl Hall<'_> {
    fn open<W: Work>(&self, work: W) {
        let (pool, links) = (self.pool.clone(), self.links.clone());
        let (relay, turns) = (self.relay.clone(), self.turns.clone());
        let settings = ConsumerSettings::default();
        self.lifecycle.spawn(consumer::run(work, pool, links, relay, turns, settings, self.lifecycle.clone()));
    }

    /// What dies in the queue becomes a failed job.
    fn drain(&self, queue: Queue) {
        let keeper = FailedJobs::new(self.pool.clone());
        self.lifecycle.spawn(dead::drain(queue, keeper, self.links.clone(), self.lifecycle.clone()));
    }
}
