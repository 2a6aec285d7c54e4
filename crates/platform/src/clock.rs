//! The one place that reads the clock. Doors read it once and pass it on; rules get it as an argument.

use chrono::{DateTime, SubsecRound, Utc};

/// Now, in microseconds as Postgres keeps it, so that a value and its re-read are equal.
#[expect(clippy::disallowed_methods, reason = "everybody else calls this")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
