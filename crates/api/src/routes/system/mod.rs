//! Health, processes and metrics.

mod flow;
pub mod health;
pub mod live;
pub mod metrics;
pub mod ready;
pub mod workers;

use std::time::Duration;

/// A dependency that does not respond within this time counts as down.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
