//! The running processes, by their heartbeats.

pub use crate::model::processes::{ProcessCounts, ProcessInfo, ProcessView, Role};

use crate::store;
use domain::Timestamp;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The interval between the heartbeats of a process.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);
/// A process without a heartbeat for this long is not considered alive.
pub const SILENT_AFTER: Duration = Duration::from_secs(15);
/// Maximum number of processes that are listed.
pub const LISTED_MAX: u32 = 200;

impl ProcessInfo {
    /// Describes the current process, which has just started.
    pub fn of_current_process(
        role: Role,
        version: &'static str,
        assignments: Vec<String>,
        started_at: Timestamp,
    ) -> Self {
        Self { id: Uuid::now_v7(), role, host: host(), pid: std::process::id(), version, assignments, started_at }
    }

    /// A readable name: role, host and pid.
    pub fn name(&self) -> String {
        format!("{}@{}:{}", self.role, self.host, self.pid)
    }
}

/// Stores a heartbeat periodically until the process stops, and then deregisters it.
pub async fn run_heartbeat(
    pool: PgPool,
    process: ProcessInfo,
    counts: impl Fn() -> ProcessCounts + Send,
    lifecycle: Lifecycle,
) {
    while !lifecycle.stopping.is_cancelled() {
        match tokio::time::timeout(HEARTBEAT_INTERVAL, heartbeat(&pool, &process, counts())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "A heartbeat could not be stored"),
            Err(_late) => tracing::warn!("A heartbeat was not stored in time"),
        }
        lifecycle.sleep_or_stop(HEARTBEAT_INTERVAL, std::future::pending()).await;
    }
    if !matches!(tokio::time::timeout(HEARTBEAT_INTERVAL, deregister(&pool, &process)).await, Ok(Ok(()))) {
        tracing::debug!("The process could not be deregistered");
    }
}

/// Stores a heartbeat, and synchronizes the clock of the process with the database's.
pub async fn heartbeat(pool: &PgPool, process: &ProcessInfo, counts: ProcessCounts) -> sqlx::Result<()> {
    let mut connection = platform::postgres::writer(pool).await?;
    let sent_at = Instant::now();
    let now = store::processes::heartbeat(&mut connection, process, counts).await?;
    platform::clock::synchronize(now, sent_at);
    connection.commit().await
}

/// Deletes the process: one that stopped cleanly must not appear as silent.
pub async fn deregister(pool: &PgPool, process: &ProcessInfo) -> sqlx::Result<()> {
    let mut connection = platform::postgres::writer(pool).await?;
    store::processes::delete(&mut connection, process.id).await?;
    connection.commit().await
}

/// Lists at most [`LISTED_MAX`] processes that have not deregistered, most recently seen first. A process that has been
/// silent for a week is deleted by [`crate::schedule::prune`].
pub async fn list_processes(pool: &PgPool) -> sqlx::Result<Vec<ProcessView>> {
    store::processes::list(&mut *platform::postgres::reader(pool).await?, SILENT_AFTER, LISTED_MAX).await
}

/// The host name as Linux reports it, also in containers.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().take(64).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}
