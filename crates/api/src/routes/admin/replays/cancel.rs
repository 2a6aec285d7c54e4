use super::replay::ReplayBody;
use crate::auth::Allowed;
use crate::body::Json;
use crate::params::{Id, PathParam};
use crate::policy::ManageFailedJobs;
use crate::problem::{Kind, Problem};
use crate::request_id::RequestId;
use crate::routes::reason::ReasonBody;
use crate::state::AppState;
use axum::extract::State;
use operations::failed_jobs::Decided;
use operations::replays::cancel_replay as cancel;

/// Cancel a replay
///
/// Jobs that it has not sent yet stay open. Safe to repeat.
#[utoipa::path(post, path = "/admin/replays/{id}/cancel", tag = "admin", params(("id" = uuid::Uuid, Path, description = "The replay's id")),
    request_body = ReasonBody, responses((status = 200, description = "The replay after it", body = ReplayBody)),
    extensions(("x-problems" = json!([Kind::InvalidState]))), security(("access_token" = [])))]
pub async fn cancel_replay(
    State(state): State<AppState>,
    Allowed { caller, .. }: Allowed<ManageFailedJobs>,
    request: RequestId,
    PathParam(Id(id)): PathParam<Id>,
    Json(body): Json<ReasonBody>,
) -> Result<axum::Json<ReplayBody>, Problem> {
    let now = platform::clock::now();
    let auditor = caller.auditor(&request, now);
    let decided = Decided { by: caller.actor(), reason: body.reason, at: now };
    let pool = state.pool.clone();
    Ok(axum::Json(state.finish(async move { cancel(&pool, id, &decided, &auditor).await }).await?.into()))
}
