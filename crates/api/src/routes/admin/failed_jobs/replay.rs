use super::job::FailedJobBody;
use crate::auth::Allowed;
use crate::body::Json;
use crate::params::PathParam;
use crate::policy::ManageFailedJobs;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestId;
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use axum::extract::State;
use operations::failed_jobs::{Decided, replay};
use uuid::Uuid;

/// Replay a failed job
///
/// Its message is sent again, as it was, to the queue that it died in and to no other. Handled twice it does no more
/// than once. Saying it twice is saying it once; what dies again is open again.
#[utoipa::path(post, path = "/admin/failed-jobs/{id}/replay", tag = "admin", params(("id" = Uuid, Path, description = "The job's id")),
    request_body = ReasonBody, responses((status = 200, description = "The job as it is then", body = FailedJobBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn replay_failed_job(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<ManageFailedJobs>,
    request: RequestId,
    PathParam(id): PathParam<Uuid>,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<FailedJobBody>, Problem> {
    let now = platform::clock::now();
    let auditor = caller.auditor(&request, now);
    let decided = Decided { by: caller.actor(), reason: body.reason, at: now };
    let shared = state.clone();
    let replaying = async move { replay(&shared.pool, &shared.relay, id, &decided, &auditor).await };
    Ok(axum::Json(state.finish(replaying).await?.into()))
}
