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
    // Without it a panic is written to standard error as several lines, in between those of the log.
    std::panic::set_hook(Box::new(tracing_panic::panic_hook));
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
    use std::sync::Arc;

    #[test]
    fn a_panic_is_one_line_of_the_log_with_its_place() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = {
            let log = Arc::clone(&log);
            move || Writer(Arc::clone(&log))
        };
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(writer).finish();
        let panic = |payload: &'static str| {
            let panicked = std::panic::catch_unwind(|| std::panic::panic_any(payload));
            assert!(panicked.is_err());
        };

        tracing::subscriber::with_default(subscriber, || {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(tracing_panic::panic_hook));
            panic("the reason");
            std::panic::set_hook(before);
        });

        let text = String::from_utf8(log.lock().expect("not poisoned").clone()).expect("text");
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&line["level"], &line["panic.payload"]), (&"ERROR".into(), &"the reason".into()));
        assert!(line["panic.location"].as_str().is_some_and(|at| at.contains("telemetry.rs")), "{line}");
    }

    struct Writer(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_repeated_line_is_written_once_per_interval() {
        let (hourly, always) = (LogThrottle::every(Duration::from_hours(1)), LogThrottle::every(Duration::ZERO));

        assert_eq!([(); 3].map(|()| hourly.is_due()), [true, false, false]);
        assert_eq!([(); 3].map(|()| always.is_due()), [true; 3]);
    }
}
