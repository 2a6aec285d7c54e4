//! The metrics of this slice.

use crate::security_event::SecurityEvent;
use platform::metrics::{IntCounterVec, counters};
use std::sync::LazyLock;
use strum::IntoEnumIterator as _;

static SECURITY_EVENTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Sign-ups, failed logins, logins refused after too many failures, reused refresh tokens, and requests \
                that the caller's role does not permit.";
    counters("orderflow_security_events_total", help, &["event"])
});

/// Registers the metrics, so that they are exported before the first event.
pub fn register() {
    for event in SecurityEvent::iter() {
        SECURITY_EVENTS.with_label_values(&[<&str>::from(event)]);
    }
}

pub(crate) fn security_event(event: &'static str) {
    SECURITY_EVENTS.with_label_values(&[event]).inc();
}
