//! What the slice counts.

use crate::security::SecurityEvent;
use platform::metrics::{IntCounterVec, counters};
use std::sync::LazyLock;
use strum::IntoEnumIterator as _;

static SECURITY_EVENTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Sign-ups, failed logins, logins refused after too many of those, used refresh tokens that came back, and \
                requests that the caller's role does not permit.";
    counters("orderflow_security_events_total", help, &["event"])
});

/// Shows the metrics of accounts.
pub fn register() {
    for event in SecurityEvent::iter() {
        SECURITY_EVENTS.with_label_values(&[<&str>::from(event)]);
    }
}

pub(crate) fn security_event(event: &'static str) {
    SECURITY_EVENTS.with_label_values(&[event]).inc();
}
