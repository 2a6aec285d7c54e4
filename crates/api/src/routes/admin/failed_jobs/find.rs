//! `GET /admin/failed-jobs/{id}`.

use super::job::FailedJobDetailBody;
use crate::auth::Allowed;
use crate::params::{Id, PathParam};
use crate::policy::SeeFailedJobs;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;

/// Show a failed job
///
/// With its message and the AMQP headers of the failed delivery.
#[utoipa::path(get, path = "/admin/failed-jobs/{id}", tag = "admin", params(("id" = uuid::Uuid, Path, description = "The job's id")),
    responses((status = 200, description = "The job with its message", body = FailedJobDetailBody, example = json!({
        "job": { "id": "019ab1c2-7f3e-7c41-9d1a-3b0f5a6e8d27", "status": "open", "queue": "inventory",
            "message_id": "019ab1c2-7f3e-8c41-9d1a-3b0f5a6e8d28", "type": "inventory.reserve.v1",
            "error": "no such warehouse", "fingerprint": "9f86d081884c", "attempts": 6, "dead_letter_count": 1, "replays": 0,
            "first_seen_at": "2026-01-15T09:30:00Z", "last_seen_at": "2026-01-15T09:30:00Z" },
        "payload": { "type": "inventory.reserve.v1", "data": {} },
        "headers": { "x-attempt": 6, "x-error": "no such warehouse" } }))), security(("access_token" = [])))]
pub async fn find_failed_job(
    State(state): State<AppState>,
    _allowed: Allowed<SeeFailedJobs>,
    PathParam(Id(id)): PathParam<Id>,
) -> Result<Json<FailedJobDetailBody>, Problem> {
    let job = operations::failed_jobs::find_failed_job(&state.pool, id).await?;
    Ok(Json(job.ok_or_else(|| Problem::not_found("failed job"))?.into()))
}
