//! Measures, every so often, what waits. Each scheduler does so by itself, whoever leads.

use crate::metrics;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::Duration;

const MEASURE_EVERY: Duration = Duration::from_secs(5);
/// A measurement takes milliseconds, or the database is in trouble.
const MEASURE_LIMIT: Duration = Duration::from_secs(5);

/// Runs until the process stops.
pub async fn run(pool: PgPool, lifecycle: Lifecycle) {
    while !lifecycle.stopping.is_cancelled() {
        match tokio::time::timeout(MEASURE_LIMIT, operations::measure(&pool)).await {
            Ok(Ok(waiting)) => metrics::measured(&waiting, platform::clock::now()),
            Ok(Err(error)) => not_measured(&error.to_string()),
            Err(_too_slow) => not_measured("it took too long"),
        }
        lifecycle.pause(MEASURE_EVERY, std::future::pending()).await;
    }
}

fn not_measured(error: &str) {
    metrics::not_measured();
    tracing::warn!(error, "What waits could not be measured");
}
