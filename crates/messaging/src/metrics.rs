//! What messaging counts.

use crate::broker::Arrival;
use crate::consumer::Tally;
use domain::messages::Queue;
use platform::metrics::{
    BATCH_SIZES, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, WORK_SECONDS, amount,
    counters, histogram, histograms, int_gauges,
};
use std::sync::LazyLock;
use std::time::Duration;

static MESSAGES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Messages that a consumer has let go of: handled, sent to wait for a retry, or to the dead queue.";
    counters("orderflow_messages_total", help, &["queue", "outcome"])
});

static IN_FLIGHT: LazyLock<IntGaugeVec> =
    LazyLock::new(|| int_gauges("orderflow_messages_in_flight", "Messages that are being handled.", &["queue"]));

static BATCH_MESSAGES: LazyLock<HistogramVec> = LazyLock::new(|| {
    histograms("orderflow_batch_messages", "Messages that were handled together.", &["queue"], BATCH_SIZES)
});

static BATCH_SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    let help = "From taking a batch off its queue to its ack.";
    histograms("orderflow_batch_duration_seconds", help, &["queue"], WORK_SECONDS)
});

static CONSUMER_BREAKS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "How often consuming broke off and began anew: with an error, or because deliveries did not arrive.";
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
    let help = "Batches of the outbox that could not be carried to the broker, by what was the matter.";
    counters("orderflow_outbox_failures_total", help, &["cause"])
});

/// Shows the relay's metrics; those of a queue are shown by whoever consumes it.
pub fn register() {
    LazyLock::force(&PUBLISHED_TOGETHER);
    for outcome in ["confirmed", "refused"] {
        PUBLISHED.with_label_values(&[outcome]);
    }
    for cause in ["broker", "database", "time"] {
        RELAY_FAILURES.with_label_values(&[cause]);
    }
}

pub(crate) fn carried(arrivals: &[Arrival]) {
    let confirmed = arrivals.iter().filter(|arrival| **arrival == Arrival::Confirmed).count();
    PUBLISHED_TOGETHER.observe(amount(arrivals.len()));
    PUBLISHED.with_label_values(&["confirmed"]).inc_by(confirmed as u64);
    PUBLISHED.with_label_values(&["refused"]).inc_by((arrivals.len() - confirmed) as u64);
}

pub(crate) fn not_carried(cause: &str) {
    RELAY_FAILURES.with_label_values(&[cause]).inc();
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

/// What this process did for some queues since it began, and what it is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    pub in_flight: u64,
    pub handled: u64,
    pub retried: u64,
    pub dead: u64,
}

/// Of those queues together.
pub fn traffic(queues: &[Queue]) -> Traffic {
    let name = |queue: &Queue| -> &'static str { queue.into() };
    let sum = |outcome: &str| {
        queues.iter().map(|queue| MESSAGES.with_label_values(&[name(queue), outcome]).get()).sum::<u64>()
    };
    let in_flight: i64 = queues.iter().map(|queue| IN_FLIGHT.with_label_values(&[name(queue)]).get()).sum();
    Traffic {
        in_flight: u64::try_from(in_flight).unwrap_or(0),
        handled: sum("handled"),
        retried: sum("retried"),
        dead: sum("dead"),
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
        let ended = |outcome: &str| MESSAGES.with_label_values(&[queue, outcome]);
        Self {
            handled: ended("handled"),
            retried: ended("retried"),
            dead: ended("dead"),
            messages: BATCH_MESSAGES.with_label_values(&[queue]),
            seconds: BATCH_SECONDS.with_label_values(&[queue]),
            errors: CONSUMER_BREAKS.with_label_values(&[queue, "error"]),
            silences: CONSUMER_BREAKS.with_label_values(&[queue, "silence"]),
            in_flight: IN_FLIGHT.with_label_values(&[queue]),
        }
    }

    pub fn taken(&self, messages: usize) -> InFlight {
        let messages = i64::try_from(messages).unwrap_or(i64::MAX);
        self.in_flight.add(messages);
        InFlight(self.in_flight.clone(), messages)
    }

    pub fn let_go(&self, tally: Tally, took: Duration) {
        self.handled.inc_by(tally.done as u64);
        self.retried.inc_by(tally.retried as u64);
        self.dead.inc_by(tally.dead as u64);
        self.messages.observe(amount(tally.done + tally.retried + tally.dead));
        self.seconds.observe(took.as_secs_f64());
    }

    pub fn broke_off(&self) {
        self.errors.inc();
    }

    pub fn was_deaf(&self) {
        self.silences.inc();
    }
}
