//! The processes, what they work on, and their last heartbeats.

use domain::Timestamp;
use uuid::Uuid;

domain::string_enum! {
    pub enum Role {
        Api,
        Worker,
        Scheduler,
    }
}

/// What identifies and describes a process; constant while it runs.
#[derive(Debug, Clone)]
pub struct ProcessInfo {
    /// A new one at every start.
    pub id: Uuid,
    pub role: Role,
    pub host: String,
    pub pid: u32,
    pub version: &'static str,
    /// The queues that a worker consumes, or the tasks that a scheduler may lead.
    pub assignments: Vec<String>,
    pub started_at: Timestamp,
}

/// The work of a process: in progress, and in total since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessCounts {
    /// Messages, requests or tasks in progress.
    pub in_flight: u64,
    pub handled: u64,
    pub retried: u64,
    pub dead: u64,
}

/// A process and its last heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessView {
    pub id: Uuid,
    pub role: String,
    pub host: String,
    pub pid: i32,
    pub version: String,
    pub assignments: Vec<String>,
    pub in_flight: i64,
    pub handled: i64,
    pub retried: i64,
    pub dead: i64,
    pub started_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// Whether there was a heartbeat within [`SILENT_AFTER`](crate::processes::SILENT_AFTER).
    pub alive: bool,
}
