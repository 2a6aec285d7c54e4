//! Watches which work queues have consumers. One that has none is logged once, and shown as a metric; its commands stay
//! where they are meanwhile, and sagas that wait for them lose no attempt.

use crate::metrics;
use domain::messages::Queue;
use messaging::broker::{Attendance, Probe};
use platform::lifecycle::Lifecycle;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The work queues that nobody consumes, as far as is known; cheap to clone.
#[derive(Debug, Clone)]
pub struct Unattended(watch::Receiver<Vec<Queue>>);

pub struct Watch {
    probe: Probe,
    empty_before: BTreeSet<Queue>,
    unattended: watch::Sender<Vec<Queue>>,
}

pub fn watch(probe: Probe) -> (Watch, Unattended) {
    let (unattended, known) = watch::channel(Vec::new());
    (Watch { probe, empty_before: BTreeSet::new(), unattended }, Unattended(known))
}

impl Unattended {
    pub fn now(&self) -> Vec<Queue> {
        self.0.borrow().clone()
    }

    /// When nobody watches: every queue counts as consumed.
    #[cfg(test)]
    pub fn none() -> Self {
        Self(watch::channel(Vec::new()).1)
    }
}

impl Watch {
    /// Runs until the process stops.
    pub async fn run(mut self, lifecycle: Lifecycle) {
        while !lifecycle.stopping.is_cancelled() {
            match self.probe.attendance().await {
                Ok(queues) => self.note(&queues),
                Err(error) => {
                    tracing::debug!(%error, "The queues could not be looked at");
                    metrics::queues_unknown();
                }
            }
            lifecycle.pause(LOOK_EVERY, std::future::pending()).await;
        }
    }

    /// A worker that is restarted is away for a moment: only what is seen twice counts.
    fn note(&mut self, queues: &[Attendance]) {
        metrics::queues_seen(queues);
        let work = queues.iter().filter(|queue| queue.is_work_queue() && !queue.is_attended());
        let empty: BTreeSet<Queue> = work.map(|queue| queue.queue).collect();
        let unattended: Vec<Queue> = empty.intersection(&self.empty_before).copied().collect();
        self.empty_before = empty;
        self.unattended.send_if_modified(|known| {
            for queue in unattended.iter().filter(|queue| !known.contains(queue)) {
                tracing::warn!(%queue, "Queue {queue} has no consumer: the orders that need it wait");
            }
            for queue in known.iter().filter(|queue| !unattended.contains(queue)) {
                tracing::info!(%queue, "Queue {queue} is consumed again");
            }
            let changed = *known != unattended;
            *known = unattended;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging::broker::{Links, QueueDepth};
    use platform::config::RabbitmqArgs;

    fn consumed_by(consumers: u32) -> Attendance {
        let name = Queue::Payments.to_string();
        let depth = Some(QueueDepth { name: name.clone(), messages: 7, consumers });
        Attendance { queue: Queue::Payments, name, depth }
    }

    #[tokio::test]
    async fn a_queue_counts_as_unattended_when_it_is_seen_without_a_consumer_twice() {
        let args = RabbitmqArgs { rabbitmq_url: "amqp://nowhere".into(), retry_delay_percent: 100 };
        let links = Links::new(&args, "test").expect("a url");
        let (mut watch, unattended) = watch(Probe::new(links.consuming));

        watch.note(&[consumed_by(0)]);
        assert_eq!(unattended.now(), []);
        watch.note(&[consumed_by(0)]);
        assert_eq!(unattended.now(), [Queue::Payments]);
        watch.note(&[consumed_by(1)]);
        assert_eq!(unattended.now(), []);
    }
}
