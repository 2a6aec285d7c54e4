use crate::auth::Allowed;
use crate::policy::SeeWorkers;
use crate::problem::{Kind, Problem};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use messaging::broker::QueueDepth;
use operations::processes::{ProcessView, list_processes};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// A broker that has not told its queues within this counts as away.
const LOOK_LIMIT: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize, ToSchema)]
pub struct WorkersBody {
    /// The processes that have told of themselves and not taken leave; those heard of last come first.
    processes: Vec<ProcessBody>,
    /// The queues as the broker sees them; not there while it is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    queues: Option<Vec<QueueBody>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProcessBody {
    id: Uuid,
    /// `api`, `worker` or `scheduler`.
    #[schema(example = "worker")]
    role: String,
    #[schema(example = "shop-1")]
    host: String,
    #[schema(example = 4711)]
    pid: i32,
    #[schema(example = "0.1.0")]
    version: String,
    /// The queues that a worker takes from, the tasks that a scheduler may lead.
    #[schema(example = json!(["orders", "inventory"]))]
    duties: Vec<String>,
    /// It was heard of within 15 seconds.
    alive: bool,
    /// Messages (worker), requests (api) or tasks (scheduler) that it is busy with.
    #[schema(example = 3)]
    in_flight: i64,
    /// Since its start.
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
    /// Ready to be delivered.
    #[schema(example = 0)]
    messages: u32,
    #[schema(example = 1)]
    consumers: u32,
}

/// Who is at work?
///
/// Every process, as its heartbeats (one in 5 seconds) tell of it, and every queue, as the broker sees it.
#[utoipa::path(get, path = "/system/workers", tag = "system", responses((status = 200, description = "Processes and queues", body = WorkersBody)),
    extensions(("x-problems" = json!([Kind::Unavailable, Kind::Internal]))), security(("access_token" = [])))]
pub async fn workers(
    State(state): State<AppState>,
    _allowed: Allowed<SeeWorkers>,
) -> Result<Json<WorkersBody>, Problem> {
    let looking = tokio::time::timeout(LOOK_LIMIT, state.probe.depths());
    let (processes, depths) = tokio::join!(list_processes(&state.pool), looking);
    let processes = processes?.into_iter().map(ProcessBody::from).collect();
    let depths = depths.ok().and_then(Result::ok);
    Ok(Json(WorkersBody { processes, queues: depths.map(|depths| depths.into_iter().map(QueueBody::from).collect()) }))
}

impl From<ProcessView> for ProcessBody {
    fn from(view: ProcessView) -> Self {
        let ProcessView { id, role, host, pid, version, duties, alive, in_flight, handled, retried, dead, .. } = view;
        let (started_at, last_seen_at) = (view.started_at, view.last_seen_at);
        Self {
            id,
            role,
            host,
            pid,
            version,
            duties,
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
