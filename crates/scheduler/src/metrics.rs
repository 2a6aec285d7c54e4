//! The metrics of the scheduler. The gauges of pending work are exposed only while their measurement is fresh: while
//! the database is unavailable, a frozen gauge would hide that its value is unknown.

use domain::Timestamp;
use domain::saga::PhaseName;
use messaging::broker::QueueStatus;
use operations::processes::ProcessCounts;
use operations::{Backlog, MEASURED_MAX, OutboxDepth};
use platform::metrics::{
    Collector, Desc, Gauge, GaugeVec, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, MetricFamily, WORK_SECONDS,
    counters, histograms, int_gauge, int_gauges, new_gauge, new_gauges, new_int_gauge, new_int_gauges, total,
};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a measurement is exposed: two measurements in a row may fail.
const FRESH: Duration = Duration::from_secs(15);
/// The phases of an open saga.
const PHASES: [PhaseName; 4] = [PhaseName::Running, PhaseName::Undoing, PhaseName::Delivering, PhaseName::Stuck];

static MEASUREMENTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    counters("orderflow_measurements_total", "Measurements of the work that is pending in the database.", &["outcome"])
});

static MEASURED_AT: LazyLock<IntGauge> = LazyLock::new(|| {
    let help = "When the work that is pending in the database was last measured; a measurement is exposed for 15 s.";
    int_gauge("orderflow_measured_timestamp_seconds", help)
});

static RUNS: LazyLock<IntCounterVec> =
    LazyLock::new(|| counters("orderflow_task_runs_total", "Runs of scheduled tasks.", &["task", "result"]));

static RUN_SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    histograms("orderflow_task_duration_seconds", "How long a run of a scheduled task took.", &["task"], WORK_SECONDS)
});

static REMOVED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Orders, audit records and failed jobs that were removed because their time has passed.";
    counters("orderflow_retention_removed_total", help, &["kind"])
});

static RUNNING: LazyLock<IntGauge> =
    LazyLock::new(|| int_gauge("orderflow_tasks_running", "Scheduled tasks that are running."));

static QUEUE_MESSAGES: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    let help = "Messages that are ready in a work queue or a dead queue, as reported by the broker.";
    int_gauges("orderflow_queue_messages", help, &["queue"])
});

static QUEUE_CONSUMERS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    let help = "Consumers of a work queue or a dead queue; a queue that does not exist has 0.";
    int_gauges("orderflow_queue_consumers", help, &["queue"])
});

static BACKLOG: LazyLock<BacklogGauges> = LazyLock::new(BacklogGauges::new);

struct BacklogGauges {
    outbox_messages: IntGauge,
    outbox_oldest: Gauge,
    sagas_open: IntGaugeVec,
    saga_oldest: GaugeVec,
    saga_overdue: Gauge,
    settlements_differing: IntGauge,
    measured_at: Mutex<Option<Instant>>,
}

/// Collects [`BACKLOG`] for each scrape.
struct BacklogCollector;

/// Registers the metrics.
pub fn register() {
    platform::metrics::register(BacklogCollector);
    LazyLock::force(&MEASURED_AT);
    LazyLock::force(&RUNNING);
    for kind in ["orders", "audit_records", "failed_jobs"] {
        removed(kind, 0);
    }
    for outcome in ["done", "failed"] {
        MEASUREMENTS.with_label_values(&[outcome]);
    }
}

/// Counts a task as running until it is dropped.
pub struct Running;

impl Running {
    pub fn begin() -> Self {
        RUNNING.inc();
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.dec();
    }
}

/// Counts a finished run; `result` is `done`, `idle` or `failed`.
pub fn ran(task: &str, result: &str, took: Duration) {
    RUNS.with_label_values(&[task, result]).inc();
    RUN_SECONDS.with_label_values(&[task]).observe(took.as_secs_f64());
}

/// Counts what the retention has removed.
pub fn removed(kind: &str, rows: u64) {
    REMOVED.with_label_values(&[kind]).inc_by(rows);
}

/// The counts of this process, for its heartbeats.
pub fn process_counts() -> ProcessCounts {
    ProcessCounts {
        in_flight: u64::try_from(RUNNING.get()).unwrap_or(0),
        handled: total(&RUNS),
        ..ProcessCounts::default()
    }
}

pub fn measured(backlog: &Backlog, now: Timestamp) {
    BACKLOG.show(backlog, Instant::now());
    MEASURED_AT.set(now.timestamp());
    MEASUREMENTS.with_label_values(&["done"]).inc();
}

pub fn not_measured() {
    MEASUREMENTS.with_label_values(&["failed"]).inc();
}

pub fn queues_inspected(queues: &[QueueStatus]) {
    for QueueStatus { name, depth, .. } in queues {
        let (messages, consumers) = depth.as_ref().map_or((0, 0), |depth| (depth.messages, depth.consumers));
        QUEUE_MESSAGES.with_label_values(&[name]).set(messages.into());
        QUEUE_CONSUMERS.with_label_values(&[name]).set(consumers.into());
    }
}

/// Removes the metrics of all queues until they are inspected again.
pub fn queues_unknown() {
    QUEUE_MESSAGES.reset();
    QUEUE_CONSUMERS.reset();
}

impl BacklogGauges {
    fn new() -> Self {
        let phase = &["phase"];
        Self {
            outbox_messages: new_int_gauge(
                "orderflow_outbox_messages",
                &format!("Messages that are not yet published; at most {MEASURED_MAX} are counted."),
            ),
            outbox_oldest: new_gauge(
                "orderflow_outbox_oldest_seconds",
                "How long the oldest unpublished message has waited; 0 when there is none.",
            ),
            sagas_open: new_int_gauges(
                "orderflow_sagas_open",
                &format!("Open sagas; at most the {MEASURED_MAX} with the nearest deadlines are counted."),
                phase,
            ),
            saga_oldest: new_gauges(
                "orderflow_saga_oldest_seconds",
                "How long ago the oldest order whose saga is in this phase was accepted; 0 when there is none.",
                phase,
            ),
            saga_overdue: new_gauge(
                "orderflow_saga_overdue_seconds",
                "How long the most overdue saga is past its deadline; more than a few seconds means that no scheduler \
                 wakes stalled sagas.",
            ),
            settlements_differing: new_int_gauge(
                "orderflow_settlements_differing",
                "Settlements of the last 31 days in which a gateway reports other sums than the money ledger has.",
            ),
            measured_at: Mutex::default(),
        }
    }

    fn show(&self, Backlog { outbox, sagas, overdue_seconds, differing_settlements }: &Backlog, at: Instant) {
        let OutboxDepth { messages, oldest_seconds } = *outbox;
        self.outbox_messages.set(messages);
        self.outbox_oldest.set(oldest_seconds);
        for phase in PHASES {
            let found = sagas.iter().find(|sagas| sagas.phase == phase);
            self.sagas_open.with_label_values(&[<&str>::from(phase)]).set(found.map_or(0, |sagas| sagas.active_sagas));
            self.saga_oldest
                .with_label_values(&[<&str>::from(phase)])
                .set(found.map_or(0.0, |sagas| sagas.oldest_seconds));
        }
        self.saga_overdue.set(*overdue_seconds);
        self.settlements_differing.set(*differing_settlements);
        *self.measured_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    fn collect_at(&self, now: Instant) -> Vec<MetricFamily> {
        let measured_at = *self.measured_at.lock().unwrap_or_else(PoisonError::into_inner);
        match measured_at {
            Some(at) if now.duration_since(at) < FRESH => {
                self.parts().into_iter().flat_map(Collector::collect).collect()
            }
            _ => Vec::new(),
        }
    }

    fn parts(&self) -> [&dyn Collector; 6] {
        [
            &self.outbox_messages,
            &self.outbox_oldest,
            &self.sagas_open,
            &self.saga_oldest,
            &self.saga_overdue,
            &self.settlements_differing,
        ]
    }
}

impl Collector for BacklogCollector {
    fn desc(&self) -> Vec<&Desc> {
        BACKLOG.parts().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        BACKLOG.collect_at(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use operations::PhaseBacklog;

    #[test]
    fn a_measurement_is_exposed_while_it_is_fresh_and_never_afterwards() {
        let (gauges, noon) = (BacklogGauges::new(), Instant::now());
        let names = |at| gauges.collect_at(at).iter().map(|family| family.name().to_owned()).collect::<Vec<_>>();
        let before = names(noon);

        let stuck = PhaseBacklog { phase: PhaseName::Stuck, active_sagas: 3, oldest_seconds: 60.0 };
        let outbox = OutboxDepth { messages: 7, oldest_seconds: 1.5 };
        gauges.show(&Backlog { outbox, sagas: vec![stuck], overdue_seconds: 0.0, differing_settlements: 0 }, noon);

        assert!(before.is_empty(), "nothing is measured yet: {before:?}");
        assert_eq!(names(noon + FRESH / 2).len(), 6);
        assert!(names(noon + FRESH).is_empty(), "the measurement is too old");
    }

    #[test]
    fn a_phase_without_sagas_shows_zero() {
        let gauges = BacklogGauges::new();
        let running = PhaseBacklog { phase: PhaseName::Running, active_sagas: 2, oldest_seconds: 9.0 };
        let outbox = OutboxDepth { messages: 0, oldest_seconds: 0.0 };
        gauges.show(
            &Backlog { outbox, sagas: vec![running], overdue_seconds: 0.0, differing_settlements: 0 },
            Instant::now(),
        );

        gauges.show(
            &Backlog { outbox, sagas: Vec::new(), overdue_seconds: 0.0, differing_settlements: 0 },
            Instant::now(),
        );

        let open = |phase| gauges.sagas_open.with_label_values(&[<&str>::from(phase)]).get();
        assert_eq!(PHASES.map(open), [0; 4]);
    }
}
