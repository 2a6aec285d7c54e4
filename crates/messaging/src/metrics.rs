//! The metrics of messaging.

use crate::broker::PublishOutcome;
use domain::messages::Queue;
use platform::metrics::{
    BATCH_SIZES, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, WORK_SECONDS, amount,
    counters, histogram, histograms, int_gauges,
};
use std::sync::LazyLock;
use std::time::Duration;

static MESSAGES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Messages that a consumer has acknowledged: handled, sent to a retry queue, or sent to the dead queue.";
    counters("orderflow_messages_total", help, &["queue", "outcome"])
});

static IN_FLIGHT: LazyLock<IntGaugeVec> =
    LazyLock::new(|| int_gauges("orderflow_messages_in_flight", "Messages that are being handled.", &["queue"]));

static BATCH_MESSAGES: LazyLock<HistogramVec> = LazyLock::new(|| {
    histograms("orderflow_batch_messages", "Messages that were handled together.", &["queue"], BATCH_SIZES)
});

static BATCH_SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let help = "Time from receiving a batch to its ack.";
    histograms("orderflow_batch_duration_seconds", help, &["queue"], WORK_SECONDS)
});

static CONSUMER_BREAKS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "How often a consumer was restarted: after an error, or because deliveries did not arrive.";
    counters("orderflow_consumer_breaks_total", help, &["queue", "cause"])
});

static PUBLISHED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Messages of the outbox that the broker has confirmed or refused.";
    counters("orderflow_outbox_published_total", help, &["outcome"])
});

static PUBLISHED_TOGETHER: LazyLock<Histogram> = LazyLock::new(|| {
    let help = "Messages of the outbox that were published together.";
    histogram("orderflow_outbox_batch_messages", help, BATCH_SIZES)
});

static RELAY_FAILURES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Batches of the outbox that could not be published, by cause.";
    counters("orderflow_outbox_failures_total", help, &["cause"])
});

/// Exposes the relay's metrics; those of a queue are exposed by the processes that consume it.
pub fn register() {
    LazyLock::force(&PUBLISHED_TOGETHER);
    for outcome in ["confirmed", "refused"] {
        PUBLISHED.with_label_values(&[outcome]);
    }
    for cause in ["broker", "database", "time"] {
        RELAY_FAILURES.with_label_values(&[cause]);
    }
}

pub(crate) fn published(outcomes: &[PublishOutcome]) {
    let confirmed = outcomes.iter().filter(|outcome| **outcome == PublishOutcome::Confirmed).count();
    PUBLISHED_TOGETHER.observe(amount(outcomes.len()));
    PUBLISHED.with_label_values(&["confirmed"]).inc_by(confirmed as u64);
    PUBLISHED.with_label_values(&["refused"]).inc_by((outcomes.len() - confirmed) as u64);
}

pub(crate) fn relay_failed(cause: &str) {
    RELAY_FAILURES.with_label_values(&[cause]).inc();
}

/// How the messages of a batch ended, for the log and the metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BatchSummary {
    pub done: usize,
    pub retried: usize,
    pub dead: usize,
}

/// The metrics of one queue.
pub(crate) struct QueueMetrics {
    handled: IntCounter,
    retried: IntCounter,
    dead: IntCounter,
    messages: Histogram,
    seconds: Histogram,
    errors: IntCounter,
    silences: IntCounter,
    in_flight: IntGauge,
}

/// Messages that are being handled, until this is dropped.
pub(crate) struct InFlight(IntGauge, i64);

/// The messages of some queues that this process handles now, and those that it has finished since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    pub in_flight: u64,
    pub handled: u64,
    pub retried: u64,
    pub dead: u64,
}

/// The sums over `queues`.
pub fn traffic(queues: &[Queue]) -> Traffic {
    let name = |queue: &Queue| -> &'static str { queue.into() };
    let total = |outcome: &str| {
        queues.iter().map(|queue| MESSAGES.with_label_values(&[name(queue), outcome]).get()).sum::<u64>()
    };
    let in_flight: i64 = queues.iter().map(|queue| IN_FLIGHT.with_label_values(&[name(queue)]).get()).sum();
    Traffic {
        in_flight: u64::try_from(in_flight).unwrap_or(0),
        handled: total("handled"),
        retried: total("retried"),
        dead: total("dead"),
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.sub(self.1);
    }
}

impl QueueMetrics {
    pub fn of(queue: Queue) -> Self {
        let queue: &str = queue.into();
        let messages = |outcome: &str| MESSAGES.with_label_values(&[queue, outcome]);
        Self {
            handled: messages("handled"),
            retried: messages("retried"),
            dead: messages("dead"),
            messages: BATCH_MESSAGES.with_label_values(&[queue]),
            seconds: BATCH_SECONDS.with_label_values(&[queue]),
            errors: CONSUMER_BREAKS.with_label_values(&[queue, "error"]),
            silences: CONSUMER_BREAKS.with_label_values(&[queue, "silence"]),
            in_flight: IN_FLIGHT.with_label_values(&[queue]),
        }
    }

    /// Counts `messages` as in flight until the result is dropped.
    pub fn in_flight(&self, messages: usize) -> InFlight {
        let messages = i64::try_from(messages).unwrap_or(i64::MAX);
        self.in_flight.add(messages);
        InFlight(self.in_flight.clone(), messages)
    }

    pub fn batch_finished(&self, summary: BatchSummary, took: Duration) {
        self.handled.inc_by(summary.done as u64);
        self.retried.inc_by(summary.retried as u64);
        self.dead.inc_by(summary.dead as u64);
        self.messages.observe(amount(summary.done + summary.retried + summary.dead));
        self.seconds.observe(took.as_secs_f64());
    }

    pub fn session_failed(&self) {
        self.errors.inc();
    }

    pub fn deliveries_lost(&self) {
        self.silences.inc();
    }
}
