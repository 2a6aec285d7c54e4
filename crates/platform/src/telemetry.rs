//! Logs on standard output: one line per event, as JSON or in a format for people.

use crate::config::{LogFormat, TelemetryArgs};
use anyhow::Context as _;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging for this process. Must be called once, before anything else.
pub fn start(args: &TelemetryArgs) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log_filter).context("RUST_LOG")?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_span_events(FmtSpan::NONE);
    let payload_free = filter_fn(is_payload_free);
    match args.log_format {
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_current_span(true).with_span_list(false);
            builder.finish().with(payload_free).try_init()?;
        }
        LogFormat::Pretty => {
            builder.with_ansi(std::io::stdout().is_terminal()).finish().with(payload_free).try_init()?;
        }
    }
    Ok(())
}

/// Excludes events that contain message data or passwords, whatever the log filter allows. The AMQP client logs
/// returned messages as decimal bytes (the relay logs them without their data), and at level TRACE every frame and the
/// broker's URL.
fn is_payload_free(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let is_amqp_client = ["lapin", "amq_protocol"].iter().any(|client| target.starts_with(client));
    !(is_amqp_client && (*metadata.level() == Level::TRACE || target.contains("returned_messages")))
}

/// Limits how often a repeated log line is written.
#[derive(Debug)]
pub struct LogThrottle {
    every: Duration,
    last: Mutex<Option<Instant>>,
}

impl LogThrottle {
    pub const fn every(every: Duration) -> Self {
        Self { every, last: Mutex::new(None) }
    }

    /// True at most once per interval.
    pub fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|at| at.elapsed() >= self.every);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}

/// A duration in the log format: milliseconds with three decimals.
pub fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_line_is_written_once_per_interval() {
        let (hourly, always) = (LogThrottle::every(Duration::from_hours(1)), LogThrottle::every(Duration::ZERO));

        assert_eq!([(); 3].map(|()| hourly.is_due()), [true, false, false]);
        assert_eq!([(); 3].map(|()| always.is_due()), [true; 3]);
    }
}
