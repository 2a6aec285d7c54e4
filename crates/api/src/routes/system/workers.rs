//! `GET /system/workers`: the processes by their heartbeats, and the queues.

use crate::auth::Caller;
use crate::docs::sets::ProcessRoleSet;
use crate::policy::{Permission as _, SeeWorkers};
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use messaging::broker::QueueDepth;
use operations::processes::{ProcessView, list_processes};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// Without a response from the broker within this time, the queues are left out.
const BROKER_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize, ToSchema)]
pub struct WorkersBody {
    /// The number of processes per role.
    roles: Vec<RoleCountBody>,
    /// Each process that has not shut down cleanly, most recently seen first; for admins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    processes: Option<Vec<ProcessBody>>,
    /// The queues as the broker reports them; absent while it is unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    queues: Option<Vec<QueueBody>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RoleCountBody {
    #[schema(value_type = ProcessRoleSet, inline)]
    role: String,
    /// Processes with a heartbeat within the last 15 seconds.
    #[schema(example = 2)]
    alive: usize,
    /// Processes without one: they crashed, or can't reach the database.
    #[schema(example = 0)]
    silent: usize,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProcessBody {
    id: Uuid,
    #[schema(value_type = ProcessRoleSet, inline)]
    role: String,
    #[schema(example = "shop-1")]
    host: String,
    #[schema(example = 4711)]
    pid: i32,
    #[schema(example = "0.1.0")]
    version: String,
    /// The queues that a worker consumes, or the tasks that a scheduler may lead.
    #[schema(example = json!(["orders", "inventory"]))]
    assignments: Vec<String>,
    /// Whether there was a heartbeat within the last 15 seconds.
    alive: bool,
    /// Messages (worker), requests (api) or tasks (scheduler) in progress.
    #[schema(example = 3)]
    in_flight: i64,
    /// Handled since its start.
    #[schema(example = 1000)]
    handled: i64,
    #[schema(example = 2)]
    retried: i64,
    #[schema(example = 0)]
    dead: i64,
    started_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
struct QueueBody {
    #[schema(example = "inventory")]
    name: String,
    /// Messages that are ready for delivery.
    #[schema(example = 0)]
    messages: u32,
    #[schema(example = 1)]
    consumers: u32,
}

/// List processes and queues
///
/// The number of processes per role, by their heartbeats (every 5 seconds), and the queues as the broker reports them.
/// With an admin's token, the response also lists each process: host, pid, version, queues or tasks.
#[utoipa::path(get, path = "/system/workers", tag = "system", responses((status = 200, description = "Processes and queues", body = WorkersBody)),
    extensions(("x-problems" = json!([Kind::Unavailable, Kind::Internal]))), security((), ("access_token" = [])))]
pub async fn workers(State(state): State<AppState>, caller: Option<Caller>) -> Result<Json<WorkersBody>, Problem> {
    let reading_depths = tokio::time::timeout(BROKER_TIMEOUT, state.queue_inspector.depths());
    let (processes, depths) = tokio::join!(list_processes(&state.pool), reading_depths);
    let processes = processes?;
    let sees_all = caller.is_some_and(|caller| SeeWorkers::ROLES.contains(&caller.role));
    let depths = depths.ok().and_then(Result::ok);
    Ok(Json(WorkersBody {
        roles: roles(&processes),
        processes: sees_all.then(|| processes.into_iter().map(ProcessBody::from).collect()),
        queues: depths.map(|depths| depths.into_iter().map(QueueBody::from).collect()),
    }))
}

/// Counts per role, sorted by name.
fn roles(processes: &[ProcessView]) -> Vec<RoleCountBody> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for process in processes {
        let (alive, silent) = counts.entry(&process.role).or_default();
        if process.alive { *alive += 1 } else { *silent += 1 }
    }
    let body = |(role, (alive, silent)): (&str, _)| RoleCountBody { role: role.to_owned(), alive, silent };
    counts.into_iter().map(body).collect()
}

impl From<ProcessView> for ProcessBody {
    fn from(view: ProcessView) -> Self {
        let ProcessView { id, role, host, pid, version, assignments, alive, in_flight, handled, retried, dead, .. } =
            view;
        let (started_at, last_seen_at) = (view.started_at, view.last_seen_at);
        Self {
            id,
            role,
            host,
            pid,
            version,
            assignments,
            alive,
            in_flight,
            handled,
            retried,
            dead,
            started_at,
            last_seen_at,
        }
    }
}

impl From<QueueDepth> for QueueBody {
    fn from(depth: QueueDepth) -> Self {
        let QueueDepth { name, messages, consumers } = depth;
        Self { name, messages, consumers }
    }
}
