//! Latency histograms with microsecond resolution and three significant digits.

use super::report::Report;
use hdrhistogram::Histogram;
use std::time::Duration;

/// Longer latencies are recorded as this value.
const LONGEST_US: u64 = 600_000_000;
const DIGITS: u8 = 3;

#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_US, DIGITS).expect("the bounds are valid"))
    }
}

impl Latencies {
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST_US));
    }

    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all histograms have the same bounds");
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Adds `PREFIXp50_ms`, `PREFIXp99_ms` and `PREFIXp999_ms` to the report, unless nothing was recorded.
    pub fn add_to(&self, report: &mut Report, prefix: &str) {
        if self.0.is_empty() {
            return;
        }
        for (name, quantile) in [("p50_ms", 0.5), ("p99_ms", 0.99), ("p999_ms", 0.999)] {
            let latency = Duration::from_micros(self.0.value_at_quantile(quantile));
            report.set(&format!("{prefix}{name}"), latency.as_secs_f64() * 1_000.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_reported_in_milliseconds() {
        let mut latencies = Latencies::default();
        for milliseconds in 1..=1_000 {
            latencies.record(Duration::from_millis(milliseconds));
        }
        let mut report = Report::default();
        latencies.add_to(&mut report, "light.");
        let near = |key, expected: f64| (report.get(key).expect("a figure") - expected).abs() <= expected / 1_000.0;
        assert!(near("light.p50_ms", 500.0) && near("light.p99_ms", 990.0) && near("light.p999_ms", 999.0));
    }
}
