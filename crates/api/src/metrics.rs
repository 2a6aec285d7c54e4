//! HTTP metrics. Each router has its own registry, so that several can run in one process (tests do).

use axum::body::Bytes;
use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Upper bounds in seconds: intake responds within milliseconds, and the request timeout is 15 s.
const DURATION_BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// Nobody needs a login to read the metrics, and gathering them costs as much as an order.
const SCRAPE_AGE_MAX: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    pub in_flight: IntGauge,
    scrape: Mutex<Option<Scrape>>,
}

/// The text of a scrape, served again for [`SCRAPE_AGE_MAX`].
#[derive(Debug)]
struct Scrape {
    at: Instant,
    text: Bytes,
}

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = Opts::new("http_requests_total", "HTTP requests by method, route and status.");
        let requests = IntCounterVec::new(requests, &["method", "route", "status"])?;
        let durations = HistogramOpts::new("http_request_duration_seconds", "Duration of HTTP requests in seconds.");
        let durations = HistogramVec::new(durations.buckets(DURATION_BUCKETS.to_vec()), &["method", "route"])?;
        let in_flight = IntGauge::new("http_requests_in_flight", "HTTP requests in progress.")?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;
        Ok(Self { registry, requests, durations, in_flight, scrape: Mutex::default() })
    }

    pub fn record_response(&self, method: &str, route: &str, status: u16, elapsed: Duration) {
        self.requests.with_label_values(&[method, route, &status.to_string()]).inc();
        self.durations.with_label_values(&[method, route]).observe(elapsed.as_secs_f64());
    }

    pub fn in_flight(&self) -> u64 {
        u64::try_from(self.in_flight.get()).unwrap_or(0)
    }

    pub fn handled(&self) -> u64 {
        platform::metrics::total(&self.requests)
    }

    /// These metrics and those of the whole process, in the Prometheus text format, at most [`SCRAPE_AGE_MAX`] old.
    pub fn text(&self) -> Result<Bytes, prometheus::Error> {
        let mut scrape = self.scrape.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recent) = scrape.as_ref().filter(|scrape| scrape.at.elapsed() < SCRAPE_AGE_MAX) {
            return Ok(recent.text.clone());
        }
        let text = self.gather()?;
        *scrape = Some(Scrape { at: Instant::now(), text: text.clone() });
        Ok(text)
    }

    fn gather(&self) -> Result<Bytes, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        text.extend_from_slice(platform::metrics::text()?.as_bytes());
        Ok(text.into())
    }
}
