//! The processes of the house, as their heartbeats tell of them.

use crate::store;
use domain::Timestamp;
use platform::lifecycle::Lifecycle;
use sqlx::PgPool;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often a process tells that it lives.
pub const BEAT_EVERY: Duration = Duration::from_secs(5);
/// A process that was not heard of for so long counts as gone.
pub const SILENT_AFTER: Duration = Duration::from_secs(15);
/// Processes that are listed at once.
pub const LISTED_MAX: u32 = 200;

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::Display, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    Api,
    Worker,
    Scheduler,
}

/// Who a process is, from its start to its end.
#[derive(Debug, Clone)]
pub struct Identity {
    /// A new one at every start.
    pub id: Uuid,
    pub role: Role,
    pub host: String,
    pub pid: u32,
    pub version: &'static str,
    /// The queues that a worker takes from, the tasks that a scheduler may lead.
    pub duties: Vec<String>,
    pub started_at: Timestamp,
}

/// What it has done since its start, and what it is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Messages, requests or tasks that it is busy with.
    pub in_flight: u64,
    pub handled: u64,
    pub retried: u64,
    pub dead: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessView {
    pub id: Uuid,
    pub role: String,
    pub host: String,
    pub pid: i32,
    pub version: String,
    pub duties: Vec<String>,
    pub in_flight: i64,
    pub handled: i64,
    pub retried: i64,
    pub dead: i64,
    pub started_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// It was heard of lately.
    pub alive: bool,
}

impl Identity {
    /// Of this process, which has just begun.
    pub fn of_this_process(role: Role, version: &'static str, duties: Vec<String>, started_at: Timestamp) -> Self {
        Self { id: Uuid::now_v7(), role, host: host(), pid: std::process::id(), version, duties, started_at }
    }

    /// For people: which process on which host.
    pub fn name(&self) -> String {
        format!("{}@{}:{}", self.role, self.host, self.pid)
    }
}

/// Tells, again and again until the process stops, that it lives and what it does; then takes leave.
pub async fn keep_beating(pool: PgPool, identity: Identity, work: impl Fn() -> Work + Send, lifecycle: Lifecycle) {
    while !lifecycle.stopping.is_cancelled() {
        match tokio::time::timeout(BEAT_EVERY, beat(&pool, &identity, work())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "A heartbeat could not be told"),
            Err(_late) => tracing::warn!("A heartbeat was not told in time"),
        }
        lifecycle.sleep_or_stop(BEAT_EVERY, std::future::pending()).await;
    }
    if !matches!(tokio::time::timeout(BEAT_EVERY, take_leave(&pool, &identity)).await, Ok(Ok(()))) {
        tracing::debug!("The process leaves without taking leave");
    }
}

/// Tells that the process lives, and sets its clock by the database's.
pub async fn beat(pool: &PgPool, identity: &Identity, work: Work) -> sqlx::Result<()> {
    let mut connection = pool.acquire().await?;
    let asked = Instant::now();
    let now = store::processes::beat(&mut connection, identity, work).await?;
    platform::clock::synchronize(now, asked);
    Ok(())
}

/// Takes leave: a process that stopped in good order is not missed.
pub async fn take_leave(pool: &PgPool, identity: &Identity) -> sqlx::Result<()> {
    store::processes::forget(&mut *pool.acquire().await?, identity.id).await
}

/// The processes that did not take leave, those heard of last first, at most [`LISTED_MAX`]; what is silent for a week is
/// forgotten.
pub async fn list_processes(pool: &PgPool) -> sqlx::Result<Vec<ProcessView>> {
    store::processes::list(&mut *pool.acquire().await?, SILENT_AFTER, LISTED_MAX).await
}

/// Linux tells its name here, in containers too.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().take(64).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}
