//! Scheduled tasks and their runs.

use crate::auth::Allowed;
use crate::docs::sets::RunResultSet;
use crate::page::Page;
use crate::params::{FromQuery, Params, PathParam, Query};
use crate::policy::SeeTasks;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::page::PageSize;
use operations::schedule::{self, RunView, TaskView};
use serde::Serialize;
use utoipa::ToSchema;

domain::string_enum! {
    pub enum RunResult {
        Done,
        /// Nothing was to do; such a run is not listed.
        Idle,
        Failed,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TaskBody {
    #[schema(example = "mark_delayed_shipments")]
    name: String,
    #[schema(example = 5000)]
    period_ms: i64,
    /// The scheduler that holds the task's lease; absent if none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "scheduler@shop-1:4711")]
    leader: Option<String>,
    next_run_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<LastRunBody>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LastRunBody {
    at: DateTime<Utc>,
    #[schema(example = 3.2)]
    duration_ms: f64,
    #[schema(value_type = RunResultSet, inline)]
    result: String,
    #[schema(example = 17)]
    rows: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A run that changed something, or failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskRunBody {
    #[schema(example = 4711)]
    id: i64,
    started_at: DateTime<Utc>,
    #[schema(example = 3.2)]
    duration_ms: f64,
    #[schema(value_type = RunResultSet, inline)]
    result: String,
    #[schema(example = 17)]
    rows: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The scheduler that ran it.
    #[schema(example = "scheduler@shop-1:4711")]
    scheduler: String,
}

#[derive(Debug)]
pub struct RunQuery {
    before: Option<i64>,
    limit: PageSize,
}

impl FromQuery for RunQuery {
    fn read(params: &mut Params) -> Option<Self> {
        let (before, limit) = (params.cursor(), params.limit());
        Some(Self { before: before?, limit: limit? })
    }
}

/// List the scheduled tasks
///
/// Each task with its leader, its next run and the result of its last run.
#[utoipa::path(get, path = "/admin/tasks", tag = "admin",
    responses((status = 200, description = "All tasks", body = Page<TaskBody>)), security(("access_token" = [])))]
pub async fn list_tasks(
    State(state): State<AppState>,
    _allowed: Allowed<SeeTasks>,
) -> Result<Json<Page<TaskBody>>, Problem> {
    let tasks = schedule::list_tasks(state.lists.current()).await?;
    Ok(Json(Page::complete(tasks.into_iter().map(TaskBody::from))))
}

/// List the runs of a task
///
/// Runs that changed something or failed, newest first. Kept for a week.
#[utoipa::path(get, path = "/admin/tasks/{name}/runs", tag = "admin",
    params(("name" = String, Path, description = "The task's name", example = "mark_delayed_shipments"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the previous page"),
        ("limit" = Option<u32>, Query, description = "Page size, 1 to 100; default 20")),
    responses((status = 200, description = "A page of runs", body = Page<TaskRunBody>)), security(("access_token" = [])))]
pub async fn list_task_runs(
    State(state): State<AppState>,
    _allowed: Allowed<SeeTasks>,
    PathParam(name): PathParam<String>,
    Query(query): Query<RunQuery>,
) -> Result<Json<Page<TaskRunBody>>, Problem> {
    let runs = schedule::list_runs(state.lists.current(), &name, query.before, query.limit.rows_max()).await?;
    Ok(Json(query.limit.cut(runs, |run| run.id).into()))
}

impl From<TaskView> for TaskBody {
    fn from(task: TaskView) -> Self {
        let TaskView { name, period_ms, leader, next_run_at, last_error: error, .. } = task;
        let known = task.last_run_at.zip(task.last_duration_ms).zip(task.last_result).zip(task.last_rows);
        let last_run =
            known.map(|(((at, duration_ms), result), rows)| LastRunBody { at, duration_ms, result, rows, error });
        Self { name, period_ms, leader, next_run_at, last_run }
    }
}

impl From<RunView> for TaskRunBody {
    fn from(run: RunView) -> Self {
        let RunView { id, started_at, duration_ms, result, rows, error, scheduler } = run;
        Self { id, started_at, duration_ms, result, rows, error, scheduler }
    }
}
