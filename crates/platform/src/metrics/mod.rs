//! Prometheus metrics, with one registry per process.
//!
//! Each crate declares its metrics in its own `metrics.rs`, with the constructors of this file, and initializes them
//! when the process starts, so that a scrape shows zeros and not gaps. Label values come from closed sets; ids and
//! other values that clients choose are never used as labels.

mod pool;
pub mod provider;
mod server;

pub use prometheus::core::{Collector, Desc};
pub use prometheus::proto::MetricFamily;
pub use prometheus::{Gauge, GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
pub use server::{listen, serve};

use prometheus::{Encoder, HistogramOpts, Opts, TextEncoder};
use sqlx::PgPool;

/// Histogram buckets in seconds for work that should take milliseconds and may take as long as its time limit.
pub const WORK_SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 180.0];

/// Histogram buckets for batch sizes.
pub const BATCH_SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

pub fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(IntCounterVec::new(Opts::new(name, help), labels))
}

pub fn int_gauge(name: &str, help: &str) -> IntGauge {
    registered(IntGauge::new(name, help))
}

pub fn int_gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    registered(IntGaugeVec::new(Opts::new(name, help), labels))
}

pub fn histogram(name: &str, help: &str, buckets: &[f64]) -> Histogram {
    registered(Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec())))
}

pub fn histograms(name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> HistogramVec {
    registered(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
}

/// Registers the metrics that every process has: its name and version, and the usage of its pools. Must be called once,
/// when the process starts.
pub fn start(process: &str, pools: &[&PgPool]) {
    let help = "Always 1; its labels name the process and its version.";
    let build = new_gauges("orderflow_build_info", help, &["process", "version"]);
    register(build.clone());
    build.with_label_values(&[process, env!("CARGO_PKG_VERSION")]).set(1.0);
    pool::watch(pools);
}

/// All metrics of the process in the Prometheus text format.
pub fn text() -> Result<String, prometheus::Error> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&prometheus::gather(), &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Not registered: for use inside a collector.
pub fn new_gauge(name: &str, help: &str) -> Gauge {
    Gauge::new(name, help).expect("the name and the labels of a metric are valid")
}

/// Not registered: for use inside a collector.
pub fn new_gauges(name: &str, help: &str, labels: &[&str]) -> GaugeVec {
    GaugeVec::new(Opts::new(name, help), labels).expect("the name and the labels of a metric are valid")
}

/// Not registered: for use inside a collector.
pub fn new_int_gauge(name: &str, help: &str) -> IntGauge {
    IntGauge::new(name, help).expect("the name and the labels of a metric are valid")
}

/// Not registered: for use inside a collector.
pub fn new_int_gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(Opts::new(name, help), labels).expect("the name and the labels of a metric are valid")
}

/// The sum of all counters of the vector.
pub fn total(counters: &IntCounterVec) -> u64 {
    let families = counters.collect();
    let series = families.iter().flat_map(MetricFamily::get_metric);
    let total: f64 = series.map(|one| one.get_counter().get_value()).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts")]
    let total = total as u64;
    total
}

/// Converts a count for a histogram.
pub fn amount(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// Registers a collector, which computes its metrics for each scrape.
///
/// # Panics
/// When it is registered twice.
pub fn register(metric: impl Collector + 'static) {
    prometheus::register(Box::new(metric)).expect("a metric is registered once");
}

/// Panics on an invalid metric: names and labels are constants, so that is a bug.
fn registered<M: Collector + Clone + 'static>(made: Result<M, prometheus::Error>) -> M {
    let metric = made.expect("the name and the labels of a metric are valid");
    register(metric.clone());
    metric
}
