//! Periodically measures what is pending in the database: outbox messages and sagas. Every scheduler does so, whether
//! or not it is a leader.

use crate::metrics;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::Duration;

const MEASURE_INTERVAL: Duration = Duration::from_secs(5);
/// How long a measurement may take. It normally takes milliseconds.
const MEASURE_LIMIT: Duration = Duration::from_secs(5);

/// Runs until the process stops.
pub async fn run(pool: PgPool, lifecycle: Lifecycle) {
    while !lifecycle.stopping.is_cancelled() {
        match tokio::time::timeout(MEASURE_LIMIT, operations::measure(&pool)).await {
            Ok(Ok(backlog)) => metrics::measured(&backlog, platform::clock::now()),
            Ok(Err(error)) => not_measured(&error.to_string()),
            Err(_too_slow) => not_measured("timed out"),
        }
        lifecycle.sleep_or_stop(MEASURE_INTERVAL, std::future::pending()).await;
    }
}

fn not_measured(error: &str) {
    metrics::not_measured();
    tracing::warn!(error, "Pending messages and sagas could not be measured");
}
