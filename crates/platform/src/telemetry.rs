//! Logs: one line an event, as JSON or for eyes, on standard output.

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

/// Starts logging for this process. Call once, first of all.
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

/// Whatever the filter says, nothing is logged that holds a message or a password: the broker's client writes returned
/// messages as decimal bytes (we log them ourselves, without what they hold), and at its finest level every frame and
/// the broker's URL.
fn is_payload_free(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let of_the_client = ["lapin", "amq_protocol"].iter().any(|client| target.starts_with(client));
    !(of_the_client && (*metadata.level() == Level::TRACE || target.contains("returned_messages")))
}

/// For settings: the filter as it is written, if it is one.
pub(crate) fn parse_log_filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_filter| text.to_owned()).map_err(|error| error.to_string())
}

/// Lets a line that would be written again and again through once in a while.
#[derive(Debug)]
pub struct Seldom {
    every: Duration,
    last: Mutex<Option<Instant>>,
}

impl Seldom {
    pub const fn every(every: Duration) -> Self {
        Self { every, last: Mutex::new(None) }
    }

    /// True once in the given time.
    pub fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|at| at.elapsed() >= self.every);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}

/// A duration as logs write it: milliseconds, to the microsecond.
pub fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_would_be_written_again_and_again_is_written_once_in_a_while() {
        let (seldom, always) = (Seldom::every(Duration::from_hours(1)), Seldom::every(Duration::ZERO));

        assert_eq!([(); 3].map(|()| seldom.is_due()), [true, false, false]);
        assert_eq!([(); 3].map(|()| always.is_due()), [true; 3]);
    }

    #[test]
    fn a_filter_that_is_none_is_named_with_what_is_wrong_with_it() {
        assert_eq!(parse_log_filter("info,sqlx=warn").as_deref(), Ok("info,sqlx=warn"));

        let refused = parse_log_filter("info,sqlx=loud").expect_err("loud is no level");

        assert!(refused.contains("level"), "{refused}");
    }
}
