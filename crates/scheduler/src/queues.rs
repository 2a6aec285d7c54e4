//! Monitors which work queues have consumers. A queue without consumers is logged once and shows in the metrics. Its
//! commands stay in the queue, and sagas that wait for their replies use up no attempts.

use crate::metrics;
use domain::messages::Queue;
use messaging::broker::{QueueInspector, QueueStatus};
use platform::lifecycle::Lifecycle;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;

/// How often the queues are inspected.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The work queues without consumers, as of the last inspection; cheap to clone.
#[derive(Debug, Clone)]
pub struct UnconsumedQueues(watch::Receiver<Vec<Queue>>);

/// Inspects the queues periodically and publishes [`UnconsumedQueues`].
pub struct QueueMonitor {
    inspector: QueueInspector,
    /// The queues that had no consumers at the previous inspection.
    suspected: BTreeSet<Queue>,
    unconsumed: watch::Sender<Vec<Queue>>,
}

/// Creates the monitor and the handle on its result.
pub fn monitor(inspector: QueueInspector) -> (QueueMonitor, UnconsumedQueues) {
    let (unconsumed, receiver) = watch::channel(Vec::new());
    (QueueMonitor { inspector, suspected: BTreeSet::new(), unconsumed }, UnconsumedQueues(receiver))
}

impl UnconsumedQueues {
    pub fn now(&self) -> Vec<Queue> {
        self.0.borrow().clone()
    }

    /// Without a monitor: every queue counts as consumed.
    #[cfg(test)]
    pub fn none() -> Self {
        Self(watch::channel(Vec::new()).1)
    }
}

impl QueueMonitor {
    /// Runs until the process stops.
    pub async fn run(mut self, lifecycle: Lifecycle) {
        while !lifecycle.stopping.is_cancelled() {
            match self.inspector.queue_status().await {
                Ok(queues) => self.update(&queues),
                Err(error) => {
                    tracing::debug!(%error, "The queues could not be inspected");
                    metrics::queues_unknown();
                }
            }
            lifecycle.sleep_or_stop(POLL_INTERVAL, std::future::pending()).await;
        }
    }

    /// A queue counts as unconsumed after two inspections without consumers: a worker may be restarting.
    fn update(&mut self, queues: &[QueueStatus]) {
        metrics::queues_inspected(queues);
        let work = queues.iter().filter(|queue| queue.is_work_queue() && !queue.has_consumers());
        let without_consumers: BTreeSet<Queue> = work.map(|queue| queue.queue).collect();
        let unconsumed: Vec<Queue> = without_consumers.intersection(&self.suspected).copied().collect();
        self.suspected = without_consumers;
        self.unconsumed.send_if_modified(|known| {
            for queue in unconsumed.iter().filter(|queue| !known.contains(queue)) {
                tracing::warn!(%queue, "Queue {queue} has no consumer: orders that need it must wait");
            }
            for queue in known.iter().filter(|queue| !unconsumed.contains(queue)) {
                tracing::info!(%queue, "Queue {queue} has a consumer again");
            }
            let changed = *known != unconsumed;
            *known = unconsumed;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging::broker::{BrokerConnections, QueueDepth};
    use platform::config::{MessageSigningArgs, RabbitmqArgs};

    fn consumed_by(consumers: u32) -> QueueStatus {
        let name = Queue::Payments.to_string();
        let depth = Some(QueueDepth { name: name.clone(), messages: 7, consumers });
        QueueStatus { queue: Queue::Payments, name, depth }
    }

    #[tokio::test]
    async fn a_queue_counts_as_unconsumed_after_two_inspections_without_a_consumer() {
        let args = RabbitmqArgs {
            rabbitmq_url: "amqp://nowhere".into(),
            retry_delay_percent: 100,
            rabbitmq_ca_file: None,
            signing: MessageSigningArgs::default(),
        };
        let connections = BrokerConnections::new(&args, "test").expect("a url");
        let (mut monitor, unconsumed) = monitor(QueueInspector::new(connections.consuming));

        monitor.update(&[consumed_by(0)]);
        assert_eq!(unconsumed.now(), []);
        monitor.update(&[consumed_by(0)]);
        assert_eq!(unconsumed.now(), [Queue::Payments]);
        monitor.update(&[consumed_by(1)]);
        assert_eq!(unconsumed.now(), []);
    }
}
