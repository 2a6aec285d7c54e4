use super::job::FailedJobDetailBody;
use crate::auth::Allowed;
use crate::params::PathParam;
use crate::policy::ManageFailedJobs;
use crate::problem::Problem;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use uuid::Uuid;

/// Look at a failed job
///
/// With its message and the headers that it died with.
#[utoipa::path(get, path = "/admin/failed-jobs/{id}", tag = "admin",
    params(("id" = Uuid, Path, description = "The failed job's")),
    responses((status = 200, description = "The job and its message", body = FailedJobDetailBody)), security(("access_token" = [])))]
pub async fn find_failed_job(
    State(state): State<AppState>,
    _allowed: Allowed<ManageFailedJobs>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<FailedJobDetailBody>, Problem> {
    let job = operations::failed_jobs::find_failed_job(&state.pool, id).await?;
    Ok(Json(job.ok_or_else(|| Problem::not_found("failed job"))?.into()))
}
